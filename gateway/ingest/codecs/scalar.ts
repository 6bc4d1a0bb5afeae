import type { Quality, Value } from '../../kernel/reading.ts'
import { excerpt, isFault, numberPattern, readSeq, readText, readTs, textOf, textTooLong } from '../fields.ts'
import { type Codec, type Decoded, type Fault, bad, good } from '../sample.ts'

const notFinite = /^[+-]?(?:nan|inf|infinity)$/i

/**
 * `devices/{device}/{metric}`: a number, `true`/`false`, `ON`/`OFF`, text,
 * or `{"value":…,"unit":…,"ts":…,"seq":…}`.
 */
export const scalarCodec: Codec = {
  name: 'scalar',
  decode(payload, metric = 'value') {
    const text = textOf(payload)
    if (text === undefined) return bad('not-utf8', 'the payload is not UTF-8 text')
    const first = text.charCodeAt(0)
    if (first === 123 /* { */) return decodeObject(text, metric)
    const trimmed = text.trim()
    if (numberPattern.test(trimmed)) return one(metric, Number(trimmed))
    if (notFinite.test(trimmed)) return good([{ metric, value: null, quality: 'bad', unit: undefined, ts: undefined, seq: undefined }])
    if (trimmed.startsWith('{')) return decodeObject(trimmed, metric)
    if (trimmed === 'null') return one(metric, null)
    const fault = textTooLong(trimmed, 'the payload')
    if (fault !== undefined) return { messages: [], faults: [fault] }
    // A JSON string means the text inside its quotes.
    if (first === 34 /* " */) {
      try {
        const parsed: unknown = JSON.parse(trimmed)
        if (typeof parsed === 'string') return one(metric, readText(parsed))
      } catch {
        // Not JSON: text that happens to begin with a quote is text.
      }
    }
    return one(metric, readText(trimmed))
  },
}

function one(metric: string, value: Value): Decoded {
  return typeof value === 'number' && !Number.isFinite(value)
    ? good([{ metric, value: null, quality: 'bad', unit: undefined, ts: undefined, seq: undefined }])
    : good([{ metric, value, quality: 'good', unit: undefined, ts: undefined, seq: undefined }])
}

function decodeObject(text: string, metric: string): Decoded {
  let given: Record<string, unknown>
  try {
    given = JSON.parse(text) as Record<string, unknown>
  } catch (cause) {
    return bad('not-json', `begins like JSON and is none: ${(cause as Error).message.slice(0, 120)}`)
  }
  if (!Object.hasOwn(given, 'value')) return bad('bad-value', 'the object has no member "value"; write {"value":36.6,"ts":…} or publish the object to devices/{device}')
  const ts = readTs(given['ts'])
  if (isFault(ts)) return { messages: [], faults: [ts] }
  const seq = readSeq(given['seq'])
  if (isFault(seq)) return { messages: [], faults: [seq] }
  const unit = typeof given['unit'] === 'string' && given['unit'].length > 0 && given['unit'].length <= 64 ? given['unit'] : undefined
  const read = readValue(given['value'], '"value"')
  if (isFault(read)) return { messages: [], faults: [read] }
  return good([{ metric, value: read.value, quality: read.quality, unit, ts, seq }])
}

/** A JSON value as a reading's value; 1e999 is an infinity to JSON.parse and has bad quality. */
export function readValue(given: unknown, place: string): { value: Value; quality: Quality } | Fault {
  switch (typeof given) {
    case 'number':
      return Number.isFinite(given) ? { value: given, quality: 'good' } : { value: null, quality: 'bad' }
    case 'boolean':
      return { value: given, quality: 'good' }
    case 'string':
      if (notFinite.test(given)) return { value: null, quality: 'bad' }
      return textTooLong(given, place) ?? { value: readText(given), quality: 'good' }
    default:
      if (given === null) return { value: null, quality: 'good' }
      return { reason: 'bad-value', detail: `${place} is ${excerpt(given)}; a number, true or false, text or null is wanted` }
  }
}
