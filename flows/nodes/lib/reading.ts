import { isUtf8 } from 'node:buffer'

export type Value = number | boolean | string | null

export interface Reading {
  readonly device: string
  readonly metric: string
  readonly value: Value
  readonly unit: string | null
  /** ms since 1970; undefined: the time of receipt counts. */
  readonly ts: number | undefined
}

const maxText = 4_096
const maxDepth = 16
const maxReadings = 10_000
const number = /^-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/

/** What was published on `devices/…`, as the gateway reads it. What is no reading gives none: the gateway says why, in `limen.reading.rejected`. */
export function readReadings(topic: string, payload: Uint8Array): readonly Reading[] {
  const [root, device, metric, more] = topic.split('/')
  if (root !== 'devices' || device === undefined || device === '' || more !== undefined || payload.length === 0 || !isUtf8(payload)) return []
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString().trim()
  if (metric === undefined) return readObjects(device, text)
  if (metric === '' || metric === 'status') return []
  return readScalar(device, metric, text)
}

function readScalar(device: string, metric: string, text: string): readonly Reading[] {
  if (text.startsWith('{')) {
    const given = parse(text)
    if (!isObject(given) || !Object.hasOwn(given, 'value')) return []
    const ts = timeOf(given['ts'])
    const value = valueOf(given['value'])
    const unit = typeof given['unit'] === 'string' && given['unit'] !== '' ? given['unit'] : null
    return ts === 'bad' || value === undefined ? [] : [{ device, metric, value, unit, ts }]
  }
  const bare = { device, metric, unit: null, ts: undefined }
  if (number.test(text)) return [{ ...bare, value: finite(Number(text)) }]
  if (text === 'null') return [{ ...bare, value: null }]
  const quoted = text.startsWith('"') ? parse(text) : undefined
  const value = valueOf(typeof quoted === 'string' ? quoted : text)
  return value === undefined ? [] : [{ ...bare, value }]
}

function readObjects(device: string, text: string): readonly Reading[] {
  const given = parse(text)
  if (Array.isArray(given)) return given.slice(0, maxReadings).flatMap((one) => (isObject(one) && Object.hasOwn(one, 'ts') ? readObject(device, one) : []))
  return isObject(given) ? readObject(device, given) : []
}

function readObject(device: string, given: Readonly<Record<string, unknown>>): Reading[] {
  const ts = timeOf(given['ts'])
  if (ts === 'bad') return []
  const readings: Reading[] = []
  const walk = (object: Readonly<Record<string, unknown>>, prefix: string, depth: number): void => {
    for (const [name, member] of Object.entries(object)) {
      if ((depth === 0 && (name === 'ts' || name === 'seq')) || name === '') continue
      const metric = prefix + name
      if (isObject(member)) {
        if (depth + 1 < maxDepth) walk(member, `${metric}.`, depth + 1)
        continue
      }
      const value = valueOf(member)
      if (value !== undefined && readings.length < maxReadings) readings.push({ device, metric, value, unit: null, ts })
    }
  }
  walk(given, '', 0)
  return readings
}

function valueOf(given: unknown): Value | undefined {
  switch (typeof given) {
    case 'number':
      return finite(given)
    case 'boolean':
      return given
    case 'string':
      if (/^[+-]?(?:nan|inf|infinity)$/i.test(given)) return null
      if (given === 'ON' || given === 'true') return true
      if (given === 'OFF' || given === 'false') return false
      return given.length > maxText ? undefined : given
    default:
      return given === null ? null : undefined
  }
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null
}

function timeOf(given: unknown): number | undefined | 'bad' {
  if (given === undefined || given === null) return undefined
  if (typeof given === 'number') return Number.isFinite(given) && given >= 0 ? Math.round(given) : 'bad'
  if (typeof given !== 'string') return 'bad'
  // Without a zone it is UTC.
  const ms = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/i.test(given) ? given : `${given}Z`)
  return Number.isNaN(ms) ? 'bad' : ms
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // No JSON: no reading, or a text.
    return undefined
  }
}

function isObject(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === 'object' && given !== null && !Array.isArray(given)
}
