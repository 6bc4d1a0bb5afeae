import { capacityFor, isSpacious } from './capacity.ts'

/** Numbers in rising order, any number of each, in blocks, so that no more than one block is moved for any of them. Plain data. */
export interface Sorted {
  /** None is empty. */
  readonly blocks: Block[]
  count: number
}

interface Block {
  values: Float64Array
  count: number
}

const largestBlock = 4_096

export const createSorted = (): Sorted => ({ blocks: [], count: 0 })

/** Takes over the array. */
export function sortedOf(values: Float64Array): Sorted {
  values.sort()
  if (values.length <= largestBlock) return { blocks: values.length === 0 ? [] : [{ values, count: values.length }], count: values.length }
  const size = largestBlock >> 1
  const blocks = Array.from({ length: Math.ceil(values.length / size) }, (_, i) => values.slice(i * size, (i + 1) * size)).map((part) => ({ values: part, count: part.length }))
  return { blocks, count: values.length }
}

export function insertSorted(sorted: Sorted, value: number): void {
  const { blocks } = sorted
  if (blocks.length === 0) blocks.push({ values: new Float64Array(capacityFor(0)), count: 0 })
  const i = blockOf(sorted, value)
  const block = blocks[i]!
  if (block.count === block.values.length) resize(block, capacityFor(block.count))
  const at = positionAfter(block, value)
  block.values.copyWithin(at + 1, at, block.count)
  block.values[at] = value
  block.count++
  sorted.count++
  if (block.count > largestBlock) split(blocks, i)
}

/** Takes one of this value out; there must be one. */
export function removeSorted(sorted: Sorted, value: number): void {
  const { blocks } = sorted
  const i = blockOf(sorted, value)
  const block = blocks[i]!
  const at = positionAfter(block, value)
  block.values.copyWithin(at - 1, at, block.count)
  block.count--
  sorted.count--
  const next = blocks[i + 1]
  if (block.count === 0) blocks.splice(i, 1)
  else if (next !== undefined && block.count + next.count <= largestBlock >> 1) merge(blocks, i)
  else if (isSpacious(block.values.length, block.count)) resize(block, capacityFor(block.count))
}

/** The one with so many before it; 0 ≤ rank < count. */
export function atRank({ blocks }: Sorted, rank: number): number {
  let before = 0
  for (const block of blocks) {
    if (rank < before + block.count) return block.values[rank - before]!
    before += block.count
  }
  return Number.NaN
}

/** A copy, without slack. */
export function sortedValues({ blocks, count }: Sorted): Float64Array {
  const values = new Float64Array(count)
  let before = 0
  for (const block of blocks) {
    values.set(block.values.subarray(0, block.count), before)
    before += block.count
  }
  return values
}

/** The last block that begins with this value or a smaller one; else the first. */
function blockOf({ blocks }: Sorted, value: number): number {
  let low = 0
  let high = blocks.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const block = blocks[middle]!
    if (block.count > 0 && block.values[0]! <= value) low = middle + 1
    else high = middle
  }
  return Math.max(0, low - 1)
}

/** Behind the last that is not greater: equal ones, of which a quiet series has many, are not moved for each other. */
function positionAfter({ values, count }: Block, value: number): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (values[middle]! <= value) low = middle + 1
    else high = middle
  }
  return low
}

function split(blocks: Block[], i: number): void {
  const block = blocks[i]!
  const half = block.count >> 1
  const upper: Block = { values: block.values.slice(half, block.count), count: block.count - half }
  block.count = half
  resize(block, capacityFor(half))
  blocks.splice(i + 1, 0, upper)
}

function merge(blocks: Block[], i: number): void {
  const [block, next] = [blocks[i]!, blocks[i + 1]!]
  const count = block.count + next.count
  resize(block, capacityFor(count))
  block.values.set(next.values.subarray(0, next.count), block.count)
  block.count = count
  blocks.splice(i + 1, 1)
}

function resize(block: Block, capacity: number): void {
  const values = new Float64Array(capacity)
  values.set(block.values.subarray(0, block.count))
  block.values = values
}
