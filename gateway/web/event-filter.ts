import type { CloudEvent } from '../kernel/event.ts'
import { nudgeMs } from '../kernel/event.ts'
import { createNames } from '../kernel/names.ts'

/** Which events a reader of the log wants. */
export interface EventFilter {
  /** Equal filters have equal keys: what they select is worked out once for all of them. */
  readonly key: string
  readonly readings: boolean
  /** What was committed before this (ms since 1970) holds none of them. */
  readonly committedSince: number | undefined
  matches(event: CloudEvent): boolean
}

export interface EventFilterOptions {
  /** Names or beginnings with `*` (`limen.alarm.*`), commas between; undefined: all but readings. */
  readonly types?: string | undefined
  /** The event's subject, or the device its data name. */
  readonly device?: string | undefined
  /** Of this alarm, by its id. */
  readonly alarm?: string | undefined
  readonly readings?: boolean | undefined
  /** Of alarms of these rules: names or beginnings with `*`, commas between. */
  readonly rule?: string | undefined
  readonly priorities?: ReadonlySet<string> | undefined
  /** Who did it, upper and lower case alike. */
  readonly by?: string | undefined
  /** Words, blanks between, that all stand in message, key, note or reason. */
  readonly words?: string | undefined
  /** The event's time, ms since 1970: [from, to). */
  readonly from?: number | undefined
  readonly to?: number | undefined
}

export const readingType = 'limen.reading'
const ownPrefix = 'limen.'

export function createEventFilter(options: EventFilterOptions): EventFilter {
  const { device, alarm, priorities, from = -Infinity, to = Infinity } = options
  const types = createNames(options.types)
  const rules = options.rule === undefined ? undefined : createNames(options.rule)
  const by = options.by?.toLowerCase()
  const words = options.words?.toLowerCase().split(/\s+/).filter((word) => word !== '') ?? []
  const readings = options.readings ?? types.exact.has(readingType)
  // Applications' own events have the times that their senders say.
  const onlyOurs = !types.empty && types.patterns.every((pattern) => pattern.startsWith(ownPrefix))

  function aboutAlarm(event: CloudEvent): boolean {
    return (rules === undefined || rules.match(textOf(event, 'rule'))) &&
      (priorities === undefined || priorities.has(textOf(event, 'priority'))) &&
      (by === undefined || textOf(event, 'by').toLowerCase() === by) &&
      (words.length === 0 || hasWords(event))
  }

  function hasWords(event: CloudEvent): boolean {
    const text = ['message', 'key', 'note', 'reason'].map((name) => textOf(event, name)).join('\n').toLowerCase()
    return words.every((word) => text.includes(word))
  }

  function inTime({ time }: CloudEvent): boolean {
    if (from === -Infinity && to === Infinity) return true
    const at = Date.parse(time)
    return at >= from && at < to
  }

  return {
    key: JSON.stringify([types.patterns, device ?? null, alarm ?? null, readings, rules?.patterns ?? null, [...(priorities ?? [])], by ?? null, words, options.from ?? null, options.to ?? null]),
    readings,
    committedSince: options.from === undefined || !onlyOurs || readings ? undefined : options.from - nudgeMs,
    matches(event) {
      const { type } = event
      const wanted = type === readingType ? readings : types.empty || types.match(type)
      return wanted && (device === undefined || event.subject === device || memberOf(event, 'device') === device) &&
        (alarm === undefined || alarmOf(event) === alarm) && inTime(event) && aboutAlarm(event)
    },
  }
}

/** The alarm an event belongs to: its own, a delivery that tells of it, a command it is the cause of. */
function alarmOf(event: CloudEvent): unknown {
  if (event.type.startsWith('limen.alarm.')) return memberOf(event, 'id')
  if (event.type.startsWith('limen.delivery.')) return memberOf(event, 'alarm')
  return event.type.startsWith('limen.command.') ? memberOf(event, 'cause') : undefined
}

function textOf(event: CloudEvent, name: string): string {
  const value = memberOf(event, name)
  return typeof value === 'string' ? value : ''
}

function memberOf({ data }: CloudEvent, name: string): unknown {
  return typeof data === 'object' && data !== null && Object.hasOwn(data, name) ? (data as Readonly<Record<string, unknown>>)[name] : undefined
}
