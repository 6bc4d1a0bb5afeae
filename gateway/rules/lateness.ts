/**
 * The order of one series' samples, by the device's own time where it gives one. Level rules ignore a sample
 * older than the last they saw. A device's time is believed while it is within `maxSkewMs` of the receipt;
 * a clock that jumped (a battery changed, the time of day set right) must not silence its device.
 */
export interface Lateness {
  /** Event time of the last sample taken, -Infinity before the first. */
  lastTs: number
  /** Was that one further than the skew from its receipt? */
  lastSuspect: boolean
  /** Monotonic time of the last sample that was not. */
  trustedAt: number
  /** Event time on our own clock, moved when that is set: of the last sample with a time of its own, where that could be believed and nothing was taken since; -Infinity else. */
  timed: number
  /** The same of the last sample without one: when it was received. */
  untimed: number
}

export interface SampleTime {
  readonly ts: number
  readonly tsGiven: boolean
  readonly receivedAt: number
}

export const maxSkewMs = 60_000

export function createLateness(): Lateness {
  return { lastTs: -Infinity, lastSuspect: false, trustedAt: -Infinity, timed: -Infinity, untimed: -Infinity }
}

/** Is this sample older than the last one taken? If not, it is the last one now. `at` is its monotonic time of receipt. */
export function isLate(state: Lateness, sample: SampleTime, at: number): boolean {
  // Without a time of its own a sample is as old as its receipt, and those come in order.
  if (!sample.tsGiven) {
    if (sample.receivedAt < state.timed) return true
    state.timed = -Infinity
    state.untimed = sample.receivedAt
    return false
  }
  const skew = sample.ts - sample.receivedAt
  const suspect = skew > maxSkewMs || skew < -maxSkewMs
  if (!suspect && sample.ts < state.untimed) return true
  if (sample.ts < state.lastTs && older(state, sample, { suspect, at })) return true
  state.lastTs = sample.ts
  state.lastSuspect = suspect
  state.timed = suspect ? -Infinity : sample.ts
  if (!suspect) state.trustedAt = at
  return false
}

/** The wall clock was set by so much. */
export function moveLateness(state: Lateness, byMs: number): void {
  state.timed += byMs
  state.untimed += byMs
}

function older(state: Lateness, sample: SampleTime, { suspect, at }: { suspect: boolean; at: number }): boolean {
  if (suspect === state.lastSuspect) {
    // Both right: older indeed. Both wrong: older on the device's own time line, unless that has jumped.
    return !suspect || state.lastTs - sample.ts <= maxSkewMs
  }
  // The clock has been set right: a new time line begins.
  if (!suspect) return false
  // Far behind a clock that was right a moment ago: an old sample. Right no more for a while: the clock has gone wrong.
  return at - state.trustedAt <= maxSkewMs
}
