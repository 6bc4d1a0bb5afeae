import type { Reading, Value } from '../kernel/reading.ts'
import type { Stood, Surroundings } from './kind.ts'

/** The last value of one signal, as a condition over several keeps it. Plain data. */
export interface Slot {
  readonly device: string
  readonly metric: string
  value: Value
  unit: string | undefined
  /** False: the last sample was bad; that is unknown until a good one comes. */
  good: boolean
  /** Monotonic time of the last good sample. */
  goodAt: number
  /** It stood for too long, and that was said: once, whatever became of it (a series with its lead off is not stale as well). */
  spent?: boolean
}

/** Puts a sample into its slot. A bad one makes it unknown, and does not refresh its time. */
export function fillSlot(slot: Slot | null | undefined, { series, value, unit, quality }: Reading, at: number): Slot {
  const filled = slot ?? { device: series.device, metric: series.metric, value: null, unit: undefined, good: false, goodAt: at }
  filled.good = quality === 'good'
  if (!filled.good) return filled
  filled.value = value
  filled.unit = unit
  filled.goodAt = at
  if (filled.spent === true) filled.spent = false
  return filled
}

/** How a slot stands at a moment, and until when (monotonic ms) nothing is to be said of that if nothing comes. */
export interface Standing { readonly known: boolean; readonly until: number }

const isUnknown: Standing = { known: false, until: Infinity }

/** Times are whole milliseconds: so much more is older. */
const olderByMs = 1

export interface StandingContext {
  readonly maxAgeMs: number | undefined
  /** Where `maxAgeMs` is undefined: every value stands so long, and how much longer is only worked out when that has passed. */
  readonly leastMs?: number
  readonly at: number
  readonly around: Surroundings
}

/**
 * Does the slot's value stand? `maxAgeMs` undefined: as long as the series' values do, and when that is over the series is
 * told to be stale. What is exactly as old as `maxAge` still counts, as a row of the hour before does for 1 h; `stale` ends what it ends.
 */
export function standing(slot: Slot | null | undefined, { maxAgeMs, leastMs, at, around }: StandingContext): Standing {
  if (slot === null || slot === undefined || slot.goodAt <= around.offlineSince(slot.device)) return isUnknown
  // A bad value is none, and refreshes nothing: the series is stale when the good one before it would be.
  const known = slot.good
  if (slot.spent === true || (!known && maxAgeMs !== undefined)) return isUnknown
  if (maxAgeMs === undefined && leastMs !== undefined && slot.goodAt + leastMs > at) return { known, until: slot.goodAt + leastMs }
  const until = slot.goodAt + (maxAgeMs === undefined ? around.standsMs(slot.device, slot.metric) : maxAgeMs + olderByMs)
  if (until > at) return { known, until }
  if (maxAgeMs !== undefined) return isUnknown
  const again = around.expired(slot.device, slot.metric)
  slot.spent = again === Infinity
  return { known: false, until: again }
}

/** What stood when the gateway went down stands from now on anew. */
export function renewSlot(slot: Slot, at: number, stood: Stood): void {
  if (stood(slot)) slot.goodAt = at
}

/** A value is older by so much. */
export function ageSlot(slot: Slot | null | undefined, byMs: number): void {
  if (slot !== null && slot !== undefined) slot.goodAt -= byMs
}
