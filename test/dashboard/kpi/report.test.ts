import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { barsOf, figureText } from '../../../dashboard/src/kpi/report.ts'

describe('a figure in words', () => {
  it('has its unit', () => {
    expect(figureText(173.44, '1/d')).toBe('173 a day')
    expect(figureText(7.25, '1/h')).toBe('7.25 an hour')
    expect(figureText(1, '1/10min')).toBe('1 in 10 min')
    expect(figureText(62.12, '%')).toBe('62.1 %')
    expect(figureText(3, '')).toBe('3')
  })

  it('tells times as times', () => {
    expect(figureText(0.2345, 's')).toBe('0.23 s')
    expect(figureText(84, 's')).toBe('1 min 24 s')
    expect(figureText(0, 's')).toBe('0 s')
  })

  it('says that there is nothing to say', () => {
    expect(figureText(null, '%')).toBe('–')
  })
})

describe('alarms an hour as bars', () => {
  const hours = (counts: readonly number[]) => counts.map((count, index) => ({ start: new Date(index * 3_600_000).toISOString(), count }))

  it('are one an hour while there is room', () => {
    expect(barsOf(hours([1, 0, 2]), 3)).toEqual([{ from: 0, to: 3_600_000, count: 1 }, { from: 3_600_000, to: 7_200_000, count: 0 }, { from: 7_200_000, to: 10_800_000, count: 2 }])
  })

  it('are sums of several hours beyond', () => {
    expect(barsOf(hours([1, 0, 2, 5, 1]), 3).map(({ count }) => count)).toEqual([1, 7, 1])
    expect(barsOf([], 3)).toEqual([])
  })

  it('lose no alarm', () => {
    fc.assert(fc.property(fc.array(fc.nat(50), { maxLength: 800 }), fc.integer({ min: 1, max: 200 }), (counts, most) => {
      const bars = barsOf(hours(counts), most)
      expect(bars.length).toBeLessThanOrEqual(most)
      expect(bars.reduce((sum, { count }) => sum + count, 0)).toBe(counts.reduce((sum, count) => sum + count, 0))
    }))
  })
})
