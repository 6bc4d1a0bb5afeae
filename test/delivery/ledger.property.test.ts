import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Delivery, DeliveryOutcome, LedgerLine } from '../../gateway/kernel/contracts.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import type { MemoryStore } from '../support/memory-store.ts'
import { type Desk, type ScriptedTarget, openDesk, scriptedTarget } from './desk.ts'

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('raise' as const, 'clear' as const), alarm: fc.nat(3), priority: fc.constantFrom('high' as const, 'medium' as const, 'low' as const) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(0, 1, 700, 5_000, 61_000, 16 * 60_000) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('crash' as const, 'crash-uncommitted' as const, 'fail-commit' as const, 'redrive' as const, 'discard' as const) }) },
  ),
  { maxLength: 40 },
)
const answers = fc.array(fc.constantFrom('accepted', 'retry', 'refused', 'hang', 'later'), { minLength: 1, maxLength: 20 })

const sum = ({ delivered, queued, deadLettered, dropped }: LedgerLine): number =>
  delivered + queued + deadLettered + Object.values(dropped).reduce((a, b) => a + b, 0)

describe('the books', () => {
  it('balance at any moment, and what they say is queued, dead and told is what is there, whatever happens', async () => {
    await fc.assert(
      fc.asyncProperty(steps, answers, async (script, outcomes) => {
        let turn = 0
        const answer = (_: Delivery, signal: AbortSignal): DeliveryOutcome | Promise<DeliveryOutcome> => {
          switch (outcomes[turn++ % outcomes.length]) {
            case 'accepted': return { kind: 'accepted' } as const
            case 'retry': return { kind: 'retry', reason: 'HTTP 500' } as const
            case 'refused': return { kind: 'refused', reason: 'HTTP 400' } as const
            case 'later': return { kind: 'retry', reason: 'HTTP 503', afterMs: 3_000 } as const
            // Hangs until its time is up.
            default: return new Promise((resolve) => signal.addEventListener('abort', () => resolve({ kind: 'retry', reason: 'no answer' })))
          }
        }
        const clock = createFakeClock()
        const lives: Record<string, ScriptedTarget>[] = []
        // A life is what lies between two kills: its calls end with it.
        const begin = (store?: MemoryStore): Promise<Desk> => {
          const targets = { lamp: scriptedTarget(answer), phone: scriptedTarget(answer) }
          lives.push(targets)
          return openDesk({ targets, clock, options: { outboxLimit: 5, deadLetterLimit: 3 }, ...(store === undefined ? {} : { store }) })
        }
        let desk = await begin()
        let seq = 0
        let received = { lamp: 0, phone: 0 }

        const check = async (more: { atLeast: number; atMost: number }): Promise<void> => {
          await clock.advance(0)
          const ledger = desk.delivery.ledger()
          const rows = (await desk.store.list('outbox', { prefix: 'row/' })).map(([, json]) => JSON.parse(String(json)) as { target: string })
          const dead = await desk.delivery.deadLetters({ limit: 100 })
          const events = (await desk.told()) as { type: string; data: { target: string; cause?: string } }[]
          for (const name of ['lamp', 'phone'] as const) {
            const line = ledger[name]!
            expect(sum(line)).toBe(line.received)
            expect(line.received - received[name]).toBeGreaterThanOrEqual(more.atLeast)
            expect(line.received - received[name]).toBeLessThanOrEqual(more.atMost)
            expect(rows.filter(({ target }) => target === name)).toHaveLength(line.queued)
            expect(dead.filter(({ target }) => target === name)).toHaveLength(line.deadLettered)
            expect(line.queued).toBeLessThanOrEqual(5)
            expect(line.deadLettered).toBeLessThanOrEqual(3)
            const told = events.filter(({ data }) => data.target === name)
            expect(told.filter(({ type }) => type === 'limen.delivery.delivered')).toHaveLength(line.delivered)
            const dropped = told.filter(({ type }) => type === 'limen.delivery.dropped').map(({ data }) => data.cause)
            expect(Object.fromEntries(Object.keys(line.dropped).map((reason) => [reason, dropped.filter((cause) => cause === reason).length]))).toEqual(line.dropped)
            expect(dropped).toHaveLength(Object.values(line.dropped).reduce((a, b) => a + b, 0))
            expect(told.filter(({ type }) => type === 'limen.delivery.dead-lettered').length).toBeGreaterThanOrEqual(line.deadLettered)
            if (line.received > 0) expect(await desk.store.get('ledger', name)).toBe(JSON.stringify(line))
          }
          received = { lamp: ledger['lamp']!.received, phone: ledger['phone']!.received }
        }

        for (const step of script) {
          let more = { atLeast: 0, atMost: 0 }
          switch (step.do) {
            case 'raise':
              desk.happen('raised', { alarm: { id: `a${step.alarm}`, seq: ++seq, priority: step.priority } })
              more = { atLeast: 1, atMost: 1 }
              break
            case 'clear':
              desk.happen('cleared', { alarm: { id: `a${step.alarm}`, seq: ++seq, priority: step.priority } })
              more = { atLeast: 0, atMost: 1 }
              break
            case 'wait':
              await clock.advance(step.ms)
              break
            case 'crash':
              desk = await begin(desk.store.crash())
              break
            case 'crash-uncommitted':
              desk.happen('raised', { alarm: { id: 'a1', seq: ++seq } })
              desk = await begin(desk.store.crash())
              break
            case 'fail-commit':
              desk.store.failNextCommit(new Error('disk'))
              desk.happen('raised', { alarm: { id: 'a2', seq: ++seq } })
              await Promise.resolve()
              await desk.delivery.restore(desk.store)
              break
            case 'redrive':
            case 'discard':
              for (const { id } of await desk.delivery.deadLetters({ limit: 1 })) {
                await (step.do === 'redrive' ? desk.delivery.redrive(id, 'ann') : desk.delivery.discard(id, 'ann', 'seen'))
              }
              break
          }
          await check(more)
        }
        for (const targets of lives) for (const { overlaps } of Object.values(targets)) expect(overlaps).toEqual([])
      }),
      { numRuns: 300 },
    )
  })
})
