import { capacityFor, isSpacious } from './capacity.ts'

/**
 * Samples in the order of their event times, those of one time in the order they came; the oldest leave first. Two columns
 * that go round: 12 bytes a sample, 4 where the values do not matter. Plain data. Nothing in it may be 49 days younger than the oldest.
 */
export interface Samples {
  /** Wall ms, whole; the offsets count from it. */
  base: number
  head: number
  count: number
  offsets: Uint32Array
  values: Float64Array | null
}

/** What is kept of them: without slack, counted from the oldest. */
export interface SavedSamples {
  readonly base: number
  readonly offsets: Uint32Array
  readonly values: Float64Array | null
}

export const longestSpanMs = 0xffff_ffff

export function createSamples(withValues = true): Samples {
  return { base: 0, head: 0, count: 0, offsets: new Uint32Array(0), values: withValues ? new Float64Array(0) : null }
}

export function timeAt(samples: Samples, i: number): number {
  return samples.base + samples.offsets[slotOf(samples, i)]!
}

export function valueAt(samples: Samples, i: number): number {
  return samples.values![slotOf(samples, i)]!
}

/** `time` is whole ms. */
export function addSample(samples: Samples, time: number, value: number): void {
  const { count } = samples
  if (count === 0) samples.base = time
  else if (time < samples.base || time - samples.base > longestSpanMs) rebase(samples, Math.min(time, timeAt(samples, 0)))
  if (count === samples.offsets.length) resize(samples, capacityFor(count))
  // Nearly always the newest; a late one moves those that are newer, which came within the lateness.
  let i = count
  const offset = time - samples.base
  for (; i > 0 && samples.offsets[slotOf(samples, i - 1)]! > offset; i--) move(samples, i - 1, i)
  const slot = slotOf(samples, i)
  samples.offsets[slot] = offset
  if (samples.values !== null) samples.values[slot] = value
  samples.count = count + 1
}

export function dropOldest(samples: Samples): void {
  samples.head = slotOf(samples, 1)
  samples.count--
  if (isSpacious(samples.offsets.length, samples.count)) resize(samples, capacityFor(samples.count))
}

export function saveSamples(samples: Samples): SavedSamples {
  const { count } = samples
  const base = count === 0 ? 0 : timeAt(samples, 0)
  const offsets = new Uint32Array(count)
  for (let i = 0; i < count; i++) offsets[i] = timeAt(samples, i) - base
  return { base, offsets, values: samples.values === null ? null : valuesOf(samples) }
}

/** Takes over what was saved. */
export function loadSamples({ base, offsets, values }: SavedSamples): Samples {
  return { base, head: 0, count: offsets.length, offsets, values }
}

/** A copy, oldest first. */
export function valuesOf(samples: Samples): Float64Array {
  return Float64Array.from({ length: samples.count }, (_, i) => valueAt(samples, i))
}

function slotOf({ head, offsets }: Samples, i: number): number {
  const slot = head + i
  return slot < offsets.length ? slot : slot - offsets.length
}

function move(samples: Samples, from: number, to: number): void {
  const [source, target] = [slotOf(samples, from), slotOf(samples, to)]
  samples.offsets[target] = samples.offsets[source]!
  if (samples.values !== null) samples.values[target] = samples.values[source]!
}

function rebase(samples: Samples, base: number): void {
  const shift = samples.base - base
  for (let i = 0; i < samples.count; i++) samples.offsets[slotOf(samples, i)]! += shift
  samples.base = base
}

function resize(samples: Samples, capacity: number): void {
  const { head, count } = samples
  const copy = <Column extends Uint32Array | Float64Array>(from: Column, to: Column): Column => {
    const untilEnd = Math.min(count, from.length - head)
    to.set(from.subarray(head, head + untilEnd))
    to.set(from.subarray(0, count - untilEnd), untilEnd)
    return to
  }
  samples.offsets = copy(samples.offsets, new Uint32Array(capacity))
  if (samples.values !== null) samples.values = copy(samples.values, new Float64Array(capacity))
  samples.head = 0
}
