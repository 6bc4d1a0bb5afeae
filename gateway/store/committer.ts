import type { Cancel, Clock } from '../kernel/clock.ts'
import { asError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/log.ts'
import type { BatchBuilder, ClosedBatch, DiskCallback } from './batch.ts'
import type { CommitPolicy } from './commit-policy.ts'
import type { CommitAnswer } from './commit-thread.ts'
import { errorOf } from './commit-thread.ts'
import type { BatchMessage } from './protocol.ts'

/** Closes batches when the policy says so, one commit at a time, and tells who waits. */
export interface Committer {
  /** Something was put into the open batch: looked at when this turn of the event loop ends. */
  touched(): void
  answered(answer: CommitAnswer): void
  /** Nothing can be committed any more: whoever waits gets this error, and whoever comes too. */
  fail(error: Error): void
  /** Commits what is there, however little; resolves when nothing waits. */
  drain(): Promise<void>
  inFlightBytes(): number
}

export interface CommitterDeps {
  readonly clock: Clock
  /** Kept with each commit as its monotonic time. */
  readonly lastingMs: () => number
  readonly logger: Logger
  readonly builder: BatchBuilder
  readonly policy: CommitPolicy
  post(batch: BatchMessage): void
  /** On disk: before the callbacks of its batch. */
  committed(batch: BatchMessage, answer: Extract<CommitAnswer, { kind: 'committed' }>): void
  /** After the callbacks. */
  announced(batch: BatchMessage): void
  /** Gives the position the log goes on with. */
  notCommitted(answer: Extract<CommitAnswer, { kind: 'not-committed' }>): number
  /** Nothing of the failed batch and of what came since holds; called before their callbacks. Not when the failure is fatal. */
  lost(error: Error): void
}

/** A failed commit is followed by the next try after so long: each one makes everybody start anew. */
const afterFailureMs = 500

export function createCommitter(deps: CommitterDeps): Committer {
  const { clock, builder, policy, logger } = deps
  let inFlight: ClosedBatch | null = null
  let scheduled = false
  let cancelTimer: Cancel | null = null
  let failed: Error | null = null
  let drained: { promise: Promise<void>; resolve(): void } | null = null

  function tell(callbacks: readonly DiskCallback[], error: Error | null): void {
    for (const callback of callbacks) {
      try {
        callback(error)
      } catch (thrown) {
        logger.error({ error: asError(thrown).stack }, 'a callback after a commit failed')
      }
    }
  }

  function touched(): void {
    if (scheduled || inFlight !== null) return
    scheduled = true
    // After the poll phase: everything the sockets brought in this turn is in one batch.
    setImmediate(turnEnded)
  }

  function turnEnded(): void {
    scheduled = false
    closeIfDue()
  }

  function closeIfDue(): void {
    if (inFlight !== null) return
    if (failed !== null) return tell(builder.reset(1), failed)
    if (builder.isEmpty()) return settleEmpty()
    const now = clock.monotonic()
    const wait = drained !== null ? 0 : policy.waitMs({ urgent: builder.isUrgent(), payloadBytes: builder.payloadBytes() }, now)
    if (wait > 0) {
      cancelTimer ??= clock.after(wait, timerFired)
      return
    }
    cancelTimer?.()
    cancelTimer = null
    policy.began(now)
    inFlight = builder.close({ wallMs: clock.wall(), monotonicMs: deps.lastingMs() })
    deps.post(inFlight.message)
  }

  function timerFired(): void {
    cancelTimer = null
    closeIfDue()
  }

  /** Nothing to store, but somebody may wait for all that was stored before: it is. */
  function settleEmpty(): void {
    if (builder.hasCallbacks()) tell(builder.close({ wallMs: 0, monotonicMs: 0 }).callbacks, null)
    if (!builder.isEmpty() || builder.hasCallbacks()) return touched()
    drained?.resolve()
    drained = null
  }

  return {
    touched,
    answered(answer) {
      const batch = inFlight
      inFlight = null
      if (batch === null) return
      if (answer.kind === 'committed') {
        deps.committed(batch.message, answer)
        // The next one is on its way while the callbacks run; but they keep their order, and a drain waits for what they append.
        if (drained === null && !builder.isEmpty()) closeIfDue()
        tell(batch.callbacks, null)
        deps.announced(batch.message)
      } else {
        policy.holdUntil(clock.monotonic() + afterFailureMs)
        const since = builder.reset(deps.notCommitted(answer))
        const error = errorOf(answer.failure)
        if (answer.failure.kind !== 'fatal') deps.lost(error)
        tell(batch.callbacks, error)
        tell(since, error)
      }
      touched()
    },
    fail(error) {
      failed = error
      const batch = inFlight
      inFlight = null
      cancelTimer?.()
      cancelTimer = null
      if (batch !== null) tell(batch.callbacks, error)
      tell(builder.reset(1), error)
      drained?.resolve()
      drained = null
    },
    drain() {
      if (drained === null) {
        const { promise, resolve } = Promise.withResolvers<void>()
        drained = { promise, resolve }
        touched()
      }
      return drained.promise
    },
    inFlightBytes: () => (inFlight === null ? 0 : inFlight.payloadBytes),
  }
}
