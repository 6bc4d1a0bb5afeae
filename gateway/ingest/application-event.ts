import { deepestJson, depthOf } from '../kernel/json-depth.ts'
import { textOf } from './fields.ts'
import type { Fault } from './sample.ts'

/** What was published on `events/{type}`: JSON, the event's data. Types that begin with `limen.` are the gateway's own. */
export function readApplicationEvent(type: string, payload: Uint8Array): { readonly data: unknown } | Fault {
  if (type.startsWith('limen.')) return { reason: 'bad-event', detail: 'types that begin "limen." are the gateway\'s own; choose another' }
  const text = textOf(payload)
  if (text === undefined) return { reason: 'not-utf8', detail: 'the payload is not UTF-8 text' }
  if (depthOf(text) > deepestJson) return { reason: 'too-deep', detail: `an event's data may be nested ${deepestJson} deep` }
  try {
    return { data: JSON.parse(text) as unknown }
  } catch (cause) {
    return { reason: 'not-json', detail: `no JSON: ${(cause as Error).message.slice(0, 120)}; put a text in quotes` }
  }
}
