import { describe, expect, it } from 'vitest'
import { createCommitWatch } from '../gateway/commit-watch.ts'
import type { TechnicalCondition } from '../gateway/kernel/contracts.ts'

function scene() {
  const told: TechnicalCondition[] = []
  let times = { p99Ms: 0, runningMs: 0 }
  const watch = createCommitWatch({ takeCommitTimes: () => times, condition: (condition) => void told.push(condition) })
  return {
    told,
    look: (count: number, p99Ms: number, runningMs = 0) => {
      times = { p99Ms, runningMs }
      for (let i = 0; i < count; i++) watch.look()
    },
    active: () => told.map(({ active }) => active),
  }
}

describe('the alarm of slow commits', () => {
  it('begins after ten seconds of commits that take more than one, and ends after ten that take less than half of it', () => {
    const { look, told, active } = scene()
    look(9, 1_200)
    look(1, 300)
    look(9, 1_200)
    expect(active()).toEqual([false])
    look(1, 1_200)
    expect(told.at(-1)).toMatchObject({ rule: 'technical.commit', active: true, message: expect.stringMatching(/^Commits take 1\.2 s .*store\.commitWindow$/) as unknown })
    look(9, 400)
    look(1, 700)
    look(9, 400)
    expect(active()).toEqual([false, true])
    look(1, 400)
    expect(active()).toEqual([false, true, false])
  })

  it('counts one that hangs; one that has only begun decides nothing', () => {
    const { look, active } = scene()
    look(5, 0, 3_000)
    look(20, 0, 800)
    look(5, 0, 9_000)
    expect(active()).toEqual([false, true])
  })

  it('is quiet where nothing is stored', () => {
    const { look, active } = scene()
    look(10, 5_000)
    look(10, 0)
    expect(active()).toEqual([false, true, false])
  })
})
