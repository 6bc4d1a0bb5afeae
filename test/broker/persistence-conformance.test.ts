import nodeAssert from 'node:assert'
import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { createCounters } from '../../gateway/broker/counters.ts'
import { createIncomingIds } from '../../gateway/broker/incoming.ts'
import { defaultLimits as limits } from '../../gateway/broker/options.ts'
import { createOutbox } from '../../gateway/broker/outbox.ts'
import { createPersistence } from '../../gateway/broker/persistence.ts'
import { createRetained } from '../../gateway/broker/retained.ts'
import { createRows } from '../../gateway/broker/rows.ts'
import { createSender } from '../../gateway/broker/sender.ts'
import { createSessions } from '../../gateway/broker/sessions.ts'
import { createTopics } from '../../gateway/broker/topics.ts'
import { createWills } from '../../gateway/broker/wills.ts'
import { systemClock as clock } from '../../gateway/kernel/clock.ts'
import { createMemoryStore } from '../support/memory-store.ts'

/** aedes-persistence's own suite for implementations, written for node:test. */
const conformance = createRequire(import.meta.url)('aedes-persistence/abstract.js') as (options: {
  test: (name: string, run: (t: object) => Promise<void>) => void
  persistence: () => unknown
  testAsync: true
}) => void

/** Payloads are compared as bytes; `id` is a member the suite gives its packets and no MQTT packet has. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString()
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== 'id').map(([key, member]) => [key, plain(member)]))
}

describe('aedes-persistence conformance', () => {
  conformance({
    testAsync: true,
    persistence() {
      const counters = createCounters()
      const rows = createRows({ store: createMemoryStore({ auto: true }), clock, counters })
      const topics = createTopics(limits)
      const outbox = createOutbox({ rows, clock, counters, limits, sender: createSender({ clock, counters, limits }) })
      const sessions = createSessions({ rows, topics, outbox, clock, counters, limits })
      const incoming = createIncomingIds({ rows, counters, limits, sessions: () => sessions.all() })
      return createPersistence({ rows, sessions, topics, outbox, retained: createRetained({ rows, counters, limits }), incoming, wills: createWills({ rows }) })
    },
    test(name, run) {
      it(name, async () => {
        let planned = 0
        let made = 0
        const counted = <A extends unknown[]>(check: (...given: A) => void) => (...given: A): void => {
          made++
          check(...given)
        }
        await run({
          plan(count: number) {
            planned = count
          },
          diagnostic() {},
          assert: {
            ok: counted((value: unknown) => nodeAssert.ok(value)),
            equal: counted((a: unknown, b: unknown) => nodeAssert.equal(a, b)),
            notEqual: counted((a: unknown, b: unknown) => nodeAssert.notEqual(a, b)),
            deepEqual: counted((a: unknown, b: unknown) => nodeAssert.deepEqual(plain(a), plain(b))),
          },
        })
        if (planned > 0) expect(made).toBe(planned)
      })
    },
  })
})
