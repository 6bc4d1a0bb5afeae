import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normal, unknown } from '../../../gateway/rules/kind.ts'
import { driveKind } from '../../support/kind-drive.ts'

const rising = 'rate: { gt: 5, per: 1min, over: 30s }'

describe('rate', () => {
  it('is unknown until it has seen half of its time, then that of newest and oldest', () => {
    const drive = driveKind(rising)
    const said = [0, 5, 10, 14, 15, 20, 40].map((s) => drive.sample(s * 1_000, { value: s / 10, unit: 'Cel' }))
    expect(said).toEqual([unknown, unknown, unknown, unknown, 1, 1, 1])
    expect(drive.shown()).toEqual({ value: 6, text: '6', unit: 'Cel/min' })
    expect(drive.sample(41_000, { value: 0, unit: 'Cel' })).toBe(normal)
  })

  it('is negative while it falls', () => {
    const drive = driveKind('rate: { lt: -0.5, per: 1s, over: 4s }')
    expect([10, 9, 8.6].map((value, i) => drive.sample(i * 2_000, value))).toEqual([unknown, normal, normal])
    expect(drive.sample(6_000, 6)).toBe(1)
    expect(drive.shown()).toMatchObject({ text: '-1.3', unit: '/s' })
  })

  it('is unknown again when, while nothing comes, the oldest have left', () => {
    const drive = driveKind(rising)
    for (const s of [0, 10, 20]) drive.sample(s * 1_000, s)
    expect(drive.said().at(-1)).toMatchObject({ verdict: 1, value: 60 })
    drive.until(500_000)
    // 0 is out when the watermark is at 30: 15 s after 20 came, and 5 for what may be late. What is left spans 10 of 30 s.
    expect(drive.said().slice(3)).toEqual([{ at: 35_000, verdict: unknown, value: null }])
  })

  it('keeps to its hysteresis, and takes no text for a number', () => {
    const drive = driveKind('rate: { gt: 5, per: 1s, over: 2s, hysteresis: 1 }')
    const values = [0, 5.5, 10, 14, 18, 22.9, 28]
    expect(values.map((value, i) => drive.sample(i * 1_000, value))).toEqual([unknown, 1, 1, normal, normal, normal, 1])
    expect(drive.sample(7_000, '30')).toBe(unknown)
  })

  it('is that of the samples inside, in any order within the lateness, saved and loaded at any point', () => {
    const inputs = fc.array(fc.record({ step: fc.integer({ min: 0, max: 6 }).map((x) => x * 500), behind: fc.integer({ min: 0, max: 8 }).map((x) => x * 500), value: fc.integer({ min: -9, max: 9 }) }), { maxLength: 50 })
    fc.assert(fc.property(inputs, (given) => {
      const when = 'rate: { gt: 0.5, per: 1s, over: 10s }'
      const [drive, twin] = [driveKind(when), driveKind(when)]
      let taken: { time: number; value: number }[] = []
      let at = 50_000
      for (const { step, behind, value } of given) {
        at += step
        const sample = { time: at - behind, value }
        const verdict = drive.sample(at, sample)
        expect(twin.sample(at, sample)).toBe(verdict)
        expect([twin.saved(), twin.cell.deadline]).toEqual([drive.saved(), drive.cell.deadline])
        twin.saveAndLoad()
        if (verdict === 'late') continue
        taken = [...taken, sample].sort((a, b) => a.time - b.time)
        const inside = taken.filter(({ time }) => time > Math.max(...taken.map((each) => each.time)) - 10_000)
        const [oldest, newest] = [inside[0]!, inside.at(-1)!]
        const span = newest.time - oldest.time
        const rate = span < 5_000 ? null : ((newest.value - oldest.value) * 1_000) / span
        expect(drive.shown()?.value).toBe(rate)
        expect(verdict).toBe(rate === null ? unknown : rate > 0.5 ? 1 : normal)
      }
    }), { numRuns: 200 })
  })
})
