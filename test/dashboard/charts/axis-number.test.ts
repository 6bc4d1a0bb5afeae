import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { numberLabels, numberSplits } from '../../../dashboard/src/charts/axis-number.ts'

describe('an axis of numbers', () => {
  it('is written at round numbers', () => {
    expect(numberSplits({ min: 48.2, max: 81, most: 4 })).toEqual([50, 60, 70, 80])
    expect(numberSplits({ min: 35.98, max: 36.61, most: 4 })).toEqual([36, 36.2, 36.4, 36.6])
    expect(numberSplits({ min: -1, max: 1, most: 4 })).toEqual([-1, -0.5, 0, 0.5, 1])
  })

  it('sums up no error of decimals', () => {
    expect(numberSplits({ min: 0, max: 1, most: 10 })).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1])
  })

  it('has nothing where nothing lies between both ends', () => {
    expect(numberSplits({ min: 5, max: 5, most: 4 })).toEqual([])
    expect(numberSplits({ min: NaN, max: 5, most: 4 })).toEqual([])
  })

  it('gives all as many decimals, and the unit to the topmost', () => {
    expect(numberLabels([36, 36.5, 37], 'Cel')).toEqual(['36.0', '36.5', '37.0 °C'])
    expect(numberLabels([0, 5_000], null)).toEqual(['0', '5,000'])
    expect(numberLabels([], '%')).toEqual([])
  })

  it('stays between both ends, with no more than was asked for', () => {
    fc.assert(fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.double({ min: 1e-3, max: 1e6, noNaN: true }), fc.integer({ min: 2, max: 20 }), (min, span, most) => {
      const splits = numberSplits({ min, max: min + span, most })
      const slack = span * 1e-6
      expect(splits.length).toBeLessThanOrEqual(most + 1)
      expect(splits.every((split) => split >= min - slack && split <= min + span + slack)).toBe(true)
      expect(splits.every((split, index) => index === 0 || split > splits.at(index - 1)!)).toBe(true)
    }))
  })
})
