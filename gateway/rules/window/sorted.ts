/**
 * Numbers in rising order, any number of each. They stand in blocks, so that no more than one is moved for any of them, and
 * growing leaves nothing to be collected. Plain data.
 */
export interface Sorted {
  /** None is empty, or has less room than the others, but one that is alone. */
  readonly blocks: Block[]
  count: number
}

interface Block {
  values: Float64Array
  count: number
}

const largestBlock = 512
/** Two that have no more than this together become one; one that has no more than this takes from a full neighbour. */
const wellFilled = (largestBlock * 7) >> 3
const smallest = 8

export const createSorted = (): Sorted => ({ blocks: [], count: 0 })

/** Sorts the array. */
export function sortedOf(values: Float64Array): Sorted {
  values.sort()
  if (values.length <= largestBlock) return { blocks: values.length === 0 ? [] : [{ values, count: values.length }], count: values.length }
  const blocks: Block[] = []
  for (let from = 0; from < values.length; from += wellFilled) {
    const part = values.subarray(from, from + wellFilled)
    const block: Block = { values: new Float64Array(largestBlock), count: part.length }
    block.values.set(part)
    blocks.push(block)
  }
  return { blocks, count: values.length }
}

export function insertSorted(sorted: Sorted, value: number): void {
  const { blocks } = sorted
  if (blocks.length === 0) blocks.push({ values: new Float64Array(smallest), count: 0 })
  const i = blockOf(sorted, value)
  if (blocks[i]!.count === blocks[i]!.values.length) makeRoom(blocks, i)
  const block = blocks[blockOf(sorted, value)]!
  const at = positionAfter(block, value)
  block.values.copyWithin(at + 1, at, block.count)
  block.values[at] = value
  block.count++
  sorted.count++
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
  if (block.count === 0 && blocks.length > 1) blocks.splice(i, 1)
  else if (i + 1 < blocks.length && block.count + blocks[i + 1]!.count <= wellFilled) merge(blocks, i)
  else if (i > 0 && block.count + blocks[i - 1]!.count <= wellFilled) merge(blocks, i - 1)
}

/** The one with so many before it; 0 ≤ rank < count. Looked for from the nearer end. */
export function atRank({ blocks, count }: Sorted, rank: number): number {
  if (rank * 2 < count) {
    let before = 0
    for (let i = 0; ; i++) {
      const block = blocks[i]!
      if (rank < before + block.count) return block.values[rank - before]!
      before += block.count
    }
  }
  let before = count
  for (let i = blocks.length - 1; ; i--) {
    const block = blocks[i]!
    before -= block.count
    if (rank >= before) return block.values[rank - before]!
  }
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
  let low = 1
  let high = blocks.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (blocks[middle]!.values[0]! <= value) low = middle + 1
    else high = middle
  }
  return low - 1
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

/** In a block that is full: it grows, or gives of what it has to a neighbour, or to a new one. */
function makeRoom(blocks: Block[], i: number): void {
  const block = blocks[i]!
  if (block.count < largestBlock) return grow(block, Math.min(largestBlock, block.count * 2))
  const [previous, next] = [blocks[i - 1], blocks[i + 1]]
  if (next !== undefined && next.count <= wellFilled) giveUp(block, next, (block.count - next.count) >> 1)
  else if (previous !== undefined && previous.count <= wellFilled) giveDown(block, previous, (block.count - previous.count) >> 1)
  else {
    // Two that are full become three of two thirds; one that is alone two halves.
    const added: Block = { values: new Float64Array(largestBlock), count: 0 }
    blocks.splice(i + 1, 0, added)
    giveUp(block, added, next === undefined ? block.count >> 1 : Math.floor(block.count / 3))
    if (next !== undefined) giveDown(next, added, Math.floor(next.count / 3))
  }
}

/** Its greatest so many go to the one above. */
function giveUp(block: Block, above: Block, count: number): void {
  grow(above, largestBlock)
  above.values.copyWithin(count, 0, above.count)
  above.values.set(block.values.subarray(block.count - count, block.count))
  above.count += count
  block.count -= count
}

/** Its smallest so many go to the one below. */
function giveDown(block: Block, below: Block, count: number): void {
  grow(below, largestBlock)
  below.values.set(block.values.subarray(0, count), below.count)
  below.count += count
  block.values.copyWithin(0, count, block.count)
  block.count -= count
}

function merge(blocks: Block[], i: number): void {
  giveDown(blocks[i + 1]!, blocks[i]!, blocks[i + 1]!.count)
  blocks.splice(i + 1, 1)
}

function grow(block: Block, size: number): void {
  if (block.values.length >= size) return
  const values = new Float64Array(size)
  values.set(block.values.subarray(0, block.count))
  block.values = values
}
