import { describe, expect, it } from 'vitest'
import { createLateness, isLate, moveLateness } from '../../gateway/rules/lateness.ts'

const second = 1_000

/** Samples as [monotonic and wall time of receipt, device's time or undefined], in seconds; gives which were late. */
function late(samples: readonly (readonly [received: number, ts?: number])[]): boolean[] {
  const state = createLateness()
  return samples.map(([received, ts]) => isLate(state, { ts: (ts ?? received) * second, tsGiven: ts !== undefined, receivedAt: received * second }, received * second))
}

describe('late samples', () => {
  it('are those older than the last one taken; equal is not older', () => {
    expect(late([[0, 0], [1, 1], [2, 0.9], [3, 1], [4, 4]])).toEqual([false, false, true, false, false])
  })
  it('cannot be told without a time of the device', () => {
    expect(late([[10], [11], [5]])).toEqual([false, false, false])
  })
  it('are as old as their receipt where they have no time of the device', () => {
    expect(late([[100], [101, 60], [102, 101], [103, 130], [104], [131], [132, 130.5]])).toEqual([false, true, false, false, true, false, true])
    expect(late([[100, 3_700], [101], [102, 101.5]])).toEqual([false, false, false])
  })
  it('are told whatever the wall clock was set to meanwhile', () => {
    const state = createLateness()
    const untimed = (receivedAt: number): boolean => isLate(state, { ts: receivedAt, tsGiven: false, receivedAt }, receivedAt)
    expect(isLate(state, { ts: 100_500, tsGiven: true, receivedAt: 100_000 }, 100_000)).toBe(false)
    moveLateness(state, -30_000)
    expect([untimed(70_400), untimed(70_500)]).toEqual([true, false])
  })
  it('include those from long ago while the clock has just been right', () => {
    expect(late([[1000, 1000], [1010, 500], [1060, 900], [1061, 1061]])).toEqual([false, true, true, false])
  })
  it('do not include those of a clock that fell back and stays there', () => {
    expect(late([[1000, 1000], [1061, 5], [1062, 6], [1063, 5.5]])).toEqual([false, false, false, true])
  })
  it('do not include those of a clock that was ahead and has been set right', () => {
    expect(late([[1000, 9000], [1001, 1001], [1002, 1000]])).toEqual([false, false, true])
  })
  it('are told on the own time line of a clock that is wrong throughout', () => {
    expect(late([[5000, 100], [5001, 101], [5002, 100.5], [5003, 103]])).toEqual([false, false, true, false])
  })
})
