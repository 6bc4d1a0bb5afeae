import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { driveKind } from '../../support/kind-drive.ts'
import { createWatermark, moveWatermark, takeTime } from '../../../gateway/rules/watermark.ts'
import { createFold } from '../../../gateway/rules/window/fold.ts'
import { createTumbling } from '../../../gateway/rules/window/tumbling.ts'

const inputs = fc.array(fc.record({
  step: fc.integer({ min: 0, max: 4_000 }),
  set: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: -7_200_000, max: 7_200_000 }) }),
  behind: fc.integer({ min: 0, max: 4_000 }),
  value: fc.integer({ min: 0, max: 9 }),
}), { minLength: 1, maxLength: 40 })

describe('the wall clock is set', () => {
  it.each([
    'aggregate: { fn: avg, window: { sliding: 10s }, gt: 5 }', 'aggregate: { fn: sum, window: { session: { gap: 2s, max: 10s } }, gt: 5 }',
    'rate: { gt: 0.5, per: 1s, over: 10s }', 'flat: { eps: 5, span: 6s, minCount: 3 }', 'nOfM: { n: 2, m: 4, gt: 5 }', 'anomaly: { sigmaFloor: 1, warmup: 5, z: 2 }',
    'level: { hi: 5, hysteresis: 2 }',
  ])('and nothing comes of it for %s', (when) => {
    fc.assert(fc.property(inputs, (given) => {
      const [plain, stepped] = [driveKind(when, 1.7e12), driveKind(when, 1.7e12)]
      let at = 0
      let offset = 1.7e12
      for (const { step, set, behind, value } of given) {
        at += step
        stepped.until(at)
        stepped.setClock(set)
        offset += set
        plain.sample(at, { value, time: 1.7e12 + at - behind })
        stepped.sample(at, { value, time: offset + at - behind })
      }
      plain.until(at + 60_000)
      stepped.until(at + 60_000)
      expect(stepped.said()).toEqual(plain.said())
    }), { numRuns: 100 })
  })

  it('and every sample is still counted once in tumbling windows', () => {
    fc.assert(fc.property(inputs, fc.constantFrom(1_000, 60_000), (given, windowMs) => {
      const windowed = createTumbling(windowMs, createFold({ fn: 'count', minCount: 0, slides: false }))
      const memory = windowed.create()
      const mark = createWatermark()
      let at = 1.7e12
      let counted = 0
      const settle = (): void => {
        for (let more = true; more;) {
          const before = [memory.next, memory.value]
          more = windowed.settle(memory, mark)
          if (memory.next !== before[0]) counted += memory.value!
        }
      }
      for (const { step, set } of given) {
        moveWatermark(mark, set)
        windowed.move(memory, set)
        at += step + set
        expect(takeTime(mark, at, 0)).toBe(true)
        settle()
        windowed.take(memory, at, 0)
      }
      takeTime(mark, at + 10_000_000, 0)
      settle()
      expect(counted).toBe(given.length)
      expect(memory.open.size).toBe(0)
    }), { numRuns: 300 })
  })
})
