import type { CloudEvent } from '../kernel/event.ts'
import { isDay } from '../kernel/iso-time.ts'
import type { WrongMember } from './problem.ts'

/**
 * Reads one CloudEvent in its JSON form [CloudEvents 1.0, JSON format]. Types that begin `limen.` are the gateway's own,
 * but for `limen.reading`: nobody may forge an alarm. Whether a reading's data can be read is ingest's to say. `nowIso` stands for a missing time.
 */
export function readPostedEvent(value: unknown, nowIso: string): { readonly event: CloudEvent } | { readonly wrong: WrongMember } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { wrong: { member: '', detail: 'expected a CloudEvent: {"specversion":"1.0","id":…,"source":…,"type":…,"data":…}' } }
  const given = value as Record<string, unknown>
  if (given['specversion'] !== '1.0') return { wrong: { member: 'specversion', detail: 'expected "1.0"' } }
  for (const member of ['id', 'source', 'type'] as const) {
    const wrong = wrongText(given[member])
    if (wrong !== undefined) return { wrong: { member, detail: wrong } }
  }
  for (const member of ['subject', 'datacontenttype', 'dataschema'] as const) {
    const wrong = given[member] === undefined ? undefined : wrongText(given[member])
    if (wrong !== undefined) return { wrong: { member, detail: wrong } }
  }
  const { type, time } = given as { type: string; time: unknown }
  if (type.startsWith('limen.') && type !== 'limen.reading') return { wrong: { member: 'type', detail: 'types that begin "limen." are the gateway\'s own, but for limen.reading; choose another' } }
  if (time !== undefined && (typeof time !== 'string' || !isTimestamp(time))) return { wrong: { member: 'time', detail: 'expected RFC 3339, e.g. "2026-11-20T08:00:00Z"' } }
  if (given['data_base64'] !== undefined) return { wrong: { member: 'data_base64', detail: 'binary data is not taken; send JSON in "data"' } }
  return { event: { ...given, time: time ?? nowIso } as CloudEvent }
}

/** RFC 3339, and a time there is. */
function isTimestamp(text: string): boolean {
  return /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/.test(text) && isDay(text) && !Number.isNaN(Date.parse(text))
}

const longest = 1_024

function wrongText(value: unknown): string | undefined {
  if (value === undefined) return 'is missing; expected a text'
  if (typeof value !== 'string' || value === '' || value.length > longest) return `expected a text of 1 to ${longest} characters`
  // eslint-disable-next-line no-control-regex -- CloudEvents 1.0 type system: no control characters in a String
  return /[\u0000-\u001f\u007f-\u009f]/.test(value) ? 'expected a text without control characters' : undefined
}
