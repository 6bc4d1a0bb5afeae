import { isoMs } from '../kernel/iso-time.ts'
import { parseDuration } from '../kernel/units.ts'
import { badRequest } from './problem.ts'

export const limitSchema = (most: number) => ({ type: 'integer', minimum: 1, maximum: most, description: `how many at most; default ${Math.min(most, 1_000)}` }) as const
export const afterSchema = { type: 'string', minLength: 1, maxLength: 1_024, description: 'the `next` of the page before' } as const
export const positionSchema = { type: 'integer', minimum: 0, description: 'a position in the log; what comes after it is shown' } as const
export const timeSchema = { type: ['string', 'integer'], maxLength: 40, description: 'ISO 8601, or ms since 1970' } as const

export const defaultLimit = 1_000

export interface Page<T> { readonly items: readonly T[]; readonly next: string | null }

/** `items` holds one more than `limit` if there is more. */
export function pageOf<T>(items: readonly T[], limit: number, cursor: (last: T) => string): Page<T> {
  if (items.length <= limit) return { items, next: null }
  const shown = items.slice(0, limit)
  return { items: shown, next: cursor(shown.at(-1)!) }
}

/** ms since 1970, or ISO 8601 (without a zone: UTC). A `+` of a zone that a query made a blank is understood. */
export function readTime(value: string | number, member: string): number {
  if (typeof value === 'number' || /^\d{1,16}$/.test(value)) return withinDates(Number(value), member)
  const match = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+ -]\d\d:?\d\d)?)?$/i.exec(value)
  const zone = match?.[3]?.replace(' ', '+') ?? 'Z'
  const time = match === null ? NaN : isoMs(match[1]!, `${match[2] ?? '00:00'}${zone}`)
  return withinDates(time, member)
}

/** As far as a date goes. */
const latestMs = 8.64e15

function withinDates(time: number, member: string): number {
  if (!(Math.abs(time) <= latestMs)) throw badRequest([{ member, detail: 'expected a time as ISO 8601 (2026-11-20T08:00:00Z) or ms since 1970' }])
  return time
}

export function readDuration(value: string, member: string): number {
  const ms = parseDuration(value)
  if (ms === undefined || ms <= 0) throw badRequest([{ member, detail: 'expected a duration such as 500ms, 10s, 5min, 2h, 7d' }])
  return ms
}

/** `a,b`: each must be one of `words`. */
export function readWords<W extends string>(value: string | undefined, member: string, words: readonly W[]): ReadonlySet<W> | undefined {
  if (value === undefined) return undefined
  const given = value.split(',').map((word) => word.trim())
  const wrong = given.find((word) => !words.includes(word as W))
  if (wrong !== undefined) throw badRequest([{ member, detail: `expected one or more of ${words.join(', ')} with commas between, found ${JSON.stringify(wrong.slice(0, 40))}` }])
  return new Set(given as W[])
}

/** Ids of devices and actuators are one level of a topic [MQTT-4.7.1]. */
export function readTopicLevel(value: string, member: string): string {
  // eslint-disable-next-line no-control-regex -- NUL may not stand in a topic [MQTT-4.7.3-2]
  if (value === '' || /[+#/\u0000]/.test(value)) throw badRequest([{ member, detail: 'expected a name without / + # and NUL: it is one level of a topic' }])
  return value
}
