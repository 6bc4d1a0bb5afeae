import { leastStaleMs, staleAfterMs } from './cadence.ts'
import type { RuleRuntime, SeriesState } from './cell.ts'
import { createLateness } from './lateness.ts'

export function createSeriesState(device: string, metric: string): SeriesState {
  return {
    device, metric, cells: [], feeds: [], awaits: false, last: null, lateness: createLateness(), newestMs: -Infinity, cadence: null, lastAt: -Infinity, stale: false, sensor: null, flat: null, faults: 0, off: false,
  }
}

/** How long this series' last value stands by default; undefined while that cannot be told. */
export function defaultStaleMs({ cadence }: SeriesState): number | undefined {
  return cadence === null ? undefined : staleAfterMs(cadence)
}

/** The least time a good value of this rule's stands. */
export function leastStaleOf({ rule, condition }: Pick<RuleRuntime, 'rule' | 'condition'>): number {
  return condition.form === 'signal' && condition.expires ? (rule.staleMs ?? leastStaleMs) : Infinity
}
