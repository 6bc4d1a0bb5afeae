import type { Transition } from '../kernel/alarm.ts'
import type { Cancel, Clock } from '../kernel/clock.ts'
import type { Delivery, DeliveryDesk, DeliveryOutcome, StoreReader, StoreWriter, TechnicalCondition } from '../kernel/contracts.ts'
import { LimenError, asError } from '../kernel/errors.ts'
import type { CloudEvent, NewEvent } from '../kernel/event.ts'
import { digest } from '../kernel/hash.ts'
import type { Logger } from '../kernel/log.ts'
import type { MetricSource } from '../kernel/metric.ts'
import type { QueueState } from '../kernel/queue.ts'
import { fullJitterMs } from '../kernel/retry.ts'
import { createChannels } from './channels.ts'
import { createDeliveryCondition } from './condition.ts'
import { createDeadLetters } from './dead-letters.ts'
import { createExpiry } from './expiry.ts'
import { createDeliveryJournal, toldOf } from './journal.ts'
import { createLedger } from './ledger.ts'
import { deliveryMetrics } from './metrics.ts'
import { meaningOf, notifyTargets } from './notify.ts'
import { createOutbox } from './outbox.ts'
import { type Attempt, type Row, type RowKind, type StoredRow, indexOf, lifetimeMs, lightOf } from './row.ts'
import { type TargetEntry, type Worker, createWorker } from './worker.ts'

export interface DeliveryOptions {
  /** Rows that may wait per target; the overflow policy is in outbox.ts. Default 100,000. */
  readonly outboxLimit?: number
  /** Dead letters kept per target; beyond it the oldest is dropped and counted. Default 10,000. */
  readonly deadLetterLimit?: number
  /** How long stop() waits for calls under way before it aborts them. Default 2 s. */
  readonly stopGraceMs?: number
}

export interface DeliveryDeps {
  readonly store: StoreWriter & StoreReader
  readonly clock: Clock
  readonly logger: Logger
  /** By name. */
  readonly targets: ReadonlyMap<string, TargetEntry>
  /** [0, 1), for jitter. */
  readonly random: () => number
  /** `limen.delivery.*`, what became of each notification of an alarm; in the current batch. */
  readonly emit: (event: NewEvent) => void
  /** `technical.delivery`: a high-priority alarm has no living channel; `technical.dead-letters`. Called at changes and after each start. */
  readonly onCondition: (condition: TechnicalCondition) => void
}

export interface DeliveryRoom extends DeliveryDesk {
  /** In the turn of the transition; `event` is its CloudEvent. Writes outbox rows and ledger into the current batch; sends after the commit. */
  onTransition(transition: Transition, event: CloudEvent): void
  /**
   * Something that another room tried to send in vain, straight to the dead letters of a target of this room, which can send
   * it again. In the current batch. Throws STORE_FAILED while state is rebuilt.
   */
  deposit(letter: { readonly target: string; readonly event: CloudEvent; readonly idempotencyKey: string; readonly cause: string; readonly answer: string }): void
  /** No outcome is written any more until `restore`: a commit failed, and what is in memory may not be true. */
  suspend(): void
  /** Replaces what is in memory by what the store holds: before start(), and after a commit that failed. */
  restore(store: StoreReader): Promise<void>
  start(): Promise<void>
  /** Ends the calls under way; what is not delivered stays in the outbox. */
  stop(): Promise<void>
  /** How each target's queue stands. */
  readonly queues: () => Iterable<QueueState>
  metrics: MetricSource
}

/** When the store could not be read. */
const readAgainMs = 5_000
/** After a failed commit the pipeline is closed for a moment; conditions told then would be lost. */
const tellAgainMs = 1_000

/**
 * Owns outbox, order, time-outs, retries, dead letters and ledger of every target.
 * At least once: a kill at any point leads to another attempt under the same idempotency key, never to a loss.
 */
