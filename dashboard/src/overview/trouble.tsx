import type { Alarm } from '../data/alarm-list.ts'
import { devices, standing } from '../data/state.ts'
import type { DeviceSummary } from '../data/state.ts'
import { PriorityMark } from '../parts/priority-mark.tsx'
import { Age } from '../parts/time.tsx'
import { placeOf, titleOf } from '../alarms/words.ts'

export interface Trouble { readonly id: string; readonly device: DeviceSummary | undefined; readonly technical: readonly Alarm[] }

/** Devices that are offline, or of which a technical alarm stands; those with alarms first. */
export function troubleOf(all: Iterable<DeviceSummary>, alarms: readonly Alarm[]): readonly Trouble[] {
  const technical = new Map<string, Alarm[]>()
  for (const alarm of alarms) {
    if (alarm.class !== 'technical' || alarm.device === null) continue
    technical.set(alarm.device, [...(technical.get(alarm.device) ?? []), alarm])
  }
  const found = new Map<string, Trouble>()
  for (const device of all) {
    const own = technical.get(device.id) ?? []
    if (own.length > 0 || device.status === 'offline') found.set(device.id, { id: device.id, device, technical: own })
  }
  for (const [id, own] of technical) if (!found.has(id)) found.set(id, { id, device: undefined, technical: own })
  return [...found.values()].sort((a, b) => Number(b.technical.length > 0) - Number(a.technical.length > 0) || (a.id < b.id ? -1 : 1))
}

const most = 8

export function TroublePanel() {
  const list = troubleOf(devices.value.values(), standing.value)
  return (
    <section class="panel" aria-labelledby="trouble-title">
      <h2 id="trouble-title">Devices with trouble {list.length > 0 && <span class="muted number">{list.length}</span>}</h2>
      {list.length === 0 && <p class="muted">None. {devices.value.size} {devices.value.size === 1 ? 'device' : 'devices'} known.</p>}
      <ul class="trouble">
        {list.slice(0, most).map(({ id, device, technical }) => (
          <li key={id}>
            {technical.length > 0 ? <PriorityMark priority="technical" label="technical alarm" /> : <span class="offline-sign" aria-hidden="true">○</span>}
            <a href={`/devices/${encodeURIComponent(id)}`}>{id}</a>
            <span class="trouble-words">
              {device?.status === 'offline' && <>offline, last heard <Age since={device.lastSeen} suffix=" ago" /></>}
              {technical.length > 0 && <>{device?.status === 'offline' ? '; ' : ''}{technical.map((alarm) => titleOf(alarm)).join('; ')}</>}
            </span>
            {device !== undefined && placeOf(device.labels) !== '' && <span class="muted trouble-place">{placeOf(device.labels)}</span>}
          </li>
        ))}
      </ul>
      {list.length > most && <p><a href="/devices">and {list.length - most} more</a></p>}
    </section>
  )
}
