import type { Cancel, Clock } from '../kernel/clock.ts'
import type { RetentionPin } from '../kernel/contracts.ts'
import type { Logger } from '../kernel/log.ts'
import type { DroppedRange, RetainMessage } from './protocol.ts'
import type { RetainAnswer } from './commit-thread.ts'

export interface RetentionOptions {
  /** Age of readings, ms; Infinity: kept until the size asks. */
  readonly readingsMaxAgeMs: number
  readonly maxSizeBytes: number
}

/** Asks the commit worker for one step of retention now and then, and for the next at once while there is more. */
export interface RetentionSchedule {
  start(lastAliveWallMs: number | null): void
  stop(): void
  readonly pin: (pin: RetentionPin) => void
  answered(answer: RetainAnswer): void
  /** The size after a commit: a step at once when it is above the limit. */
  sized(sizeBytes: number): void
  removed(): { readonly removedEntries: number; readonly droppedEntries: number }
}

export interface RetentionScheduleDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly post: (message: RetainMessage) => void
}

const everyMs = 10_000
/** Between two steps of one run: commits come in between. */
const pauseMs = 20
/**
 * A wall clock that jumped ahead would make everything look old. Nothing goes by age until the jump has stood this long;
 * a clock set wrong and mended within it costs nothing.
 */
const settleMs = 3_600_000
const jumpMs = 3_600_000
/** A start after more than this is a jump too: a machine without a battery clock may come up years ahead. */
const longOffMs = 86_400_000

export function createRetentionSchedule(options: RetentionOptions, { clock, logger, post }: RetentionScheduleDeps): RetentionSchedule {
  const pins: RetentionPin[] = []
  let cancel: Cancel | null = null
  let running = false
  let asked = false
  let offset = 0
  let trustedFromMs = 0
  let removedEntries = 0
  let droppedEntries = 0

  /** The wall time before which readings go; -Infinity while the clock is not to be trusted. */
  function olderThan(): number {
    const now = clock.monotonic()
    const fresh = clock.wall() - now
    if (fresh - offset > jumpMs) {
      trustedFromMs = now + settleMs
      logger.warn({ jumpMs: Math.round(fresh - offset) }, 'the wall clock jumped ahead; nothing is removed by age for an hour')
    }
    offset = fresh
    return now < trustedFromMs ? -Infinity : clock.wall() - options.readingsMaxAgeMs
  }

  function ask(): void {
    cancel = null
    if (!running || asked) return
    asked = true
    const floor = pins.reduce((least, pin) => Math.min(least, pin.position()), Infinity)
    post({ kind: 'retain', olderThanMs: olderThan(), maxSizeBytes: options.maxSizeBytes, floor })
  }

  function arm(delayMs: number): void {
    cancel?.()
    cancel = running ? clock.after(delayMs, ask) : null
  }

  function tellPins(dropped: readonly DroppedRange[]): void {
    let most = 0
    const through = dropped.reduce((last, range) => Math.max(last, range.last), 0)
    for (const pin of pins) {
      const position = pin.position()
      const count = dropped.reduce((sum, range) => sum + (range.last <= position ? 0 : Math.min(range.entries, range.last - position)), 0)
      if (count > 0) pin.dropped(count, through)
      most = Math.max(most, count)
    }
    droppedEntries += most
    if (most > 0) logger.warn({ entries: most }, 'the store reached its size limit: entries went that not everybody had read')
  }

  return {
    start(lastAliveWallMs) {
      if (running) return
      running = true
      const now = clock.monotonic()
      offset = clock.wall() - now
      trustedFromMs = lastAliveWallMs !== null && clock.wall() - lastAliveWallMs > longOffMs ? now + settleMs : now
      arm(everyMs)
    },
    stop() {
      running = false
      cancel?.()
      cancel = null
    },
    pin(pin) {
      pins.push(pin)
    },
    answered(answer) {
      asked = false
      if (answer.kind === 'not-retained') {
        logger.warn({ code: answer.failure.code, reason: answer.failure.message }, 'a step of retention failed')
        return arm(everyMs)
      }
      removedEntries += answer.removedEntries
      if (answer.dropped.length > 0) tellPins(answer.dropped)
      arm(answer.more ? pauseMs : everyMs)
    },
    sized(sizeBytes) {
      if (running && !asked && sizeBytes > options.maxSizeBytes) ask()
    },
    removed: () => ({ removedEntries, droppedEntries }),
  }
}
