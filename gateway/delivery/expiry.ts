import type { Cancel, Clock } from '../kernel/clock.ts'
import { priorities } from '../kernel/priority.ts'
import type { Outbox } from './outbox.ts'
import type { Row } from './row.ts'

/** Longest time between two looks: the wall clock may jump. */
const longestLookMs = 60_000

/** Looks when the next row's time is over, and gives it to `expire`. */
export interface Expiry {
  /** Call when rows were added; harmless at any time. */
  arm(): void
  stop(): void
}

export interface ExpiryDeps {
  readonly clock: Clock
  readonly outbox: Pick<Outbox, 'lanes'>
  readonly expire: (row: Row) => Promise<void>
  readonly failed: (thrown: unknown) => void
}

export function createExpiry(deps: ExpiryDeps): Expiry {
  const { clock } = deps
  let cancel: Cancel | undefined
  let looking = false

  function arm(): void {
    if (cancel !== undefined || looking) return
    const delayMs = nextExpiry() - clock.wall()
    if (delayMs === Infinity) return
    cancel = clock.after(Math.min(Math.max(delayMs, 0), longestLookMs), () => {
      cancel = undefined
      looking = true
      look().catch(deps.failed).finally(() => {
        looking = false
        arm()
      })
    })
  }

  /** Rows of one priority live equally long, so the first of each lane and priority is the next to go. */
  function nextExpiry(): number {
    let next = Infinity
    for (const row of heads()) next = Math.min(next, row.expiresAt)
    return next
  }

  function* heads(): Iterable<Row> {
    for (const [, lane] of deps.outbox.lanes()) {
      for (const priority of priorities) {
        for (const row of lane.rows(priority)) {
          if (row.stage !== 'queued') continue
          yield row
          break
        }
      }
    }
  }

  async function look(): Promise<void> {
    const wallMs = clock.wall()
    for (const [, lane] of deps.outbox.lanes()) {
      for (const priority of priorities) {
        for (const row of lane.rows(priority)) {
          if (row.stage !== 'queued') continue
          if (row.expiresAt > wallMs) break
          await deps.expire(row)
        }
      }
    }
  }

  return {
    arm,
    stop() {
      cancel?.()
      cancel = undefined
    },
  }
}
