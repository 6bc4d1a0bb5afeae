import { devices, standing } from '../data/state.ts'
import { Panel } from '../parts/panel.tsx'
import { PriorityMark } from '../parts/priority-mark.tsx'
import { Age } from '../parts/time.tsx'
import { placeOf, titleOf } from '../alarms/words.ts'
import { troubleOf } from './trouble-list.ts'

const most = 8

export function TroublePanel() {
  const list = troubleOf(devices.value.values(), standing.value)
  return (
    <Panel title="Devices with trouble" aside={list.length > 0 && <span class="muted number">{list.length}</span>}>
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
    </Panel>
  )
}
