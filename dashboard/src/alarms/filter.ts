import type { Alarm, AlarmFilter, Priority } from '../data/alarm-list.ts'
import { matches } from '../data/alarm-list.ts'

/** What the address says of the list. */
export interface ListView extends AlarmFilter {
  readonly view: 'standing' | 'aside'
  readonly group: boolean
}

const priorities: readonly string[] = ['high', 'medium', 'low'] satisfies readonly Priority[]

/** What makes no sense is left out: an address may be written by hand. */
export function viewOf(query: URLSearchParams): ListView {
  const priority = query.get('priority')
  return {
    view: query.get('view') === 'aside' ? 'aside' : 'standing',
    group: query.get('group') === 'device',
    priority: priority !== null && priorities.includes(priority) ? (priority as Priority) : undefined,
    unacked: query.has('unacked') ? true : undefined,
    text: query.get('q') ?? undefined,
    device: query.get('device') ?? undefined,
  }
}

export function isFiltered({ priority, unacked, text, device }: ListView): boolean {
  return priority !== undefined || unacked === true || (text !== undefined && text !== '') || device !== undefined
}

export interface Group { readonly name: string | undefined; readonly alarms: readonly Alarm[] }

/** The list in the order it is shown; in groups the one with the most urgent alarm comes first. */
export function groupsOf(sorted: readonly Alarm[], view: ListView): readonly Group[] {
  const wanted = sorted.filter((alarm) => matches(alarm, view))
  if (!view.group) return wanted.length === 0 ? [] : [{ name: undefined, alarms: wanted }]
  const groups = new Map<string, Alarm[]>()
  for (const alarm of wanted) {
    const name = alarm.device ?? alarm.key
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [alarm])
    else group.push(alarm)
  }
  return [...groups].map(([name, alarms]) => ({ name, alarms }))
}

/** The first `most` of them, groups kept together as far as they go. */
export function firstOf(groups: readonly Group[], most: number): readonly Group[] {
  const shown: Group[] = []
  let left = most
  for (const { name, alarms } of groups) {
    if (left <= 0) break
    shown.push({ name, alarms: alarms.slice(0, left) })
    left -= alarms.length
  }
  return shown
}
