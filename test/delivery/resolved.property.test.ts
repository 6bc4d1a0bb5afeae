import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Delivery, DeliveryOutcome } from '../../gateway/kernel/contracts.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import type { MemoryStore } from '../support/memory-store.ts'
import { type Desk, openDesk, scriptedTarget } from './desk.ts'

const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant('flip' as const), alarm: fc.nat(2) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 700, 5_000, 61_000) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const) }) },
  ),
  { maxLength: 40 },
)
const answers = fc.array(fc.constantFrom('accepted', 'lost', 'retry', 'hang'), { minLength: 1, maxLength: 12 })

describe('what a receiver believes in the end', () => {
  it('is what is true: never a raise as the last word on an alarm that has cleared, never a clear on one that stands', async () => {
    await fc.assert(
      fc.asyncProperty(steps, answers, async (script, outcomes) => {
        let turn = 0
        let well = false
        /** Alarm id → the events that reached the receiver, in order; an answer may be lost on its way back. */
        const believed = new Map<string, { type: string; seq: number }[]>()
        const reach = ({ event, orderKey }: Delivery): void => {
          believed.set(orderKey, [...(believed.get(orderKey) ?? []), { type: event.type, seq: (event.data as { seq: number }).seq }])
        }
        const answer = (delivery: Delivery, signal: AbortSignal): DeliveryOutcome | Promise<DeliveryOutcome> => {
          switch (well ? 'accepted' : outcomes[turn++ % outcomes.length]) {
            case 'accepted':
              reach(delivery)
              return { kind: 'accepted' }
            case 'lost':
              reach(delivery)
              return { kind: 'retry', reason: 'socket hang up' }
            case 'retry':
              return { kind: 'retry', reason: 'HTTP 503' }
            default:
              return new Promise((resolve) => signal.addEventListener('abort', () => resolve({ kind: 'retry', reason: 'no answer' })))
          }
        }
        let clock = createFakeClock()
        const begin = (store?: MemoryStore): Promise<Desk> => openDesk({ targets: { lamp: scriptedTarget(answer) }, clock, ...(store === undefined ? {} : { store }) })
        let desk = await begin()
        const standing = new Map<string, boolean>()
        let seq = 0
        for (const step of script) {
          switch (step.do) {
            case 'flip': {
              const id = `a${step.alarm}`
              const up = standing.get(id) !== true
              standing.set(id, up)
              desk.happen(up ? 'raised' : 'cleared', { alarm: { id, seq: ++seq, occurrence: seq } })
              break
            }
            case 'wait':
              await clock.advance(step.ms)
              break
            case 'crash':
              // The timers of the killed process die with its clock.
              clock = createFakeClock({ wallMs: clock.wall(), monotonicMs: 1_000 })
              desk = await begin(desk.store.crash())
              break
          }
          await clock.advance(0)
        }
        well = true
        for (let i = 0; i < 5; i++) await clock.advance(120_000)
        for (const [id, up] of standing) {
          const events = believed.get(id) ?? []
          if (up) expect(events.at(-1)).toMatchObject({ type: 'limen.alarm.raised' })
          else expect(events.at(-1)?.type).not.toBe('limen.alarm.raised')
          // Repeats of one event may follow it, but nothing older comes after something newer.
          expect(events.map((event) => event.seq)).toEqual(events.map((event) => event.seq).toSorted((a, b) => a - b))
        }
        expect(desk.delivery.ledger()['lamp']).toMatchObject({ queued: 0, deadLettered: 0 })
      }),
      { numRuns: 300 },
    )
  })
})
