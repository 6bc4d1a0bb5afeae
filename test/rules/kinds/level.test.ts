import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Reading } from '../../../gateway/kernel/reading.ts'
import type { Rule } from '../../../gateway/kernel/rule.ts'
import type { CellView, SignalCondition } from '../../../gateway/rules/kind.ts'
import { normal, unfit } from '../../../gateway/rules/kind.ts'
import { level } from '../../../gateway/rules/kinds/level.ts'
import type { LevelSpec } from '../../../gateway/rules/kinds/level.schema.ts'

const compile = (spec: LevelSpec) => level.compile({ when: { kind: 'level', spec } } as Rule) as SignalCondition
function judge(condition: SignalCondition, value: Reading['value'], active = normal): number {
  const cell: CellView = { key: 'd', device: 'd', active, deadline: Infinity, memory: condition.create(), watermark: null }
  return condition.judge({ value, quality: 'good' } as Reading, cell, { at: 0, wallMs: 0, time: 0 })
}
const limits = fc.record({ lolo: fc.constant(10), lo: fc.constant(20), hi: fc.constant(80), hihi: fc.constant(90) }, { requiredKeys: [] })

describe('level', () => {
  it('says what the words of the design say, for every set of limits, value and level it is at', () => {
    fc.assert(fc.property(limits, fc.constantFrom(0, 2, 5), fc.integer({ min: 0, max: 400 }), fc.constantFrom('lolo', 'lo', null, 'hi', 'hihi'), (given, hysteresis, quarter, at) => {
      const condition = compile({ form: 'limits', limits: given, hysteresis })
      const active = condition.verdictOf(at)
      fc.pre(at === null || given[at] !== undefined)
      const x = quarter / 4
      // Crossed, or held by the hysteresis of a level that is active or within the active one; the outermost wins.
      const crossed = { lolo: x <= (given.lolo ?? -1), lo: x <= (given.lo ?? -1), hi: x >= (given.hi ?? 999), hihi: x >= (given.hihi ?? 999) }
      const heldHigh = (name: 'hi' | 'hihi') => given[name] !== undefined && x >= given[name] - hysteresis
      const heldLow = (name: 'lo' | 'lolo') => given[name] !== undefined && x <= given[name] + hysteresis
      const outermost = crossed.hihi || (at === 'hihi' && heldHigh('hihi')) ? 'hihi'
        : crossed.lolo || (at === 'lolo' && heldLow('lolo')) ? 'lolo'
        : crossed.hi || ((at === 'hi' || at === 'hihi') && heldHigh('hi')) ? 'hi'
        : crossed.lo || ((at === 'lo' || at === 'lolo') && heldLow('lo')) ? 'lo'
        : null
      const verdict = judge(condition, x, active)
      expect(condition.levelOf(verdict)).toBe(outermost)
      expect(verdict === normal).toBe(outermost === null)
      if (outermost !== null) expect(condition.limitOf(verdict)).toBe(given[outermost])
    }), { numRuns: 2_000 })
  })

  it.each([[true], ['81'], [Number.NaN], [Infinity], [null]])('gives no answer to %s', (value) => {
    expect(judge(compile({ form: 'limits', limits: { hi: 80 }, hysteresis: 0 }), value)).toBe(unfit)
  })

  it('counts a change of side as a rise', () => {
    const condition = compile({ form: 'limits', limits: { lolo: 1, lo: 2, hi: 8, hihi: 9 }, hysteresis: 0 })
    const up = (from: string, to: string) => condition.isUp(condition.verdictOf(from), condition.verdictOf(to))
    expect([up('hi', 'hihi'), up('lo', 'lolo'), up('hihi', 'lo'), up('lolo', 'hi')]).toEqual([true, true, true, true])
    expect([up('hihi', 'hi'), up('lolo', 'lo')]).toEqual([false, false])
  })

  it.each<[number | boolean | string, Reading['value'], number]>([
    [true, true, 1], [true, 'ON', 1], ['on', true, 1], [false, 'Off', 1], [true, false, 0], [true, 1, unfit], [1, true, unfit], ['open', 'open', 1], ['open', 'shut', 0],
    ['open', true, unfit], [3, 3, 1], [3, 4, 0], [3, '3', unfit],
  ])('equals %s of %s is %s', (wanted, value, verdict) => {
    expect(judge(compile({ form: 'equals', equals: wanted }), value)).toBe(verdict)
  })
})
