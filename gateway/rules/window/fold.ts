import type { Value } from '../../kernel/reading.ts'
import { maxSamples } from './capacity.ts'
import type { ExactSum } from './exact-sum.ts'
import { addExact, addProduct, canonicalSum, meanOf, roundExact, varianceOf } from './exact-sum.ts'
import type { Sorted } from './sorted.ts'
import { atRank, createSorted, insertSorted, removeSorted, sortedOf, sortedValues } from './sorted.ts'

export const aggregateFns = ['count', 'sum', 'avg', 'min', 'max', 'stddev', 'p50', 'p95', 'p99'] as const
export type AggregateFn = (typeof aggregateFns)[number]

/** What is kept of the samples in one window: what its function needs, null what it does not. Plain data. */
export interface Tally {
  count: number
  readonly sum: ExactSum | null
  readonly squares: ExactSum | null
  readonly sorted: Sorted | null
}

export interface SavedTally {
  readonly count: number
  readonly sum: ExactSum | null
  readonly squares: ExactSum | null
  readonly sorted: Float64Array | null
}

export interface FoldOptions {
  readonly fn: AggregateFn
  /** Fewer samples than this: unknown. */
  readonly minCount: number
  /** Does the window slide, so that samples are taken out again? */
  readonly slides: boolean
}

/** A function of the samples in a window. Its result depends on these alone, not on the order in which they came and went. */
export interface Fold {
  /** Are the values needed, or only that there were samples? */
  readonly needsValues: boolean
  /** The number a sample counts with; undefined: it does not count. */
  numberOf(value: Value): number | undefined
  create(): Tally
  add(tally: Tally, x: number): void
  /** Only where the window slides. */
  remove(tally: Tally, x: number): void
  /** Of these numbers, which it may keep. */
  of(values: Float64Array | null, count: number): Tally
  /** Null: unknown. */
  result(tally: Tally): number | null
  save(tally: Tally): SavedTally
  load(saved: SavedTally): Tally
}

/** Greater ones are no measurements, and their squares would leave the range of numbers. */
const greatestNumber = 1e100

export function numberOf(value: Value): number | undefined {
  return typeof value === 'number' && value >= -greatestNumber && value <= greatestNumber ? value : undefined
}

export function createFold({ fn, minCount, slides }: FoldOptions, room = maxSamples): Fold {
  const sums = fn === 'sum' || fn === 'avg' || fn === 'stddev'
  const squares = fn === 'stddev'
  const sorts = !sums && fn !== 'count'
  // Where nothing is taken out, the outermost so far is all that counts.
  const outermost = !slides && (fn === 'min' || fn === 'max')

  function create(): Tally {
    return { count: 0, sum: sums ? [] : null, squares: squares ? [] : null, sorted: sorts ? createSorted() : null }
  }

  function add(tally: Tally, x: number): void {
    tally.count++
    if (tally.sum !== null) addExact(tally.sum, x)
    if (tally.squares !== null) addProduct(tally.squares, x, x)
    if (tally.sorted !== null) addSorted(tally.sorted, x)
  }

  function addSorted(sorted: Sorted, x: number): void {
    // What slides makes room itself.
    if (!slides && sorted.count === room) return
    insertSorted(sorted, x)
    if (outermost && sorted.count === 2) removeSorted(sorted, atRank(sorted, fn === 'min' ? 1 : 0))
  }

  function result(tally: Tally): number | null {
    const { count, sum, sorted } = tally
    if (count < minCount) return null
    if (fn === 'count') return count
    if (fn === 'sum') return roundExact(sum!)
    if (count === 0) return null
    if (fn === 'avg') return meanOf(count, sum!)
    if (fn === 'stddev') return count < 2 ? null : Math.sqrt(varianceOf(count, sum!, tally.squares!))
    if (fn === 'min') return atRank(sorted!, 0)
    if (fn === 'max') return atRank(sorted!, sorted!.count - 1)
    // Nearest rank: the smallest value that so many per cent do not exceed. Whole numbers until the division, which is then exact where it must be.
    return sorted!.count < count ? null : atRank(sorted!, Math.ceil((count * percents[fn]) / 100) - 1)
  }

  return {
    needsValues: fn !== 'count',
    numberOf: fn === 'count' ? () => 0 : numberOf,
    create,
    add,
    remove(tally, x) {
      tally.count--
      if (tally.sum !== null) addExact(tally.sum, -x)
      if (tally.squares !== null) addProduct(tally.squares, -x, x)
      if (tally.sorted !== null) removeSorted(tally.sorted, x)
    },
    of(values, count) {
      const tally = create()
      tally.count = count
      for (const x of tally.sum === null ? [] : values!) addExact(tally.sum!, x)
      for (const x of tally.squares === null ? [] : values!) addProduct(tally.squares!, x, x)
      return sorts ? { ...tally, sorted: sortedOf(values!) } : tally
    },
    result,
    save: ({ count, sum, squares: ofSquares, sorted }) => ({
      count,
      sum: sum && canonicalSum(sum),
      squares: ofSquares && canonicalSum(ofSquares),
      sorted: sorted && sortedValues(sorted),
    }),
    load: ({ sorted, ...saved }) => ({ ...saved, sorted: sorted && sortedOf(sorted) }),
  }
}

const percents = { p50: 50, p95: 95, p99: 99 } as const
