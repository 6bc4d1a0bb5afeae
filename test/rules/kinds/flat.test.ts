import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normal, unknown } from '../../../gateway/rules/kind.ts'
import { driveKind } from '../../support/kind-drive.ts'

const when = 'flat: { eps: 0.1, span: 10s, minCount: 4 }'

describe('flat', () => {
  it('fires when nothing has moved for the whole span, not before, and returns with the first that does', () => {
    const drive = driveKind(when)
    const said = [0, 2, 4, 6, 8, 9.9, 10].map((s) => drive.sample(s * 1_000, 5 + (s % 4) / 40))
    expect(said).toEqual([unknown, unknown, unknown, unknown, unknown, unknown, 1])
    expect(drive.condition.limitOf(1)).toBe(0.1)
    expect(drive.sample(11_000, 5.2)).toBe(normal)
    // The value that stood when the span began counts until the span has left it.
    expect([13, 15, 17, 19, 21].map((s) => drive.sample(s * 1_000, 5.2))).toEqual([normal, normal, normal, normal, 1])
  })

  it('says nothing of too few samples', () => {
    const drive = driveKind(when)
    expect([0, 6, 12, 18, 24].map((s) => drive.sample(s * 1_000, 5))).toEqual([unknown, unknown, unknown, unknown, unknown])
  })

  it('knows what has moved to be not flat, however short it was watched', () => {
    const drive = driveKind(when)
    expect([drive.sample(0, 1), drive.sample(1_000, 2)]).toEqual([unknown, normal])
    expect(drive.sample(2_000, 'text')).toBe(unknown)
  })

  it('goes on while nothing comes: by time alone it fires, and with what leaves it is unknown', () => {
    const drive = driveKind(when)
    for (const s of [0, 3, 5, 6]) drive.sample(s * 1_000, 5)
    drive.until(200_000)
    // The span reaches back to 0 when the watermark is at 10, to 3 at 13, to 5 at 15; that one then stands before it, and with 6 there are two.
    expect(drive.said().slice(4).map(({ at, verdict }) => [at, verdict])).toEqual([[15_000, 1], [18_000, unknown]])
  })

  it('is about the samples inside and the one before, in any order within the lateness, saved and loaded at any point', () => {
    const inputs = fc.array(fc.record({ step: fc.integer({ min: 0, max: 6 }).map((x) => x * 500), behind: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 9 }).map((x) => x * 500)), value: fc.constantFrom(0, 0, 0, 0, 1, 2) }), { maxLength: 60 })
    fc.assert(fc.property(inputs, fc.constantFrom(3_000, 10_000), (given, spanMs) => {
      const [drive, twin] = [driveKind(`flat: { eps: 1, span: ${spanMs}ms, minCount: 3 }`), driveKind(`flat: { eps: 1, span: ${spanMs}ms, minCount: 3 }`)]
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
        const start = taken.at(-1)!.time - spanMs
        const kept = [...taken.filter(({ time }) => time <= start).slice(-1), ...taken.filter(({ time }) => time > start)].map((each) => each.value)
        const spans = taken[0]!.time <= start
        expect(verdict).toBe(Math.max(...kept) - Math.min(...kept) > 1 ? normal : spans && kept.length >= 3 ? 1 : unknown)
      }
    }), { numRuns: 300 })
  })
})
