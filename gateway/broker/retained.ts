import type { Counters } from './counters.ts'
import type { BrokerLimits } from './options.ts'
import type { RetainedMessage, RetainedScan } from './retained-message.ts'
import { asBytes, decodeRetained, encodeRetained } from './records.ts'
import type { Rows } from './rows.ts'
import { compileFilter } from './topic-check.ts'

/** A change that is in a batch. Exactly one of the two is called. */
export interface RetainedChange {
  apply(): void
  undo(): void
}

/** Retained messages; what is read is what is on disk. */
export interface Retained {
  /** Into the current batch; an empty payload clears. Undefined: nothing to change, or refused because too much is retained. */
  write(message: RetainedMessage): RetainedChange | undefined
  get(topic: string): RetainedMessage | undefined
  scan(filters: readonly string[]): RetainedScan
  restore(): Promise<void>
  count(): number
  bytes(): number
}

/** So many topics are looked at in one go. */
const scannedAtOnce = 500

export function createRetained(deps: { rows: Rows; counters: Counters; limits: BrokerLimits }): Retained {
  const { rows, counters, limits } = deps
  const messages = new Map<string, RetainedMessage>()
  /** Of clients, what is in open batches counted in. */
  let ownCount = 0
  let count = 0
  let bytes = 0

  const sizeOf = (message: RetainedMessage): number => message.topic.length + message.payload.length

  function book(message: RetainedMessage | undefined, sign: 1 | -1): void {
    if (message === undefined) return
    if (message.own) ownCount += sign
    else {
      count += sign
      bytes += sign * sizeOf(message)
    }
  }

  function fits(message: RetainedMessage): boolean {
    if (message.own) return true
    const before = messages.get(message.topic)
    const more = before === undefined ? 1 : 0
    const moreBytes = sizeOf(message) - (before === undefined ? 0 : sizeOf(before))
    return (more === 0 || count < limits.maxRetained) && (moreBytes <= 0 || bytes + moreBytes <= limits.maxRetainedBytes)
  }

  return {
    write(message) {
      if (message.payload.length === 0) {
        // Cleared even where nothing is on disk yet: a change to it may be in the same batch.
        rows.delete('retained', message.topic)
        return {
          apply() {
            book(messages.get(message.topic), -1)
            messages.delete(message.topic)
          },
          undo() {},
        }
      }
      if (!fits(message)) {
        counters.add('dropped', 'retained-limit')
        return undefined
      }
      // A copy: the payload is a view of a whole read buffer, which one retained byte would keep alive.
      const kept: RetainedMessage = { ...message, payload: Uint8Array.from(message.payload) }
      rows.put('retained', kept.topic, encodeRetained(kept.qos, kept.payload))
      book(kept, 1)
      return {
        apply() {
          book(messages.get(kept.topic), -1)
          messages.set(kept.topic, kept)
        },
        undo: () => book(kept, -1),
      }
    },
    get: (topic) => messages.get(topic),
    *scan(filters) {
      const exact = filters.filter((filter) => !filter.includes('+') && !filter.includes('#'))
      for (const topic of exact) {
        const message = messages.get(topic)
        if (message !== undefined) yield message
      }
      const patterns = filters.filter((filter) => !exact.includes(filter)).map(compileFilter)
      if (patterns.length === 0) return
      let looked = 0
      for (const message of messages.values()) {
        if (patterns.some((matches) => matches(message.topic)) && !exact.includes(message.topic)) yield message
        if (++looked % scannedAtOnce === 0) yield null
      }
    },
    async restore() {
      messages.clear()
      count = 0
      ownCount = 0
      bytes = 0
      await rows.each('retained', (topic, row) => {
        const message: RetainedMessage = { topic, ...decodeRetained(asBytes(row)), own: topic.startsWith('limen/') }
        messages.set(topic, message)
        book(message, 1)
      })
    },
    count: () => count + ownCount,
    bytes: () => bytes,
  }
}
