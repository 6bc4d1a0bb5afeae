import { useComputed } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Device } from '../../../gateway/kernel/device-contracts.ts'
import type { CloudEvent } from '../../../gateway/kernel/event.ts'
import type { Page } from '../data/api.ts'
import { devices, putDevices, setAside, standing } from '../data/state.ts'
import { putValues } from '../data/values.ts'
import { watch } from '../data/watching.ts'
import { Empty, ErrorState, Loading } from '../parts/empty.tsx'
import { Age } from '../parts/time.tsx'
import { PriorityMark, formOf } from '../parts/priority-mark.tsx'
import { useAsk } from '../parts/use-ask.ts'
import { Commands } from './commands.tsx'
import { DeviceCharts } from './device-charts.tsx'
import { EditDevice } from './edit-device.tsx'
import { Labels, Presence } from './presence.tsx'
import { RawMessages } from './raw-messages.tsx'
import { LastHeard, ValuesTable } from './values-table.tsx'

/** One device: what it is, what it says, what is wrong with it, what it was told. */
export function DevicePage({ id }: { id: string }) {
  const asked = useAsk<Device>(`devices/${encodeURIComponent(id)}`)
  useEffect(() => watch([id]), [id])
  useEffect(() => {
    if (asked.data === undefined) return
    putDevices([asked.data])
    putValues(Object.entries(asked.data.metrics).map(([metric, { value, ts, quality, unit }]) => [id, metric, value, ts, quality, unit]))
  }, [asked.data])
  const device = devices.value.get(id)
  if (device === undefined) {
    if (asked.error === undefined) return <Loading />
    return asked.error.status === 404 ? <Empty title={`There is no device ${id}`}><a href="/devices">All devices</a></Empty> : <ErrorState title={`${id} could not be read`} detail={asked.error.message} onRetry={asked.reload} />
  }
  const settings = Object.entries(device.settings)
  return (
    <>
      <header class="page-head">
        <a href="/devices" aria-label="All devices">Devices</a>
        <h1>{id}</h1>
        <span><Presence status={device.status} /> <PresenceSince id={id} status={device.status} /></span>
        <span class="end"><EditDevice device={device} /></span>
      </header>
      <section class="panel facts" aria-label="About the device">
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

function PresenceSince({ id, status }: { id: string; status: string }) {
  const { data } = useAsk<Page<CloudEvent>>(`events?device=${encodeURIComponent(id)}&type=limen.device.${status}&order=desc&limit=1`, { news: status })
  const at = Date.parse(data?.items[0]?.time ?? '')
  return Number.isNaN(at) ? null : <span class="muted">for <Age since={at} /></span>
}

function Alarms({ id }: { id: string }) {
  const own = useComputed(() => [...standing.value, ...setAside.value].filter(({ device }) => device === id)).value
  if (own.length === 0) return null
  return (
    <section class="panel" aria-label="Alarms of the device">
      <h2>Alarms</h2>
      <ul class="device-alarms">
        {own.map((alarm) => (
          <li key={alarm.id} data-alarm={alarm.id}>
            <PriorityMark priority={alarm.class === 'technical' ? 'technical' : alarm.priority} form={formOf(alarm)} />
            <span class={`word-${alarm.priority}`}>{alarm.priority}</span>
            <a href={`/alarms/${encodeURIComponent(alarm.id)}`}>{alarm.message}</a>
            <span class="muted">{[alarm.state, ...alarm.overlays].join(', ')}, <Age since={Date.parse(alarm.raisedAt ?? alarm.changedAt)} suffix=" ago" /></span>
          </li>
        ))}
      </ul>
    </section>
  )
}
