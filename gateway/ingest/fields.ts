import { isUtf8 } from 'node:buffer'
import { isoMs } from '../kernel/iso-time.ts'
import type { Value } from '../kernel/reading.ts'
import { type Fault, maxTextLength } from './sample.ts'

/** 1970-01-01 … 9999-12-31 in ms: what both ISO 8601 with four digits and InfluxDB's nanoseconds (to 2262) can bear. */
const latestTs = Date.UTC(2262, 0, 1)

/** The text of a payload, or undefined when it is not UTF-8. */
export function textOf(payload: Uint8Array): string | undefined {
  const text = Buffer.prototype.utf8Slice.call(payload, 0, payload.length)
  // A replacement character may be the sender's own; only then is the slower check needed.
  return text.includes('\uFFFD') && !isUtf8(payload) ? undefined : text
}

/** A device's own time: whole ms since 1970 (fractions are rounded) or ISO 8601 with a zone; undefined when absent; a fault otherwise. */
export function readTs(given: unknown): number | undefined | Fault {
  if (given === undefined || given === null) return undefined
  const ts = typeof given === 'number' ? Math.round(given) : typeof given === 'string' ? isoToMs(given) : Number.NaN
  if (ts >= 0 && ts < latestTs) return ts
  return { reason: 'bad-ts', detail: `ts is ${excerpt(given)}; write milliseconds since 1970 or ISO 8601 such as 2026-01-31T12:00:00Z` }
}

function isoToMs(text: string): number {
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?$/i.exec(text)
  if (match === null) return Number.NaN
  // Without a zone it is UTC, as for CSV input.
  return isoMs(match[1]!, `${match[2]}${(match[3] ?? 'Z').toUpperCase()}`)
}

/** A device's counter: a whole number from 0 to 2^53 − 1; undefined when absent; a fault otherwise. */
export function readSeq(given: unknown): number | undefined | Fault {
  if (given === undefined || given === null) return undefined
  if (typeof given === 'number' && Number.isSafeInteger(given) && given >= 0) return given
  return { reason: 'bad-seq', detail: `seq is ${excerpt(given)}; write a whole number from 0 to 9007199254740991` }
}

/** A number as people and JSON write it. */
export const numberPattern = /^-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/

/** The number a text says; an infinity where it is too large; undefined where it says none. */
export function readNumericText(text: string): number | undefined {
  const trimmed = text.trim()
  return numberPattern.test(trimmed) ? Number(trimmed) : undefined
}

/** `ON`/`OFF` and friends: the words that mean a boolean. */
export function readText(text: string): Value {
  if (text === 'ON' || text === 'true') return true
  if (text === 'OFF' || text === 'false') return false
  return text
}

export function textTooLong(text: string, place: string): Fault | undefined {
  if (text.length <= maxTextLength) return undefined
  return { reason: 'too-long', detail: `${place} holds ${text.length} characters; ${maxTextLength} are allowed` }
}

/** A short, safe picture of what was given, for a message. */
export function excerpt(given: unknown): string {
  const text = typeof given === 'string' ? JSON.stringify(given.slice(0, 60)) : Array.isArray(given) ? 'a list' : typeof given === 'object' && given !== null ? 'an object' : String(given)
  return text.length > 62 ? `${text.slice(0, 60)}…` : text
}

export function isFault(value: unknown): value is Fault {
  return typeof value === 'object' && value !== null && 'reason' in value
}
