import type { Cell } from './cell.ts'
import type { Cadence } from './cadence.ts'
import { staleAfterMs } from './cadence.ts'
import type { Lateness } from './lateness.ts'
import { createLateness } from './lateness.ts'

/** What the rules know of one metric of one device. Kept by name, so that it outlives a new numbering of series. */
export interface SeriesState {
  readonly device: string
  readonly metric: string
  /** The conditions its readings concern. */
  cells: readonly Cell[]
  readonly lateness: Lateness
  /** Where a rule leaves `stale` to the series. */
  cadence: Cadence | null
  /** Monotonic time of its last message, -Infinity before the first. */
  lastAt: number
  /** Its technical alarm is raised. */
  stale: boolean
  /** What the cadence said when it was last asked; comes back after a start. Infinity: irregular; undefined: too early to tell. */
  learnedMs: number | undefined
}

export function createSeriesState(device: string, metric: string): SeriesState {
  return { device, metric, cells: [], lateness: createLateness(), cadence: null, lastAt: -Infinity, stale: false, learnedMs: undefined }
}

/** How long this series' last value stands by default; undefined while that cannot be told. */
export function defaultStaleMs(series: SeriesState): number | undefined {
  return (series.cadence === null ? undefined : staleAfterMs(series.cadence)) ?? series.learnedMs
}

/** Has what the series taught changed so much that it must be remembered? */
export function learnedAnew(series: SeriesState, ms: number | undefined): boolean {
  const old = series.learnedMs
  if (ms === old || ms === undefined) return false
  if (old === undefined || old === Infinity || ms === Infinity) return true
  return ms > old * 1.25 || ms < old * 0.8
}
