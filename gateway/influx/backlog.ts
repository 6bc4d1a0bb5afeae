import type { Clock } from '../kernel/clock.ts'

/** Marks nearer together than this are one. */
const grainMs = 100
const mostMarks = 64

export interface Backlog {
  /** What is in the log up to here was there before; how long is not known. */
  begin(position: number): void
  /** The log goes up to `position` now. */
  committed(position: number): void
  /** How long the first entry of the stretch has been in the log, to ~0.1 s, never too little; Infinity when it was there before this start. */
  ageMs(stretch: { readonly from: number; readonly to: number }): number
}

/** Remembers when the log grew, by monotonic time: a wall clock that jumps makes nothing look late. */
export function createBacklog(clock: Clock): Backlog {
  const marks: { position: number; readonly at: number }[] = []
  let origin = 0
  return {
    begin(position) {
      origin = position
    },
    committed(position) {
      const at = clock.monotonic()
      const newest = marks.at(-1)
      if (newest !== undefined && (at - newest.at < grainMs || marks.length === mostMarks)) newest.position = position
      else marks.push({ position, at })
    },
    ageMs({ from, to }) {
      if (from >= to) return 0
      if (from < origin) return Infinity
      while (marks.length > 0 && marks[0]!.position <= from) marks.shift()
      return marks.length === 0 ? Infinity : clock.monotonic() - marks[0]!.at
    },
  }
}
