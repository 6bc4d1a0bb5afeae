import type { CloudEvent } from '../../../gateway/kernel/event.ts'
import type { AlarmStep } from '../alarms/happening.ts'
import type { Alarm, Counts } from '../data/alarm-list.ts'
import { isStanding } from '../data/alarm-list.ts'
import type { JournalEntry } from '../data/state.ts'

type Overlay = Alarm['overlays'][number]
type Shape = Pick<Alarm, 'state' | 'overlays' | 'priority'>

const overlaySteps: Readonly<Record<string, { readonly overlay: Overlay; readonly on: boolean }>> = {
  shelved: { overlay: 'shelved', on: true }, unshelved: { overlay: 'shelved', on: false },
  suppressed: { overlay: 'suppressed', on: true }, unsuppressed: { overlay: 'suppressed', on: false },
  'out-of-service': { overlay: 'out-of-service', on: true }, 'returned-to-service': { overlay: 'out-of-service', on: false },
}

/**
 * How many alarms stood at each of these times (rising), by priority: the alarms as they stand, with the steps of the journal
 * undone from the newest backwards. Only as good as the journal is complete; `since` says from when on it is.
 */
export function countsAt(times: readonly number[], alarms: Iterable<Alarm>, newestFirst: readonly CloudEvent[]): readonly Counts[] {
  const shapes = new Map<string, Shape>()
  const counts: Record<'high' | 'medium' | 'low', number> = { high: 0, medium: 0, low: 0 }
  const put = (id: string, shape: Shape): void => {
    const known = shapes.get(id)
    if (known !== undefined && isStanding(known as Alarm)) counts[known.priority]--
    shapes.set(id, shape)
    if (isStanding(shape as Alarm)) counts[shape.priority]++
  }
  for (const { id, state, overlays, priority } of alarms) put(id, { state, overlays, priority })
  const olderSteps = olderOf(newestFirst)
  const result: Counts[] = []
  let next = 0
  for (const time of times.toReversed()) {
    for (let event = newestFirst[next]; event !== undefined && Date.parse(event.time) > time; event = newestFirst[++next]) {
      const step = event.data as AlarmStep
      put(step.id, olderSteps[next] ?? before(step, event.type.slice('limen.alarm.'.length)))
    }
    result.unshift({ ...counts })
  }
  return result
}

/** For each step the one of the same alarm before it: what undoing it leads back to. */
function olderOf(newestFirst: readonly CloudEvent[]): readonly (AlarmStep | undefined)[] {
  const latest = new Map<string, AlarmStep>()
  return newestFirst.toReversed().map(({ data }) => {
    const step = data as AlarmStep
    const older = latest.get(step.id)
    latest.set(step.id, step)
    return older
  }).reverse()
}

/** Where the journal holds no older step, from what the step itself says of before; its priority was perhaps another. */
function before({ state, from, overlays, priority }: AlarmStep, name: string): Shape {
  const step = overlaySteps[name]
  const others = step === undefined ? overlays : overlays.filter((one) => one !== step.overlay)
  return { state: from ?? state, overlays: step === undefined || step.on ? others : [...others, step.overlay], priority }
}

/** "2 more than an hour ago", "as at 11:05". */
export function trendWords(now: number, then: number, when: string): string {
  if (now === then) return `as ${when}`
  return now > then ? `${now - then} more than ${when}` : `${then - now} fewer than ${when}`
}


/** Two stretches of the journal, newest first, in one. */
export function mergeNewestFirst(live: readonly JournalEntry[], read: readonly JournalEntry[]): readonly CloudEvent[] {
  const newest = read[0]?.position ?? 0
  return [...live.filter(({ position }) => position > newest), ...read].map(({ event }) => event)
}
