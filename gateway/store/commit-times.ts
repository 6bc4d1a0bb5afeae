import type { Clock } from '../kernel/clock.ts'

/** How long commits take, from the close of a batch until its callbacks may run. */
export interface CommitTimes {
  began(): void
  /** Stored or not. */
  ended(): void
  /** Of those that ended since the last time: the 99th percentile (nearest rank), 0 where none did. `runningMs`: of the one under way, 0 where none is. */
  readonly take: () => { readonly p99Ms: number; readonly runningMs: number }
}

/** Enough for a percentile; of a second with more the first ones count. */
const kept = 2_048

export function createCommitTimes(clock: Clock): CommitTimes {
  let taken: number[] = []
  let since: number | null = null
  return {
    began() {
      since = clock.monotonic()
    },
    ended() {
      if (since !== null && taken.length < kept) taken.push(clock.monotonic() - since)
      since = null
    },
    take() {
      const sorted = taken.sort((a, b) => a - b)
      taken = []
      return { p99Ms: sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0, runningMs: since === null ? 0 : clock.monotonic() - since }
    },
  }
}
