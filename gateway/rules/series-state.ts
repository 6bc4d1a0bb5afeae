import { staleAfterMs } from './cadence.ts'
import type { SeriesState } from './cell.ts'
import { createLateness } from './lateness.ts'

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
