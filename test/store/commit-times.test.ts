import { describe, expect, it } from 'vitest'
import { createCommitTimes } from '../../gateway/store/commit-times.ts'
import { createFakeClock } from '../support/fake-clock.ts'

describe('the times of commits', () => {
  it('are the 99th percentile since they were last asked for, and how long the one under way has been', async () => {
    const clock = createFakeClock()
    const times = createCommitTimes(clock)
    const commit = async (ms: number): Promise<void> => {
      times.began()
      await clock.advance(ms)
      times.ended()
    }
    expect(times.take()).toEqual({ p99Ms: 0, runningMs: 0 })
    for (let i = 1; i <= 100; i++) await commit(i)
    expect(times.take()).toEqual({ p99Ms: 99, runningMs: 0 })
    await commit(7)
    times.began()
    await clock.advance(1_500)
    expect(times.take()).toEqual({ p99Ms: 7, runningMs: 1_500 })
    times.ended()
    expect(times.take()).toEqual({ p99Ms: 1_500, runningMs: 0 })
    expect(times.take()).toEqual({ p99Ms: 0, runningMs: 0 })
  })

  it('stay bounded when nobody asks', async () => {
    const clock = createFakeClock()
    const times = createCommitTimes(clock)
    for (let i = 0; i < 10_000; i++) {
      times.began()
      times.ended()
    }
    expect(times.take()).toEqual({ p99Ms: 0, runningMs: 0 })
  })
})
