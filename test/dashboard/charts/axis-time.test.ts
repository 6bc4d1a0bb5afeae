import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clockWords } from '../../../dashboard/src/charts/axis-time.ts'

const day = 86_400_000
const base = Date.UTC(2026, 10, 26, 8)

describe('the time axis', () => {
  it('has round times', () => {
    const splits = clockWords.splits({ min: base + 12_345, max: base + 312_345, most: 6 })
    expect(splits).toEqual([1, 2, 3, 4, 5].map((minute) => base + minute * 60_000))
  })

  it('names the seconds only where there are some, and the day where it changes', () => {
    expect(clockWords.labels([base, base + 15_000])[0]).toMatch(/^\d\d:\d\d:\d\d$/)
    expect(clockWords.labels([base, base + 60_000])[0]).toMatch(/^\d\d:\d\d$/)
    const overMidnight = clockWords.labels([0, 6, 12, 18, 24].map((hours) => base + hours * 3_600_000))
    expect(overMidnight.filter((label) => /[A-Za-z.]/.test(label))).toHaveLength(1)
  })

  it('has no more marks than there is room for, all within the window', () => {
    fc.assert(fc.property(fc.integer({ min: 1_000, max: 400 * day }), fc.integer({ min: 2, max: 20 }), fc.integer({ min: 0, max: 2_000 * day }), (span, most, offset) => {
      const min = base - offset
      const splits = clockWords.splits({ min, max: min + span, most })
      expect(splits.length).toBeLessThanOrEqual(most + 1)
      expect(splits.every((at) => at >= min && at <= min + span)).toBe(true)
    }))
  })
})
