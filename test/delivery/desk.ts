import type { TechnicalCondition } from '../../gateway/kernel/contracts.ts'
import type { Delivery, DeliveryOutcome, Target } from '../../gateway/kernel/contracts.ts'
import type { NewEvent } from '../../gateway/kernel/event.ts'
import type { AlarmEventName } from '../../gateway/kernel/alarm.ts'
import { silentLogger } from '../../gateway/kernel/log.ts'
import { type DeliveryOptions, createDelivery } from '../../gateway/delivery/delivery.ts'
import { type FakeClock, createFakeClock } from '../support/fake-clock.ts'
import { type MemoryStore, createMemoryStore } from '../support/memory-store.ts'
import { type Step, eventOf, makeRule, makeTransition, notify } from '../support/transitions.ts'

/** A target that answers as the test says, and remembers every call. */
export interface ScriptedTarget extends Target {
  readonly calls: Delivery[]
  /** What it answers; a function may take its time. Default: accepted. */
  answer: (delivery: Delivery, signal: AbortSignal) => DeliveryOutcome | Promise<DeliveryOutcome>
  /** Calls under way, and the most there ever were. */
  readonly load: { now: number; most: number }
  /** Order keys that were called concurrently. */
  readonly overlaps: string[]
}

export function scriptedTarget(answer: ScriptedTarget['answer'] = () => ({ kind: 'accepted' })): ScriptedTarget {
  const busy = new Set<string>()
  const target: ScriptedTarget = {
    calls: [], answer, load: { now: 0, most: 0 }, overlaps: [],
    async send(batch, signal) {
      const outcomes: DeliveryOutcome[] = []
      for (const delivery of batch) {
        if (busy.has(delivery.orderKey)) target.overlaps.push(delivery.orderKey)
        busy.add(delivery.orderKey)
        target.load.most = Math.max(target.load.most, ++target.load.now)
        target.calls.push(delivery)
        try {
          outcomes.push(await target.answer(delivery, signal))
        } finally {
          target.load.now--
          busy.delete(delivery.orderKey)
        }
      }
      return outcomes
    },
  }
  return target
}

export interface Desk {
  readonly clock: FakeClock
  readonly store: MemoryStore
  readonly delivery: ReturnType<typeof createDelivery>
  readonly conditions: TechnicalCondition[]
  /** The events of delivery that are on disk, oldest first. */
  told(): Promise<NewEvent[]>
  /** A transition whose rule notifies `targets` (default: all of the desk). */
  happen(event: AlarmEventName, step?: Step, targets?: readonly string[]): void
  /** `raised a1`, `cleared a1`: what the target was called with. */
  sent(target: string): string[]
}

export interface DeskSetup {
  readonly targets: Readonly<Record<string, ScriptedTarget>>
  readonly options?: DeliveryOptions
  readonly store?: MemoryStore
  readonly clock?: FakeClock
  readonly random?: () => number
}

/** Delivery on a memory store that commits by itself; started. */
export async function openDesk({ targets, options = {}, random = () => 0.5, ...given }: DeskSetup): Promise<Desk> {
  const clock = given.clock ?? createFakeClock()
  const store = given.store ?? createMemoryStore({ auto: true, clock })
  const conditions: TechnicalCondition[] = []
  const delivery = createDelivery(options, {
    store, clock, logger: silentLogger, random,
    targets: new Map(Object.entries(targets).map(([name, target]) => [name, { target, timeoutMs: 10_000 }])),
    onCondition: (condition) => conditions.push(condition),
    emit: (event) => void store.appendEvent({ specversion: '1.0', id: 'e', source: 'test', time: '2026-01-01T00:00:00.000Z', ...event }),
  })
  await delivery.restore(store)
  await delivery.start()
  return {
    clock, store, delivery, conditions,
    happen(event, step = {}, names = Object.keys(targets)) {
      const transition = makeTransition(event, { rule: makeRule({ then: names.map((name) => notify(name)) }), ...step })
      delivery.onTransition(transition, eventOf(transition))
    },
    async told() {
      const { entries } = await store.read({ after: 0, limit: 1e9, kinds: ['event'] })
      return entries.flatMap((entry) => (entry.kind === 'event' ? [{ type: entry.event.type, ...(entry.event.subject === undefined ? {} : { subject: entry.event.subject }), data: entry.event.data }] : []))
    },
    sent: (target) => targets[target]!.calls.map(({ event, orderKey }) => `${event.type.replace('limen.alarm.', '')} ${orderKey}`),
  }
}
