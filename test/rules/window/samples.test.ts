import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addSample, createSamples, dropOldest, loadSamples, saveSamples, timeAt, valueAt } from '../../../gateway/rules/window/samples.ts'

const steps = fc.array(fc.oneof(
  { weight: 3, arbitrary: fc.record({ add: fc.integer({ min: -20, max: 20 }) }) },
  { weight: 2, arbitrary: fc.record({ drop: fc.integer({ min: 1, max: 12 }) }) },
), { maxLength: 120 })

describe('samples of a window', () => {
  it('stand in order of event time, whatever order they came in, and leave oldest first', () => {
    fc.assert(fc.property(steps, fc.constantFrom(0, 1.7e12, 4.2e12), (given, start) => {
      const samples = createSamples()
      let expected: { time: number; value: number }[] = []
      let now = start
      given.forEach((step, value) => {
        if ('add' in step) {
          now += step.add > 15 ? 20 * 86_400_000 : 1
          const time = now + step.add
          // Nothing is ever kept for longer than this.
          while (samples.count > 0 && timeAt(samples, 0) < time - 40 * 86_400_000) dropOldest(samples)
          expected = expected.filter((one) => one.time >= time - 40 * 86_400_000)
          addSample(samples, time, value)
          expected = [...expected, { time, value }].sort((a, b) => a.time - b.time || a.value - b.value)
        } else {
          for (let i = 0; i < step.drop && samples.count > 0; i++) dropOldest(samples)
          expected = expected.slice(step.drop)
        }
        const read = (from: typeof samples) => Array.from({ length: from.count }, (_, i) => ({ time: timeAt(from, i), value: valueAt(from, i) }))
        expect(read(samples)).toEqual(expected)
        expect(read(loadSamples(saveSamples(samples)))).toEqual(expected)
      })
    }), { numRuns: 300 })
  })

  it('take and give back room as they come and go', () => {
    const samples = createSamples()
    const room = (): number => samples.chunks.reduce((sum, { offsets }) => sum + offsets.length, 0)
    for (let i = 0; i < 10; i++) addSample(samples, i, i)
    expect(room()).toBe(16)
    for (let i = 10; i < 10_000; i++) addSample(samples, i, i)
    expect(room()).toBeLessThan(10_600)
    while (samples.count > 10) dropOldest(samples)
    expect(room()).toBeLessThanOrEqual(1_024)
    expect(saveSamples(samples)).toEqual({ base: 9_990, offsets: Uint32Array.from({ length: 10 }, (_, i) => i), values: Float64Array.from({ length: 10 }, (_, i) => 9_990 + i) })
  })

  it('of a small window stay in little room, however many pass through', () => {
    const samples = createSamples(false)
    for (let i = 0; i < 5_000; i++) {
      addSample(samples, i, 0)
      if (samples.count > 20) dropOldest(samples)
    }
    expect(samples.chunks.map(({ offsets }) => offsets.length)).toEqual([64])
    expect(timeAt(samples, 0)).toBe(4_980)
  })

  it('stand in order over many chunks', () => {
    const samples = createSamples()
    for (let i = 0; i < 5_000; i++) {
      addSample(samples, 10_000 + (i ^ 1) * 7 - (i % 5 === 0 ? 6_000 : 0), i)
      if (samples.count > 3_000) dropOldest(samples)
      if (i % 1_000 > 0) continue
      const times = Array.from({ length: samples.count }, (_, k) => timeAt(samples, k))
      expect(times).toEqual(times.toSorted((a, b) => a - b))
    }
    for (let k = 0; k < samples.count; k++) {
      const i = valueAt(samples, k)
      expect(timeAt(samples, k)).toBe(10_000 + (i ^ 1) * 7 - (i % 5 === 0 ? 6_000 : 0))
    }
  })
})
