import type { Alarm, Priority } from '../data/alarm-list.ts'
import type { DeviceSummary } from '../data/state.ts'

/** The standing alarms of one device: the worst priority and how many. */
export interface Trouble { readonly worst: Priority; readonly count: number }

export interface DeviceFilter {
  /** In id, type and labels; any case. */
  readonly text?: string | undefined
  /** `-`: those without one. */
  readonly type?: string | undefined
  readonly presence?: string | undefined
  readonly trouble?: boolean
  readonly sort?: 'trouble' | 'id'
}

export interface DeviceRow { readonly device: DeviceSummary; readonly trouble: Trouble | undefined }

const rank: Readonly<Record<Priority, number>> = { high: 0, medium: 1, low: 2 }
/** bed-2 before bed-10. */
const collator = new Intl.Collator('en', { numeric: true })

export function troublesOf(standing: readonly Alarm[]): ReadonlyMap<string, Trouble> {
  const found = new Map<string, Trouble>()
  for (const { device, priority } of standing) {
    if (device === null) continue
    const known = found.get(device)
    const worst = known !== undefined && rank[known.worst] <= rank[priority] ? known.worst : priority
    found.set(device, { worst, count: (known?.count ?? 0) + 1 })
  }
  return found
}

export function arrange(devices: Iterable<DeviceSummary>, troubles: ReadonlyMap<string, Trouble>, { text = '', type, presence, trouble = false, sort = 'trouble' }: DeviceFilter): readonly DeviceRow[] {
  const wanted = text.trim().toLowerCase()
  const rows: DeviceRow[] = []
  for (const device of devices) {
    const own = troubles.get(device.id)
    if (type !== undefined && (device.type ?? '-') !== type) continue
    if (presence !== undefined && device.status !== presence) continue
    if (trouble && own === undefined) continue
    if (wanted !== '' && !said(device).includes(wanted)) continue
    rows.push({ device, trouble: own })
  }
  const byId = (a: DeviceRow, b: DeviceRow): number => collator.compare(a.device.id, b.device.id)
  return rows.sort(sort === 'id' ? byId : (a, b) => urgency(a) - urgency(b) || byId(a, b))
}

/** Alarms first, by priority; then who is away. */
function urgency({ device, trouble }: DeviceRow): number {
  return trouble !== undefined ? rank[trouble.worst] : device.status === 'offline' ? 3 : 4
}

function said({ id, type, labels }: DeviceSummary): string {
  return `${id}\n${type ?? ''}\n${Object.entries(labels).map(([name, value]) => `${name}=${value} ${name}: ${value}`).join('\n')}`.toLowerCase()
}

const spare = 4

/** Which rows of a list with rows of one height are in view, with a few before and after. `top`: of the list, against the view. */
export function visibleRange({ top, viewHeight, rowHeight, count }: { top: number; viewHeight: number; rowHeight: number; count: number }): readonly [first: number, end: number] {
  const end = Math.max(0, Math.min(count, Math.ceil((viewHeight - top) / rowHeight) + spare))
  return [Math.min(end, Math.max(0, Math.floor(-top / rowHeight) - spare)), end]
}
