import type { Inbound, StoreWriter } from '../kernel/contracts.ts'
import type { CloudEvent } from '../kernel/event.ts'
import { hash53 } from '../kernel/hash.ts'

/** Under this client id posted events are kept among the store's inbound notes; no MQTT client can have it (NUL). */
export const postedClientId = '\u0000posted'

const maxRemembered = 100_000
const maxAgeMs = 600_000

/** Knows posted CloudEvents by (source, id), for the last 100,000 of them or 10 minutes, over restarts. */
export interface PostedEvents {
  restore(notes: Iterable<Inbound>, nowMs: number): void
  /** True if it was taken before; else remembers it, in the current batch. */
  before(event: CloudEvent, receivedAt: number): boolean
}

export function createPostedEvents(deps: { readonly store: Pick<StoreWriter, 'noteInbound'> }): PostedEvents {
  let seen = new Map<number, number>()

  return {
    restore(notes, nowMs) {
      seen = new Map()
      for (const { clientId, hash } of notes) if (clientId === postedClientId) seen.set(hash, nowMs)
    },
    before({ source, id }, receivedAt) {
      const hash = hash53(id, hash53(source) | 0)
      const at = seen.get(hash)
      if (at !== undefined && receivedAt - at < maxAgeMs) return true
      seen.delete(hash)
      seen.set(hash, receivedAt)
      if (seen.size > maxRemembered) seen.delete(seen.keys().next().value!)
      deps.store.noteInbound({ clientId: postedClientId, messageId: 0, hash })
      return false
    },
  }
}
