import { describe, expect, it } from 'vitest'
import { createCommitPolicy } from '../../gateway/store/commit-policy.ts'

const quiet = { urgent: false, payloadBytes: 60 }

describe('when a batch is committed', () => {
  it('is at once for the first reading after a pause, then once a window', () => {
    const policy = createCommitPolicy({ windowMs: 50 })
    expect(policy.waitMs(quiet, 1_000)).toBe(0)
    policy.began(1_000)
    expect(policy.waitMs(quiet, 1_010)).toBe(40)
    expect(policy.waitMs(quiet, 1_050)).toBe(0)
    policy.began(1_050)
    expect(policy.waitMs(quiet, 9_000)).toBe(0)
  })

  it('is at once when something is urgent or a page is full', () => {
    const policy = createCommitPolicy({ windowMs: 50 })
    policy.began(1_000)
    expect(policy.waitMs({ urgent: true, payloadBytes: 0 }, 1_001)).toBe(0)
    expect(policy.waitMs({ urgent: false, payloadBytes: 4_096 }, 1_001)).toBe(0)
    expect(policy.waitMs({ urgent: false, payloadBytes: 1_023 }, 1_001)).toBe(49)
  })

  it('is early for a larger batch, twenty times a second', () => {
    const policy = createCommitPolicy({ windowMs: 1_000 })
    policy.began(0)
    let early = 0
    for (let now = 1; now < 1_000; now++) if (policy.waitMs({ urgent: false, payloadBytes: 1_024 }, now) === 0) early++
    expect(early).toBeGreaterThanOrEqual(19)
    expect(early).toBeLessThanOrEqual(20)
  })

  it('saves up no more than one early commit', () => {
    const policy = createCommitPolicy({ windowMs: 50 })
    policy.began(100_000)
    const waits = [1, 2, 3].map((ms) => policy.waitMs({ urgent: false, payloadBytes: 2_000 }, 100_000 + ms))
    expect(waits).toEqual([0, 48, 47])
  })

  it('is held back after a failure, however urgent', () => {
    const policy = createCommitPolicy({ windowMs: 50 })
    policy.holdUntil(1_500)
    expect(policy.waitMs({ urgent: true, payloadBytes: 9_999 }, 1_100)).toBe(400)
    expect(policy.waitMs({ urgent: true, payloadBytes: 9_999 }, 1_500)).toBe(0)
  })
})
