/** The last intervals between a series' messages, from which it is told how long its silence is normal. */
export interface Cadence {
  readonly intervals: Float64Array
  /** How many were seen, also beyond those kept. */
  seen: number
}

const kept = 20
const enough = 10
/** No series is stale by default before this. */
export const leastStaleMs = 30_000

export function createCadence(): Cadence {
  return { intervals: new Float64Array(kept), seen: 0 }
}

export function noteInterval(cadence: Cadence, ms: number): void {
  cadence.intervals[cadence.seen++ % kept] = ms
}

/**
 * How long the last good value stands where the rule does not say: for a regular series 3 × its median interval,
 * at least 30 s; regular = at least 10 intervals seen, and of the last 20 the 90th percentile (nearest rank) ≤ 2 × the median.
 * Infinity for an irregular one (a door contact); undefined while too few were seen to tell.
 */
export function staleAfterMs(cadence: Cadence): number | undefined {
  if (cadence.seen < enough) return undefined
  const sorted = cadence.intervals.slice(0, Math.min(cadence.seen, kept)).sort()
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
  const p90 = sorted[Math.ceil(0.9 * sorted.length) - 1]!
  return p90 <= 2 * median ? Math.max(leastStaleMs, 3 * median) : Infinity
}
