import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normal, unknown } from '../../../gateway/rules/kind.ts'
import type { KindDrive } from '../../support/kind-drive.ts'
import { driveKind } from '../../support/kind-drive.ts'

const when = (more = '') => `anomaly: { method: ewma, alpha: 0.1, z: 4, warmup: 10, sigmaFloor: 0.5${more} }`

/** 9 and 11 by turns, a second apart: mean 10, sigma 1. */
function warmed(more?: string): KindDrive {
  const drive = driveKind(when(more))
  for (let i = 0; i < 10; i++) expect(drive.sample(i * 1_000, 9 + 2 * (i % 2))).toBe(unknown)
  return drive
}

describe('anomaly', () => {
  it('says nothing until it has learned, then measures in the sigmas it has learned', () => {
    const drive = warmed()
    expect(drive.saved()).toMatchObject({ count: 10 })
    const { mean, variance } = drive.saved() as { mean: number; variance: number }
    expect([mean, variance].map((x) => Number(x.toFixed(12)))).toEqual([10, 1])
    expect(drive.sample(10_000, 13.9)).toBe(normal)
    expect(warmed().sample(10_000, 14.1)).toBe(1)
    expect(warmed().sample(10_000, 5.9)).toBe(1)
  })

  it('does not learn from what is unusual, however long it lasts, and returns when the old comes back', () => {
    const drive = warmed()
    const before = drive.saved()
    expect(Array.from({ length: 50 }, (_, i) => drive.sample((10 + i) * 1_000, 20)).every((verdict) => verdict === 1)).toBe(true)
    expect(drive.saved()).toEqual(before)
    expect(drive.sample(70_000, 11)).toBe(normal)
    // That it came back was said while it was still active; from the next one on it learns again.
    expect(drive.saved()).toEqual(before)
    drive.sample(71_000, 11)
    expect(drive.saved()).toMatchObject({ count: 11 })
  })

  it('returns nearer than it was raised, where it has a hysteresis', () => {
    const drive = warmed(', hysteresis: 2')
    expect([14.1, 13, 12.1, 11.9, 13].map((value, i) => drive.sample((10 + i) * 1_000, value))).toEqual([1, 1, 1, normal, normal])
  })

  it('looks one way only where that is asked for', () => {
    expect([warmed(', direction: above').sample(10_000, 1), warmed(', direction: above').sample(10_000, 19)]).toEqual([normal, 1])
    expect([warmed(', direction: below').sample(10_000, 1), warmed(', direction: below').sample(10_000, 19)]).toEqual([1, normal])
  })

  it('does not take a quiet series for one that must not move at all', () => {
    const drive = driveKind(when())
    for (let i = 0; i < 10; i++) drive.sample(i * 1_000, 7)
    expect([8.9, 7, 9.1].map((value, i) => drive.sample((10 + i) * 1_000, value)).at(0)).toBe(normal)
    const still = driveKind(when())
    for (let i = 0; i < 10; i++) still.sample(i * 1_000, 7)
    expect([still.sample(10_000, 7), still.sample(11_000, 9.1)]).toEqual([normal, 1])
  })

  it('passes over bad, wrong and older samples', () => {
    const drive = warmed()
    const before = drive.saved()
    expect([drive.sample(10_000, { value: Number.NaN, quality: 'bad' }), drive.sample(11_000, 'text'), drive.sample(12_000, { value: 11, time: 5_000 })]).toEqual([unknown, unknown, 'late'])
    expect(drive.saved()).toEqual(before)
  })

  it('has learned the weighted mean and variance of what was not unusual', () => {
    fc.assert(fc.property(fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 10, maxLength: 60 }), (values) => {
      const drive = driveKind('anomaly: { alpha: 0.2, z: 1000, warmup: 5, sigmaFloor: 1 }')
      values.forEach((value, i) => drive.sample(i, value))
      // The weights that each value has in the end.
      let weights: number[] = []
      values.forEach((_, i) => {
        const newest = Math.max(0.2, 1 / (i + 1))
        weights = [...weights.map((weight) => weight * (1 - newest)), newest]
      })
      const mean = values.reduce((sum, x, i) => sum + weights[i]! * x, 0)
      const variance = values.reduce((sum, x, i) => sum + weights[i]! * (x - mean) ** 2, 0)
      const model = drive.saved() as { mean: number; variance: number }
      expect(model.mean).toBeCloseTo(mean, 9)
      expect(model.variance).toBeCloseTo(variance, 9)
    }))
  })
})
