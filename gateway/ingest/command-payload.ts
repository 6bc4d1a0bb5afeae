import type { Value } from '../kernel/reading.ts'
import { scalarCodec } from './codecs/scalar.ts'
import type { Fault } from './sample.ts'

export interface CommandPayload { readonly value: Value; readonly ttlMs: number | undefined }

/**
 * What somebody with the right to publishes on `…/set`: a value as a reading's, or `{"value":…,"ttlMs":…}`.
 * Words stay as they were written: an actuator that knows `ON` is not told `true`.
 */
export function readCommandPayload(payload: Uint8Array): CommandPayload | Fault {
  const { messages, faults } = scalarCodec.decode(payload, 'set')
  const sample = messages[0]?.[0]
  if (sample === undefined) return { reason: 'bad-command', detail: faults[0]?.detail ?? 'write a value or {"value":…,"ttlMs":30000}' }
  if (sample.quality === 'bad' || sample.value === null) return { reason: 'bad-command', detail: 'a command needs a value: a number, true or false, or text' }
  const text = Buffer.from(payload).toString('utf8').trim()
  if (text.startsWith('{')) {
    const { value, ttlMs } = JSON.parse(text) as { value: unknown; ttlMs?: unknown }
    return { value: typeof value === 'string' ? value : sample.value, ttlMs: readTtl(ttlMs) }
  }
  return { value: typeof sample.value === 'boolean' && text !== 'true' && text !== 'false' ? unquoted(text) : sample.value, ttlMs: undefined }
}

function unquoted(text: string): string {
  return text.startsWith('"') ? (JSON.parse(text) as string) : text
}

function readTtl(ttlMs: unknown): number | undefined {
  return typeof ttlMs === 'number' && Number.isFinite(ttlMs) && ttlMs > 0 ? Math.min(ttlMs, 86_400_000) : undefined
}
