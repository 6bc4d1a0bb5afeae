import { useComputed } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Device } from '../../../gateway/kernel/device-contracts.ts'
import type { CloudEvent } from '../../../gateway/kernel/event.ts'
import type { Page } from '../data/api.ts'
import { ApiProblem, ask } from '../data/api.ts'
import { useLoaded } from '../data/loaded.ts'
import { devices, putDevices, setAside, standing } from '../data/state.ts'
import { putValues } from '../data/values.ts'
import { watch } from '../data/watching.ts'
import { Empty, ErrorState, Loading } from '../parts/empty.tsx'
import { Age } from '../parts/time.tsx'
import { AsOf } from '../parts/as-of.tsx'
import { Panel } from '../parts/panel.tsx'
import { PriorityMark, formOf } from '../parts/priority-mark.tsx'
import { stateWords, titleOf } from '../alarms/words.ts'
import { Commands } from './commands.tsx'
import { DeviceCharts } from './device-charts.tsx'
import { EditDevice } from './edit-device.tsx'
import { Labels, Presence } from './presence.tsx'
import { RawMessages } from './raw-messages.tsx'
import { LastHeard, ValuesTable } from './values-table.tsx'

/** One device: what it is, what it says, what is wrong with it, what it was told. */
export function DevicePage({ id }: { id: string }) {
  const asked = useLoaded(`device ${id}`, (signal) => readDevice(id, signal))
  const found = asked.state === 'ready' ? asked.data : null
  useEffect(() => watch([id]), [id])
  useEffect(() => {
    if (found === null) return
    putDevices([found])
    putValues(Object.entries(found.metrics).map(([metric, { value, ts, quality, unit }]) => [id, metric, value, ts, quality, unit]))
  }, [found])
  const device = devices.value.get(id)
  if (device === undefined) {
    if (asked.state === 'failed') return <ErrorState title={`${id} could not be read`} detail={asked.reason} onRetry={asked.reload} />
    return asked.state === 'loading' || found !== null ? <Loading /> : <Empty title={`There is no device ${id}`}><a href="/devices">All devices</a></Empty>
  }
  const settings = Object.entries(device.settings)
  return (
    <>
      <header class="title-row">
        <a href="/devices" aria-label="All devices">Devices</a>
        <h1>{id}</h1>
        <span><Presence status={device.status} /> <PresenceSince id={id} status={device.status} /></span>
        <AsOf />
        <span class="end"><EditDevice device={device} /></span>
      </header>
      <section class="panel device-facts" aria-label="About the device">
        <dl>
          <div><dt>Type</dt><dd>{device.type ?? '–'}</dd></div>
          <div><dt>Labels</dt><dd>{Object.keys(device.labels).length === 0 ? '–' : <Labels labels={device.labels} />}</dd></div>
          {settings.length > 0 && <div><dt>Settings</dt><dd>{settings.map(([name, value]) => <code key={name}>{name}: {JSON.stringify(value)} </code>)}</dd></div>}
          <div><dt>First seen</dt><dd><Age since={device.firstSeen} suffix=" ago" /></dd></div>
          <div><dt>Last seen</dt><dd><LastHeard device={id} since={device.lastSeen} /></dd></div>
        </dl>
      </section>
      <Alarms id={id} />
      <ValuesTable id={id} />
      <DeviceCharts device={device} />
      <Commands device={id} />
      <RawMessages device={id} lastSeen={device.lastSeen} />
    </>
  )
}

/** Null: there is none. */
async function readDevice(id: string, signal: AbortSignal): Promise<Device | null> {
  try {
    return await ask<Device>(`devices/${encodeURIComponent(id)}`, { signal })
  } catch (thrown) {
    if (thrown instanceof ApiProblem && thrown.status === 404) return null
    throw thrown
  }
}

function PresenceSince({ id, status }: { id: string; status: string }) {
  const events = useLoaded(`presence ${id} ${status}`, (signal) => ask<Page<CloudEvent>>(`events?device=${encodeURIComponent(id)}&type=limen.device.${status}&order=desc&limit=1`, { signal }))
  const at = events.state === 'ready' ? Date.parse(events.data.items[0]?.time ?? '') : NaN
  return Number.isNaN(at) ? null : <span class="muted">for <Age since={at} /></span>
}

function Alarms({ id }: { id: string }) {
  const own = useComputed(() => [...standing.value, ...setAside.value].filter(({ device }) => device === id)).value
  if (own.length === 0) return null
  return (
    <Panel title="Alarms">
      <ul class="device-alarms">
        {own.map((alarm) => (
          <li key={alarm.id} data-alarm={alarm.id}>
            <PriorityMark priority={alarm.priority} form={formOf(alarm)} />
            {alarm.class === 'technical' && <PriorityMark priority="technical" label="technical" />}
            <span class={`word-${alarm.priority}`}>{alarm.priority}</span>
            <a href={`/alarms/${encodeURIComponent(alarm.id)}`}>{titleOf(alarm)}</a>
            <span class="muted">{stateWords(alarm)}, <Age since={Date.parse(alarm.raisedAt ?? alarm.changedAt)} suffix=" ago" /></span>
          </li>
        ))}
      </ul>
    </Panel>
  )
}
