import type { CloudEvent } from '../kernel/event.ts'

/** Which events a reader of the log wants. */
export interface EventFilter {
  /** Equal filters have equal keys: what they select is worked out once for all of them. */
  readonly key: string
  readonly readings: boolean
  matches(event: CloudEvent): boolean
}

export const readingType = 'limen.reading'

/**
 * `types`: names or beginnings with `*` (`limen.alarm.*`), commas between; undefined: all but readings.
 * `device`: the event's subject, or the device its data name. `alarm`: of this alarm, by its id.
 */
export function createEventFilter(options: { types?: string | undefined; device?: string | undefined; alarm?: string | undefined; readings?: boolean | undefined }): EventFilter {
  const patterns = options.types?.split(',').map((type) => type.trim()).filter((type) => type !== '') ?? []
  const exact = new Set(patterns.filter((pattern) => !pattern.endsWith('*')))
  const beginnings = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1))
  const { device, alarm } = options
  const readings = options.readings ?? exact.has(readingType)
  return {
    key: JSON.stringify([patterns, device ?? null, alarm ?? null, readings]),
    readings,
    matches(event) {
      const { type } = event
      const wanted = type === readingType ? readings : patterns.length === 0 || exact.has(type) || beginnings.some((beginning) => type.startsWith(beginning))
      return wanted && (device === undefined || event.subject === device || memberOf(event, 'device') === device) && (alarm === undefined || alarmOf(event) === alarm)
    },
  }
}

/** The alarm an event belongs to: its own, a delivery that tells of it, a command it is the cause of. */
function alarmOf(event: CloudEvent): unknown {
  if (event.type.startsWith('limen.alarm.')) return memberOf(event, 'id')
  if (event.type.startsWith('limen.delivery.')) return memberOf(event, 'alarm')
  return event.type.startsWith('limen.command.') ? memberOf(event, 'cause') : undefined
}

function memberOf({ data }: CloudEvent, name: string): unknown {
  return typeof data === 'object' && data !== null && Object.hasOwn(data, name) ? (data as Readonly<Record<string, unknown>>)[name] : undefined
}
