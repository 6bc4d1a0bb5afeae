import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normal, unknown } from '../../../gateway/rules/kind.ts'
import { driveKind } from '../../support/kind-drive.ts'

describe('nOfM', () => {
  it('does not wait for m, neither to fire nor to be normal', () => {
    expect([1, 1, 1].map(feed('nOfM: { n: 3, m: 5, lt: 8 }'))).toEqual([unknown, unknown, 1])
    expect([9, 9, 9].map(feed('nOfM: { n: 3, m: 5, lt: 8 }'))).toEqual([unknown, unknown, normal])
    expect([1, 9, 1, 9, 9].map(feed('nOfM: { n: 3, m: 5, lt: 8 }'))).toEqual([unknown, unknown, unknown, unknown, normal])
  })

  it('clears when fewer than n of the last m are true', () => {
    expect([1, 1, 1, 9, 9, 9, 1, 1, 1].map(feed('nOfM: { n: 3, m: 5, lt: 8 }'))).toEqual([unknown, unknown, 1, 1, 1, normal, normal, normal, 1])
  })

  it('counts truths and texts too, and leaves out what is of a wrong type', () => {
    expect([true, 'ON', 7, 'open', false].map(feed('nOfM: { n: 2, m: 3, eq: true }'))).toEqual([unknown, 1, unknown, unknown, 1])
  })

  it('is about the last m by event time, in any order within the lateness, saved and loaded at any point', () => {
    const inputs = fc.array(fc.record({ step: fc.integer({ min: 0, max: 4 }).map((x) => x * 500), behind: fc.integer({ min: 0, max: 8 }).map((x) => x * 500), value: fc.integer({ min: 0, max: 9 }) }), { maxLength: 40 })
    fc.assert(fc.property(inputs, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 4 }), (given, n, more) => {
      const m = n + more
      const when = `nOfM: { n: ${n}, m: ${m}, ge: 5 }`
      const [drive, twin] = [driveKind(when), driveKind(when)]
      const taken: { time: number; value: number }[] = []
      let at = 50_000
      for (const { step, behind, value } of given) {
        at += step
        const sample = { time: at - behind, value }
        const verdict = drive.sample(at, sample)
        expect(twin.sample(at, sample)).toBe(verdict)
        twin.saveAndLoad()
        if (verdict === 'late') continue
        taken.push(sample)
        const last = taken.toSorted((a, b) => a.time - b.time).slice(-m)
        const held = last.filter((each) => each.value >= 5).length
        expect(verdict).toBe(held >= n ? 1 : last.length - held > m - n ? normal : unknown)
      }
    }), { numRuns: 300 })
  })
})

/** Samples a second apart. */
function feed(when: string): (value: number | boolean | string, i: number) => number | 'late' {
  const drive = driveKind(when)
  return (value, i) => drive.sample(i * 1_000, value)
}