export function createDelivery(options: DeliveryOptions, deps: DeliveryDeps): DeliveryRoom {
  const { store, clock, logger } = deps
  const workers = new Map<string, Worker>()
  const ledger = createLedger({ targets: deps.targets.keys() }, { store })
  const channels = createChannels()
  const journal = createDeliveryJournal(deps)
  const outbox = createOutbox(
    { limit: options.outboxLimit ?? 100_000 },
    { store, clock, logger, ledger, channels, journal, isBusy: (target, alarmId) => workers.get(target)?.isBusy(alarmId) ?? false },
  )
  const deadLetters = createDeadLetters(
    { limit: options.deadLetterLimit ?? 10_000 },
    {
      store, ledger, channels, journal, logger,
      isTarget: (name) => deps.targets.has(name),
      requeue: (row) => outbox.enqueue({ ...row, expiresAt: clock.wall() + lifetimeMs(row.priority) }, () => wake(row.target)),
      changed: () => condition.look(),
      settled: () => restored,
    },
  )
  const condition = createDeliveryCondition({ channels, deadLetters: () => deadLetters.waiting(), onCondition: deps.onCondition })
  const expiry = createExpiry({ clock, outbox, failed, expire: (row) => bury(row, 'expired').then(() => condition.look()) })
  /** Pending while state is rebuilt; outcomes wait for it. */
  let restored: Promise<void> = Promise.resolve()
  /** Set while it is. */
  let endSuspension: (() => void) | undefined
  let running = false
  let cancelTell: Cancel | undefined

  for (const [name, entry] of deps.targets) {
    workers.set(name, createWorker(name, entry, {
      clock, logger,
      lane: () => outbox.lane(name),
      load: async (row) => {
        const stored = await outbox.load(row)
        return stored === undefined ? undefined : deliveryOf(row, stored)
      },
      expired: (row) => {
        if (row.expiresAt > clock.wall()) return false
        bury(row, 'expired').then(() => condition.look(), failed)
        return true
      },
      settle,
    }))
  }

  function wake(target: string): void {
    workers.get(target)?.pump()
    if (running) expiry.arm()
  }

  function onTransition(transition: Transition, event: CloudEvent): void {
    const { alarm } = transition
    switch (meaningOf(transition)) {
      case 'raise': {
        const targets = notifyTargets(transition)
        for (const { target, resolved } of targets) enqueue({ kind: 'raise', target, resolved, channels: targets.length }, transition, event)
        return
      }
      case 'resolve':
        withdraw(alarm.id)
        for (const target of outbox.openTargets(alarm.id)) enqueue({ kind: 'clear', target, resolved: true, channels: 1 }, transition, event)
        return
      case 'withdraw':
        return withdraw(alarm.id)
      case 'none':
        return
    }
  }

  function enqueue(what: { kind: RowKind; target: string; resolved: boolean; channels: number }, { alarm }: Transition, event: CloudEvent): void {
    const { target } = what
    const idempotencyKey = digest(alarm.id, alarm.occurrence, alarm.seq, target)
    if (!deps.targets.has(target)) {
      // `limen check` refuses such a rule; a target can still vanish from the configuration of a later start.
      ledger.move(target, { received: 1, dropped: { reason: 'no-such-target', count: 1 } })
      journal.dropped({ target, alarmId: alarm.id, attempts: 0, told: toldOf(event, idempotencyKey) }, 'no-such-target')
      logger.warn({ target, rule: alarm.rule }, 'a rule notifies a target that is not configured')
      return
    }
    const createdAt = clock.wall()
    ledger.move(target, { received: 1, queued: 1 })
    outbox.enqueue({
      ...what, event, createdAt,
      alarmId: alarm.id,
      occurrence: alarm.occurrence,
      seq: alarm.seq,
      priority: alarm.priority,
      expiresAt: createdAt + lifetimeMs(alarm.priority),
      idempotencyKey,
    }, () => wake(target))
    store.urgent()
  }

  /** Raises that nobody has seen yet are not sent any more. */
  function withdraw(alarmId: string): void {
    for (const [target, lane] of outbox.lanes()) {
      for (const row of [...lane.rowsOf(alarmId)]) {
        if (row.kind !== 'raise' || row.mayBeSent) continue
        outbox.leave(row)
        channels.gone(row)
        ledger.move(target, { queued: -1, dropped: { reason: 'superseded', count: 1 } })
        journal.dropped(row, 'superseded')
      }
    }
  }

  async function settle(sent: Row, outcome: DeliveryOutcome): Promise<void> {
    await restored
    const row = outbox.lane(sent.target).byId(sent.id)
    if (row === undefined) return
    const at = new Date(clock.wall()).toISOString()
    switch (outcome.kind) {
      case 'accepted':
        outbox.leave(row)
        channels.delivered(row)
        ledger.move(row.target, { queued: -1, delivered: 1 })
        journal.delivered({ ...row, attempts: row.attempts + 1 }, outcome.answer ?? null)
        break
      case 'refused':
        await bury(row, outcome.reason, { at, answer: outcome.reason })
        break
      case 'retry': {
        const left = row.expiresAt - clock.wall()
        if (left <= 0) {
          await bury(row, 'expired', { at, answer: outcome.reason })
          break
        }
        const delayMs = Math.min(outcome.afterMs ?? fullJitterMs(row.attempts, deps.random), left)
        row.stage = 'leaving'
        await outbox.noteTry(row, { at, answer: outcome.reason }, clock.wall() + delayMs)
        row.dueAt = clock.monotonic() + delayMs
        row.stage = 'queued'
        outbox.lane(row.target).refresh(row.alarmId)
        break
      }
      default:
        outcome satisfies never
    }
    condition.look()
  }

  /** To the dead letters. */
  async function bury(row: Row, cause: string, last?: { at: string; answer: string }): Promise<void> {
    row.stage = 'leaving'
    outbox.lane(row.target).refresh(row.alarmId)
    const [stored, attempts] = await bodyOf(row)
    await restored
    // The state may have been rebuilt during the waits.
    const current = outbox.lane(row.target).byId(row.id)
    if (current === undefined) return
    outbox.leave(current)
    if (stored === undefined) {
      channels.gone(current)
      ledger.move(row.target, { queued: -1, dropped: { reason: 'unreadable', count: 1 } })
      journal.dropped(current, 'unreadable')
      logger.error({ id: row.id, target: row.target }, 'the body of a delivery is not in the store')
      return
    }
    const all = last === undefined ? attempts : [...attempts, last]
    journal.deadLettered({ ...current, attempts: all.length }, { cause, answer: all.at(-1)?.answer ?? null })
    deadLetters.add(current, stored, { cause, attempts: all, failedAt: clock.wall() })
    // The next of its order key may go.
    workers.get(row.target)?.pump()
  }

  async function bodyOf(row: Row): Promise<[StoredRow | undefined, readonly Attempt[]]> {
    try {
      const stored = await outbox.load(row)
      return [stored, await outbox.attempts(row, stored)]
    } catch (cause) {
      // The store cannot be read at the moment: it stays queued, and is looked at again.
      row.stage = 'queued'
      row.dueAt = clock.monotonic() + readAgainMs
      outbox.lane(row.target).refresh(row.alarmId)
      throw cause
    }
  }

  function suspend(): void {
    if (endSuspension !== undefined) return
    const { promise, resolve } = Promise.withResolvers<void>()
    restored = promise
    endSuspension = resolve
  }

  async function restore(reader: StoreReader): Promise<void> {
    suspend()
    try {
      channels.clear()
      await ledger.restore(reader)
      await outbox.restore(reader)
      await deadLetters.restore(reader)
    } finally {
      endSuspension?.()
      endSuspension = undefined
    }
    if (!running) return
    for (const worker of workers.values()) worker.pump()
    expiry.arm()
    cancelTell?.()
    cancelTell = clock.after(tellAgainMs, () => condition.tell())
  }

  function failed(thrown: unknown): void {
    logger.error({ err: asError(thrown) }, 'a delivery could not be moved to the dead letters')
  }

  return {
    onTransition,
    deposit({ target, event, idempotencyKey, cause, answer }) {
      if (endSuspension !== undefined) throw new LimenError('STORE_FAILED', 'state is being rebuilt', { remedy: 'try again' })
      const now = clock.wall()
      const id = outbox.takeId()
      // No alarm of anybody: low, so that it never counts as an unreachable channel.
      const row: StoredRow = { id, target, alarmId: target, kind: 'raise', occurrence: 1, seq: 1, priority: 'low', createdAt: now, expiresAt: now, resolved: false, channels: 1, idempotencyKey, event }
      ledger.move(target, { received: 1, queued: 1 })
      deadLetters.add(indexOf(lightOf(row), 'leaving', 0), row, { cause, attempts: [{ at: new Date(now).toISOString(), answer }], failedAt: now })
      condition.look()
    },
    suspend,
    restore,
    async start() {
      if (running) return
      running = true
      await Promise.all([...workers.values()].map((worker) => worker.start()))
      expiry.arm()
      condition.tell()
    },
    async stop() {
      if (!running) return
      running = false
      expiry.stop()
      cancelTell?.()
      await Promise.all([...workers.values()].map((worker) => worker.stop(options.stopGraceMs ?? 2_000)))
    },
    ledger: () => ledger.committed(),
    waiting(alarmId) {
      const toWallMs = clock.wall() - clock.monotonic()
      const rows = [...outbox.lanes()].flatMap(([, lane]) => lane.rowsOf(alarmId).filter(({ stage }) => stage !== 'uncommitted'))
      return rows.map(({ target, told, attempts, createdAt, dueAt, expiresAt }) => ({
        target, event: told?.event ?? null, attempts, createdAt: isoOf(createdAt), nextTryAt: isoOf(dueAt + toWallMs), expiresAt: isoOf(expiresAt),
      }))
    },
    deadLetters: (query) => deadLetters.list(query),
    redrive: (id, by) => deadLetters.redrive(id, by),
    discard: (id, by, why) => deadLetters.discard(id, by, why),
    queues: () => outbox.queues(),
    metrics: () => deliveryMetrics({ ledger: ledger.committed(), workers }),
  }
}

function isoOf(wallMs: number): string {
  return new Date(wallMs).toISOString()
}

function deliveryOf(row: Row, stored: { readonly event: CloudEvent; readonly idempotencyKey: string }): Delivery {
  return {
    id: row.id,
    target: row.target,
    orderKey: row.alarmId,
    idempotencyKey: stored.idempotencyKey,
    event: stored.event,
    attempt: row.attempts + 1,
    createdAt: row.createdAt,
  }
}
