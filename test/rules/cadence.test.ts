import { describe, expect, it } from 'vitest'
import { createCadence, noteInterval, staleAfterMs } from '../../gateway/rules/cadence.ts'

function staleAfter(intervals: readonly number[]): number | undefined {
  const cadence = createCadence()
  for (const interval of intervals) noteInterval(cadence, interval)
  return staleAfterMs(cadence)
}

describe('how long a value stands by default', () => {
  it('cannot tell before 10 intervals', () => {
    expect(staleAfter(Array<number>(9).fill(1_000))).toBeUndefined()
    expect(staleAfter(Array<number>(10).fill(1_000))).toBe(30_000)
  })
  it('is three median intervals of a regular series, at least 30 s', () => {
    expect(staleAfter(Array<number>(10).fill(9_000))).toBe(30_000)
    expect(staleAfter(Array<number>(10).fill(60_000))).toBe(180_000)
    expect(staleAfter([...Array<number>(5).fill(20_000), ...Array<number>(5).fill(30_000)])).toBe(75_000)
  })
  it('is never for an irregular one: the 90th percentile above twice the median', () => {
    expect(staleAfter([...Array<number>(18).fill(20_000), 90_000, 90_000])).toBe(60_000)
    expect(staleAfter([...Array<number>(17).fill(20_000), 90_000, 90_000, 90_000])).toBe(Infinity)
    expect(staleAfter([...Array<number>(17).fill(20_000), 40_000, 40_000, 90_000])).toBe(60_000)
  })
  it('looks at the last 20 intervals only', () => {
    expect(staleAfter([...Array<number>(50).fill(1), ...Array<number>(20).fill(60_000)])).toBe(180_000)
  })
})
