import type { AlarmEventName, CoreState, Overlay } from '../kernel/alarm.ts'
import type { CloudEvent } from '../kernel/event.ts'
import type { Priority } from '../kernel/priority.ts'

/** What the figures need of one step of an alarm, as the journal tells it. */
export interface AlarmFact {
  readonly event: AlarmEventName
  /** ms since 1970. */
  readonly time: number
  readonly id: string
  readonly rule: string
  readonly key: string
  readonly priority: Priority
  readonly from: CoreState
  readonly state: CoreState
  readonly overlays: readonly Overlay[]
  readonly raisedAt: number | null
  readonly levelUp: boolean
}

const prefix = 'limen.alarm.'

/** Undefined: not a step of an alarm that anybody was to be told of (another event, a shadow rule's, a refusal). */
export function alarmFactOf({ type, time, data }: CloudEvent): AlarmFact | undefined {
  if (!type.startsWith(prefix) || typeof data !== 'object' || data === null) return undefined
  const { id, rule, key, priority, from, state, overlays, raisedAt, levelUp, shadow } = data as Readonly<Record<string, unknown>>
  const at = Date.parse(time)
  const event = type.slice(prefix.length) as AlarmEventName
  if (event === 'rejected' || shadow === true || typeof id !== 'string' || typeof rule !== 'string' || typeof key !== 'string' || Number.isNaN(at)) return undefined
  return {
    event, time: at, id, rule, key, priority: priority as Priority, from: from as CoreState, state: state as CoreState,
    overlays: Array.isArray(overlays) ? (overlays as Overlay[]) : [],
    raisedAt: typeof raisedAt === 'string' ? Date.parse(raisedAt) : null,
    // A journal from before rises were marked: one that took an acknowledgement away was one.
    levelUp: levelUp === true || (event === 'level-changed' && from === 'acked' && state === 'unacked'),
  }
}

/** Was an operator told, by light and sound, that something needs them? */
export function isAnnouncement({ event, levelUp }: Pick<AlarmFact, 'event' | 'levelUp'>): boolean {
  return event === 'raised' || event === 'reraised' || event === 'realarmed' || (event === 'level-changed' && levelUp)
}

/** When an announcement reached a target: at what time, and how long after what it tells; undefined: another event. */
export function deliveryFactOf({ type, time, data }: CloudEvent): { readonly time: number; readonly tookMs: number } | undefined {
  if (type !== 'limen.delivery.delivered' || typeof data !== 'object' || data === null) return undefined
  const { event, eventTime } = data as { event?: unknown; eventTime?: unknown }
  const at = Date.parse(time)
  const happened = typeof eventTime === 'string' ? Date.parse(eventTime) : NaN
  // Targets are sent a change of level only where it is a rise.
  if (!isAnnouncement({ event: String(event).slice(prefix.length) as AlarmEventName, levelUp: true }) || Number.isNaN(at - happened)) return undefined
  // The wall clock may have been set back in between.
  return { time: at, tookMs: Math.max(0, at - happened) }
}
