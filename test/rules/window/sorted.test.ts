import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { atRank, createSorted, insertSorted, removeSorted, sortedOf, sortedValues } from '../../../gateway/rules/window/sorted.ts'

describe('sorted numbers', () => {
  it('hold what was put in and not taken out', () => {
    fc.assert(fc.property(fc.array(fc.record({ value: fc.integer({ min: -5, max: 5 }), remove: fc.boolean() }), { maxLength: 80 }), (given) => {
      const sorted = createSorted()
      let expected: number[] = []
      for (const { value, remove } of given) {
        if (remove && expected.includes(value)) {
          removeSorted(sorted, value)
          expected = expected.toSpliced(expected.indexOf(value), 1)
        } else {
          insertSorted(sorted, value)
          expected = [...expected, value].sort((a, b) => a - b)
        }
        expect([...sortedValues(sorted)]).toEqual(expected)
        expect(expected.map((_, rank) => atRank(sorted, rank))).toEqual(expected)
      }
      expect(sortedValues(sortedOf(Float64Array.from(expected.toReversed())))).toEqual(Float64Array.from(expected))
    }))
  })

  it.each<[string, (i: number) => number]>([
    ['rising', (i) => i], ['falling', (i) => -i], ['of one value', () => 7], ['of few values', (i) => i % 3], ['in no order', (i) => (i * 7_919) % 10_007],
  ])('are the same in many blocks as in one, %s', (_, valueOf) => {
    const sorted = createSorted()
    for (let i = 0; i < 30_000; i++) {
      insertSorted(sorted, valueOf(i))
      // As of a window that slides, and in the end is let run out.
      if (i >= 20_000) removeSorted(sorted, valueOf(i - 20_000))
    }
    const kept = Float64Array.from({ length: 20_000 }, (_unused, i) => valueOf(i + 10_000)).sort()
    expect(sortedValues(sorted)).toEqual(kept)
    expect([0, 9_999, 19_999].map((rank) => atRank(sorted, rank))).toEqual([kept[0], kept[9_999], kept[19_999]])
    expect(sortedValues(sortedOf(sortedValues(sorted)))).toEqual(kept)
    // Half of their room is used at the least.
    expect(sorted.blocks.reduce((sum, { values }) => sum + values.length, 0)).toBeLessThan(40_000)
    for (let i = 10_000; i < 29_990; i++) removeSorted(sorted, valueOf(i))
    expect(sortedValues(sorted)).toEqual(Float64Array.from({ length: 10 }, (_unused, i) => valueOf(i + 29_990)).sort())
    expect(sorted.blocks.length).toBe(1)
  })
})
