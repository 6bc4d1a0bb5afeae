/** Sliding windows over times in rising order (ms). A window of width w at t is (t − w, t]. */

/** The most that were ever in one window. */
export function peakIn(times: readonly number[], widthMs: number): number {
  let peak = 0
  let first = 0
  for (const [index, time] of times.entries()) {
    while (times[first]! <= time - widthMs) first++
    peak = Math.max(peak, index - first + 1)
  }
  return peak
}

export interface Flood { readonly from: number; readonly to: number; readonly alarms: number }

export const floodWindowMs = 600_000
const startsAt = 10
const endsBelow = 5

/**
 * Begins at the alarm that is the tenth of its last ten minutes, and ends when fewer than five are left in them, at the latest at
 * `end`. Its alarms are those of the window that began it and all that followed, none of them counted for two floods.
 */
export function floodsIn(times: readonly number[], end: number): Flood[] {
  const floods: Flood[] = []
  let open: { readonly from: number; readonly first: number } | undefined
  let first = 0
  let counted = 0
  /** When, with `count` alarms so far, fewer than five are left: as the fifth from the end falls out of the window. */
  const ebb = (count: number): number => times[count - endsBelow]! + floodWindowMs
  const close = (count: number): void => {
    floods.push({ from: open!.from, to: Math.min(ebb(count), end), alarms: count - open!.first })
    open = undefined
    counted = count
  }
  for (const [index, time] of times.entries()) {
    if (open !== undefined && ebb(index) < time) close(index)
    while (times[first]! <= time - floodWindowMs) first++
    if (open === undefined && index - first + 1 >= startsAt) open = { from: time, first: Math.max(first, counted) }
  }
  if (open !== undefined) close(times.length)
  return floods
}

/** Nearest rank; null where there is nothing. `values` in rising order, `p` in (0, 1]. */
export function nearestRank(values: readonly number[], p: number): number | null {
  return values[Math.max(0, Math.ceil(p * values.length) - 1)] ?? null
}
