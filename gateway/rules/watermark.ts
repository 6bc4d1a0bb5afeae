/** How much later than the newest a reading may come and still be in time (rules-and-alarms.md, "Late and out of order"). */
export const latenessMs = 5_000

/**
 * The order of one key's inputs by event time. The watermark is the greatest event time less the lateness; while nothing comes it
 * goes on with monotonic time, but only as far as somebody asked for it (a window that had to close). Plain data: it is part of the state.
 */
export interface Watermark {
  /** Greatest event time, wall ms; -Infinity before the first. */
  greatest: number
  /** Monotonic time at which that one came. */
  greatestAt: number
  /** The watermark as it was last advanced by time alone, wall ms; -Infinity: never. */
  advanced: number
}

export function createWatermark(): Watermark {
  return { greatest: -Infinity, greatestAt: 0, advanced: -Infinity }
}

/** The watermark in wall ms: what is older is late. */
export function watermarkOf({ greatest, advanced }: Watermark): number {
  return Math.max(greatest - latenessMs, advanced)
}

/** Takes an input of this event time (wall ms) that came at `at` (monotonic ms). False: it is late and not to be evaluated. */
export function takeTime(mark: Watermark, time: number, at: number): boolean {
  if (time < watermarkOf(mark)) return false
  if (time > mark.greatest) {
    mark.greatest = time
    mark.greatestAt = at
  }
  return true
}

/** Monotonic time at which the watermark, if nothing comes, reaches this event time. Never before it does by what has come. */
export function reachesAt({ greatest, greatestAt }: Watermark, time: number): number {
  return greatestAt + (time + latenessMs - greatest)
}

/** Time has passed without an input: the watermark is now where it would be at `at`. Gives it. */
export function advance(mark: Watermark, at: number): number {
  const idle = mark.greatest + (at - mark.greatestAt) - latenessMs
  if (idle > mark.advanced) mark.advanced = idle
  return watermarkOf(mark)
}

/** The wall clock was set by so much: that makes nothing late, and closes no window. */
export function moveWatermark(mark: Watermark, byMs: number): void {
  mark.greatest += byMs
  mark.advanced += byMs
}

/** The key's own "now" in event time, for windows that end there: the newest input, or the watermark where that has gone further. */
export function keyTime(mark: Watermark): number {
  return Math.max(mark.greatest, watermarkOf(mark))
}
