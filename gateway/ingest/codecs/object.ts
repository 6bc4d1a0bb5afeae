import { isFault, readSeq, readTs, textOf } from '../fields.ts'
import { type Codec, type Decoded, type Fault, type Sample, bad, maxDepth, maxMessagesPerBatch, maxMetricsPerMessage, maxNameLength } from '../sample.ts'
import { readValue } from './scalar.ts'

/**
 * `devices/{device}`: a JSON object whose members are metrics, except `ts` and `seq`; nested objects become
 * dotted names; an array of such objects, each with its own `ts`, is a batch.
 */
export const objectCodec: Codec = {
  name: 'object',
  decode(payload) {
    const text = textOf(payload)
    if (text === undefined) return bad('not-utf8', 'the payload is not UTF-8 text')
    let given: unknown
    try {
      given = JSON.parse(text)
    } catch (cause) {
      return bad('not-json', `no JSON: ${(cause as Error).message.slice(0, 120)}; publish a single value to devices/{device}/{metric}`)
    }
    if (Array.isArray(given)) return decodeBatch(given)
    const faults: Fault[] = []
    const message = decodeMessage(given, '', faults)
    return { messages: message === undefined ? [] : [message], faults }
  },
}

function decodeBatch(elements: readonly unknown[]): Decoded {
  if (elements.length > maxMessagesPerBatch) return bad('too-many-metrics', `a batch of ${elements.length}; ${maxMessagesPerBatch} are allowed`)
  const faults: Fault[] = []
  const messages: Sample[][] = []
  for (const [index, element] of elements.entries()) {
    const place = `[${index}]`
    if (typeof element === 'object' && element !== null && !Array.isArray(element) && !Object.hasOwn(element, 'ts')) {
      faults.push({ reason: 'bad-ts', detail: `${place} has no "ts"; each element of a batch needs its own` })
      continue
    }
    const message = decodeMessage(element, place, faults)
    if (message !== undefined) messages.push(message)
  }
  return { messages, faults }
}

function decodeMessage(given: unknown, place: string, faults: Fault[]): Sample[] | undefined {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    faults.push({ reason: 'not-an-object', detail: `${place || 'the payload'} is no JSON object; publish a single value to devices/{device}/{metric}` })
    return undefined
  }
  const members = given as Record<string, unknown>
  const ts = readTs(Object.hasOwn(members, 'ts') ? members['ts'] : undefined)
  const seq = readSeq(Object.hasOwn(members, 'seq') ? members['seq'] : undefined)
  if (isFault(ts) || isFault(seq)) {
    for (const field of [ts, seq]) if (isFault(field)) faults.push(place === '' ? field : { ...field, detail: `${place}: ${field.detail}` })
    return undefined
  }
  const samples: Sample[] = []
  const walk = (object: Record<string, unknown>, prefix: string, depth: number): void => {
    for (const name of Object.keys(object)) {
      if (depth === 0 && (name === 'ts' || name === 'seq')) continue
      const metric = prefix === '' ? name : `${prefix}.${name}`
      const value = object[name]
      const here = `${place}${place === '' ? '' : '.'}${metric.slice(0, 80)}`
      if (name === '' || metric.length > maxNameLength) faults.push({ reason: 'bad-metric', detail: `${here}: a metric's name has 1 to ${maxNameLength} characters` })
      else if (samples.length >= maxMetricsPerMessage) {
        if (samples.length === maxMetricsPerMessage && !faults.some((f) => f.reason === 'too-many-metrics')) {
          faults.push({ reason: 'too-many-metrics', detail: `from ${here} on: ${maxMetricsPerMessage} metrics a message are allowed` })
        }
        return
      } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
        if (depth + 1 >= maxDepth) faults.push({ reason: 'too-deep', detail: `${here}: objects may be nested ${maxDepth} deep` })
        else walk(value as Record<string, unknown>, metric, depth + 1)
      } else {
        const read = readValue(value, here)
        if (isFault(read)) faults.push(read)
        else samples.push({ metric, value: read.value, quality: read.quality, unit: undefined, ts, seq })
      }
    }
  }
  walk(members, '', 0)
  return samples.length === 0 ? undefined : samples
}
