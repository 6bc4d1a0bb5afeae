import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ExactSum } from '../../../gateway/rules/window/exact-sum.ts'
import { addExact, addProduct, canonicalSum, meanOf, roundExact, varianceOf } from '../../../gateway/rules/window/exact-sum.ts'

/** In units of 2^-1074, where every double is a whole number. */
function exactly(x: number): bigint {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, x)
  const bits = view.getBigUint64(0)
  const exponent = Number((bits >> 52n) & 0x7ffn)
  const fraction = bits & 0xf_ffff_ffff_ffffn
  const magnitude = exponent === 0 ? fraction : (fraction | (1n << 52n)) << BigInt(exponent - 1)
  return bits >> 63n === 1n ? -magnitude : magnitude
}
const total = (terms: readonly number[]): bigint => terms.reduce((sum, x) => sum + exactly(x), 0n)

function nextUp(x: number): number {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, x)
  view.setBigInt64(0, view.getBigInt64(0) + (x >= 0 ? 1n : -1n))
  return view.getFloat64(0)
}
const nextDown = (x: number): number => (x === 0 ? -5e-324 : -nextUp(-x))
const distance = (x: number, sum: bigint): bigint => (exactly(x) > sum ? exactly(x) - sum : sum - exactly(x))

const numbers = fc.array(fc.oneof(fc.double({ min: -1e100, max: 1e100, noNaN: true }), fc.double({ min: -1000, max: 1000, noNaN: true }), fc.integer({ min: -9, max: 9 })), { maxLength: 30 })

function sumOf(terms: readonly number[]): ExactSum {
  const sum: ExactSum = []
  for (const x of terms) addExact(sum, x)
  return sum
}

describe('an exact sum', () => {
  it('is exact, comes out as the nearest double, and has one form whatever its history', () => {
    fc.assert(fc.property(numbers, numbers, (terms, passing) => {
      const sum = sumOf([...passing, ...terms])
      for (const x of passing) addExact(sum, -x)
      const exact = total(terms)
      expect(total(sum)).toBe(exact)
      const rounded = roundExact(sum)
      for (const neighbour of [nextUp(rounded), nextDown(rounded)]) expect(distance(rounded, exact) <= distance(neighbour, exact)).toBe(true)
      expect(roundExact(sumOf(terms.toReversed()))).toBe(rounded)
      expect(canonicalSum(sum)).toEqual(canonicalSum(sumOf(terms.toSorted((a, b) => b - a))))
      expect(total(canonicalSum(sum))).toBe(exact)
    }), { numRuns: 2_000 })
  })

  it('has products in it without rounding', () => {
    const factor = fc.double({ min: -1e60, max: 1e60, noNaN: true }).filter((x) => x === 0 || Math.abs(x) > 1e-60)
    fc.assert(fc.property(factor, factor, (a, b) => {
      const sum: ExactSum = []
      addProduct(sum, a, b)
      expect(total(sum) << 1074n).toBe(exactly(a) * exactly(b))
    }), { numRuns: 2_000 })
  })

  it('gives the variance of numbers that hardly differ', () => {
    const values = [4, 7, 13, 16]
    for (const offset of [0, 1e9, 1e14]) {
      const squares: ExactSum = []
      for (const x of values) addProduct(squares, x + offset, x + offset)
      expect(varianceOf(4, sumOf(values.map((x) => x + offset)), squares)).toBe(30)
    }
  })

  it('has a mean between its least and its greatest, and that of numbers all alike is they', () => {
    expect(meanOf(3, sumOf([0.1, 0.1, 0.1]))).toBe(0.1)
    const some = fc.array(fc.oneof(fc.double({ min: -1e100, max: 1e100, noNaN: true }).filter((x) => x === 0 || Math.abs(x) > 1e-100), fc.integer({ min: -99, max: 99 }).map((x) => x / 10)), { minLength: 1, maxLength: 30 })
    fc.assert(fc.property(some, (terms) => {
      const mean = meanOf(terms.length, sumOf(terms))
      expect(mean).toBeGreaterThanOrEqual(Math.min(...terms))
      expect(mean).toBeLessThanOrEqual(Math.max(...terms))
      expect(meanOf(terms.length, sumOf(terms.map(() => terms[0]!)))).toBe(terms[0] === 0 ? 0 : terms[0])
    }))
  })
})
