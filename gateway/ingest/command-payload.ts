import type { Value } from '../kernel/reading.ts'
import { scalarCodec } from './codecs/scalar.ts'
import type { Fault } from './sample.ts'

export interface CommandPayload { readonly value: Value; readonly ttlMs: number | undefined }

/** What somebody with the right to publishes on `…/set`: a value as a reading's, or `{"value":…,"ttlMs":…}`. */
export function readCommandPayload(payload: Uint8Array): CommandPayload | Fault {
  const { messages, faults } = scalarCodec.decode(payload, 'set')
  const sample = messages[0]?.[0]
  if (sample === undefined) return { reason: 'bad-command', detail: faults[0]?.detail ?? 'write a value or {"value":…,"ttlMs":30000}' }
  if (sample.quality === 'bad' || sample.value === null) return { reason: 'bad-command', detail: 'a command needs a value: a number, true or false, or text' }
  return { value: sample.value, ttlMs: ttlOf(payload) }
}

function ttlOf(payload: Uint8Array): number | undefined {
  if (payload[0] !== 123 /* { */) return undefined
  const { ttlMs } = JSON.parse(Buffer.from(payload).toString('utf8')) as { ttlMs?: unknown }
  return typeof ttlMs === 'number' && Number.isFinite(ttlMs) && ttlMs > 0 ? Math.min(ttlMs, 86_400_000) : undefined
}
