/**
 * Samples in the order of their event times, those of one time in the order they came; the oldest leave first. Two columns:
 * 12 bytes a sample, 4 where the values do not matter. They stand in chunks, so that growing copies nothing and leaves
 * nothing to be collected. Plain data. Nothing in it may be 49 days younger than the oldest.
 */
export interface Samples {
  /** Wall ms, whole; the offsets count from it. */
  base: number
  /** How many of the first chunk have left. */
  head: number
  count: number
  /** All of them of one size; one alone may be smaller. */
  readonly chunks: Chunk[]
  readonly withValues: boolean
}

interface Chunk {
  readonly offsets: Uint32Array
  readonly values: Float64Array | null
}

/** What is kept of them: without slack, counted from the oldest. */
export interface SavedSamples {
  readonly base: number
  readonly offsets: Uint32Array
  readonly values: Float64Array | null
}

const longestSpanMs = 0xffff_ffff
/** Samples in a chunk: 2 ** chunkBits. */
const chunkBits = 9
const chunkSize = 1 << chunkBits
const withinChunk = chunkSize - 1
const smallest = 8

export function createSamples(withValues = true): Samples {
  return { base: 0, head: 0, count: 0, chunks: [], withValues }
}

export function timeAt({ base, head, chunks }: Samples, i: number): number {
  const place = head + i
  return base + chunks[place >> chunkBits]!.offsets[place & withinChunk]!
}

export function valueAt({ head, chunks }: Samples, i: number): number {
  const place = head + i
  return chunks[place >> chunkBits]!.values![place & withinChunk]!
}

/** `time` is whole ms. */
export function addSample(samples: Samples, time: number, value: number): void {
  const { count } = samples
  if (count === 0) samples.base = time
  else if (time < samples.base || time - samples.base > longestSpanMs) rebase(samples, Math.min(time, timeAt(samples, 0)))
  makeRoom(samples)
  samples.count = count + 1
  // Nearly always the newest; a late one moves those that are newer, which came within the lateness.
  let i = count
  for (; i > 0 && timeAt(samples, i - 1) > time; i--) move(samples, i - 1, i)
  const place = samples.head + i
  const { offsets, values } = samples.chunks[place >> chunkBits]!
  offsets[place & withinChunk] = time - samples.base
  if (values !== null) values[place & withinChunk] = value
}

export function dropOldest(samples: Samples): void {
  samples.count--
  samples.head = samples.count === 0 ? 0 : samples.head + 1
  if (samples.count === 0) samples.chunks.length = Math.min(1, samples.chunks.length)
  else if (samples.head === chunkSize) {
    samples.chunks.shift()
    samples.head = 0
  }
}

/** All their times move by so much. */
export function moveSamples(samples: Samples, byMs: number): void {
  samples.base += Math.round(byMs)
}

export function saveSamples(samples: Samples): SavedSamples {
  const { count } = samples
  const base = count === 0 ? 0 : timeAt(samples, 0)
  const offsets = new Uint32Array(count)
  for (let i = 0; i < count; i++) offsets[i] = timeAt(samples, i) - base
  return { base, offsets, values: samples.withValues ? valuesOf(samples) : null }
}

export function loadSamples({ base, offsets, values }: SavedSamples): Samples {
  const samples = createSamples(values !== null)
  for (const [i, offset] of offsets.entries()) addSample(samples, base + offset, values?.[i] ?? 0)
  return samples
}

/** A copy, oldest first. */
export function valuesOf(samples: Samples): Float64Array {
  const values = new Float64Array(samples.count)
  for (let i = 0; i < values.length; i++) values[i] = valueAt(samples, i)
  return values
}

function move({ head, chunks }: Samples, from: number, to: number): void {
  const [source, target] = [chunks[(head + from) >> chunkBits]!, chunks[(head + to) >> chunkBits]!]
  target.offsets[(head + to) & withinChunk] = source.offsets[(head + from) & withinChunk]!
  if (target.values !== null) target.values[(head + to) & withinChunk] = source.values![(head + from) & withinChunk]!
}

/** For one more at the end. */
function makeRoom(samples: Samples): void {
  const { head, count, chunks } = samples
  const only = chunks.length === 1 ? chunks[0]! : undefined
  if (only !== undefined && only.offsets.length < chunkSize && head + count === only.offsets.length) {
    // A small one moves down as soon as half of it has left, else it grows.
    const target = head * 2 >= only.offsets.length ? only : createChunk(only.offsets.length * 2, samples.withValues)
    target.offsets.set(only.offsets.subarray(head, head + count))
    target.values?.set(only.values!.subarray(head, head + count))
    chunks[0] = target
    samples.head = 0
  } else if (head + count === chunks.length << chunkBits) chunks.push(createChunk(chunks.length === 0 ? smallest : chunkSize, samples.withValues))
}

function createChunk(size: number, withValues: boolean): Chunk {
  return { offsets: new Uint32Array(size), values: withValues ? new Float64Array(size) : null }
}

function rebase(samples: Samples, base: number): void {
  const shift = samples.base - base
  for (let place = samples.head; place < samples.head + samples.count; place++) samples.chunks[place >> chunkBits]!.offsets[place & withinChunk]! += shift
  samples.base = base
}
