import { describe, expect, it } from 'vitest'
import { fullJitterMs, retryAfterMs } from '../../gateway/kernel/retry.ts'

describe('fullJitterMs', () => {
  it('doubles its ceiling with every try up to the longest wait', () => {
    const ceilings = [0, 1, 2, 5, 6, 7, 1_000].map((n) => fullJitterMs(n, () => 1))
    expect(ceilings).toEqual([1_000, 2_000, 4_000, 32_000, 60_000, 60_000, 60_000])
  })

  it('spreads over the whole range', () => {
    expect(fullJitterMs(2, () => 0)).toBe(0)
    expect(fullJitterMs(2, () => 0.25)).toBe(1_000)
  })
})

describe('retryAfterMs', () => {
  const now = Date.UTC(2026, 0, 1)

  it.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['1.5', 1_500],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Thursday, 01-Jan-26 00:00:30 GMT', 30_000],
    ['Thu Jan  1 00:00:30 2026', 30_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
  ])('reads %j', (header, expected) => {
    expect(retryAfterMs(header, now)).toBe(expected)
  })

  it.each([undefined, '', 'soon', '-5', '1e9', '2026-01-01', 'Thu, 99 Foo'])('gives nothing for %j', (header) => {
    expect(retryAfterMs(header, now)).toBeUndefined()
  })
})
