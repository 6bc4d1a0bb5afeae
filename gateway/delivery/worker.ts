import type { Clock, Cancel } from '../kernel/clock.ts'
import type { Delivery, DeliveryOutcome, Target } from '../kernel/contracts.ts'
import { asError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/log.ts'
import type { Lane } from './lane.ts'
import type { Row } from './row.ts'

/** A target as the runner needs it. */
export interface TargetEntry {
  readonly target: Target
  /** A call that takes longer is aborted and tried again. */
  readonly timeoutMs: number
  /** Calls under way at the same time. Default 4. */
  readonly concurrency?: number
}

export interface WorkerDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly lane: () => Lane
  /** The body, from memory or disk; undefined where the row is gone. */
  readonly load: (row: Row) => Promise<Delivery | undefined>
  /** True: its time is over, and it is on its way to the dead letters. */
  readonly expired: (row: Row) => boolean
  /** Writes what became of it. Until it resolves, the order key stays taken and the call counts as under way. */
  readonly settle: (row: Row, outcome: DeliveryOutcome) => Promise<void>
}

/** Keeps up to `concurrency` calls to one target going. No other target waits for it. */
export interface Worker {
  start(): Promise<void>
  /** Ends calls under way: waits for them up to `graceMs`, then aborts them. */
  stop(graceMs: number): Promise<void>
  /** Sends what may be sent now. */
  pump(): void
  /** Is a call for this order key under way? */
  isBusy(alarmId: string): boolean
  attempts(): number
  /** Failed attempts since the last that succeeded. */
  failuresInARow(): number
}

/** From here on the target counts as down, and further attempts go one at a time, a second apart: 100,000 rows must not hammer a dead address. */
const failuresOfDownTarget = 8
const downGapMs = 1_000
/** A call that does not even end when aborted is left to itself after this. */
const abandonAfterMs = 2_000

export function createWorker(name: string, entry: TargetEntry, deps: WorkerDeps): Worker {
  const { clock } = deps
  const concurrency = entry.concurrency ?? 4
  const running = new Map<string, { readonly row: Row; readonly again: boolean; readonly abort: AbortController; readonly ended: Promise<void> }>()
  let started = false
  let stopping = false
  let attempts = 0
  let failures = 0
  let pausedUntil = -Infinity
  let nextAgainAt = -Infinity
  let wake: Cancel | undefined

  function pump(): void {
    wake?.()
    wake = undefined
    if (!started || stopping) return
    const lane = deps.lane()
    const now = clock.monotonic()
    // The server said when it wants to hear from us again (429, 503): that holds for everything it is sent.
    if (now < pausedUntil) return sleep(pausedUntil - now)
    while (running.size < concurrency) {
      const row = lane.next(now, mustSpare(now))
      if (row === undefined) break
      if (deps.expired(row)) continue
      begin(lane, row)
    }
    if (running.size >= concurrency) return
    const spared = failures >= failuresOfDownTarget && now < nextAgainAt ? nextAgainAt : Infinity
    const due = Math.min(lane.nextDue(), spared)
    if (due < Infinity) sleep(Math.max(due - now, 0))
  }

  /** Only first attempts, because the target is down and was asked a moment ago? */
  function mustSpare(now: number): boolean {
    return failures >= failuresOfDownTarget && (now < nextAgainAt || [...running.values()].some(({ again }) => again))
  }

  function sleep(delayMs: number): void {
    wake?.()
    wake = clock.after(delayMs, pump)
  }

  function begin(lane: Lane, row: Row): void {
    const again = row.attempts > 0
    if (again) nextAgainAt = clock.monotonic() + downGapMs
    row.stage = 'sending'
    row.mayBeSent = true
    attempts++
    const abort = new AbortController()
    // Taken before anything is awaited: never two calls for one order key.
    const ended = Promise.resolve().then(() => run(row, abort)).finally(() => {
      running.delete(row.alarmId)
      deps.lane().refresh(row.alarmId)
      pump()
    })
    running.set(row.alarmId, { row, again, abort, ended })
    lane.refresh(row.alarmId)
    ended.catch((thrown: unknown) => deps.logger.error({ err: asError(thrown), target: name }, 'the outcome of a delivery could not be written'))
  }

  async function run(row: Row, abort: AbortController): Promise<void> {
    const outcome = await call(row, abort)
    switch (outcome.kind) {
      case 'accepted':
        failures = 0
        break
      case 'refused':
        // It answers: it is not down.
        failures = 0
        break
      case 'retry':
        failures++
        if (outcome.afterMs !== undefined) pausedUntil = Math.max(pausedUntil, clock.monotonic() + outcome.afterMs)
        break
      default:
        outcome satisfies never
    }
    await deps.settle(row, outcome)
  }

  async function call(row: Row, abort: AbortController): Promise<DeliveryOutcome> {
    const cancels: Cancel[] = []
    try {
      const delivery = await deps.load(row)
      if (delivery === undefined) return { kind: 'refused', reason: 'its body is not in the store' }
      cancels.push(clock.after(entry.timeoutMs, () => abort.abort(new Error(`no answer within ${entry.timeoutMs} ms`))))
      const abandoned = new Promise<never>((_, reject) => {
        abort.signal.addEventListener('abort', () => cancels.push(clock.after(abandonAfterMs, () => reject(abort.signal.reason as Error))))
      })
      const [outcome] = await Promise.race([entry.target.send([delivery], abort.signal), abandoned])
      return outcome ?? { kind: 'retry', reason: 'the target gave no outcome' }
    } catch (thrown) {
      deps.logger.warn({ err: asError(thrown), target: name }, 'a target failed to say what became of a delivery')
      return { kind: 'retry', reason: asError(thrown).message }
    } finally {
      for (const cancel of cancels) cancel()
    }
  }

  return {
    async start() {
      if (started) return
      await entry.target.start?.()
      started = true
      stopping = false
      pump()
    },
    async stop(graceMs) {
      if (!started || stopping) return
      stopping = true
      wake?.()
      const all = Promise.allSettled([...running.values()].map(({ ended }) => ended))
      const cancel = clock.after(graceMs, () => {
        for (const { abort } of running.values()) abort.abort(new Error('the gateway is stopping'))
      })
      await all
      cancel()
      await entry.target.stop?.()
      started = false
    },
    pump,
    isBusy: (alarmId) => running.has(alarmId),
    attempts: () => attempts,
    failuresInARow: () => failures,
  }
}
