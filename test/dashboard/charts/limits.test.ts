import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Rule } from '../../../gateway/kernel/rule.ts'
import { glob, heightRange, isCrossed, limitsFor } from '../../../dashboard/src/charts/limits.ts'

const rule = (more: Partial<Rule>): Rule => ({ mode: 'live', priority: 'medium', on: { metric: 'spo2' }, when: { kind: 'level', spec: { form: 'limits', limits: { lo: 90 }, hysteresis: 0 } }, ...more }) as Rule

describe('limits of rules', () => {
  it('are those of level rules on this metric, with their priorities', () => {
    const spec = { form: 'limits', limits: { lolo: 85, lo: 90 }, hysteresis: 2 }
    expect(limitsFor([rule({ on: { metric: 'sp*', device: 'bed-?' }, when: { kind: 'level', spec }, priority: { lolo: 'high', lo: 'medium' } })], { device: 'bed-1', metric: 'spo2' })).toEqual([
      { value: 85, level: 'lolo', label: 'very low 85', priority: 'high' },
      { value: 90, level: 'lo', label: 'low 90', priority: 'medium' },
    ])
  })

  it('are not those of other devices, types, labels, kinds, or rules that are off', () => {
    const selected = { device: 'bed-1', metric: 'spo2', type: 'monitor', labels: { ward: 'east' } }
    const others = [
      rule({ on: { metric: 'hr' } }), rule({ on: { device: 'bed-2' } }), rule({ on: { deviceType: 'lamp' } }), rule({ on: { label: { ward: 'west' } } }),
      rule({ mode: 'off' }), rule({ when: { kind: 'absent', spec: {} } }), rule({ when: { kind: 'level', spec: { form: 'equals', equals: true } } }),
    ]
    expect(limitsFor(others, selected)).toEqual([])
    expect(limitsFor([rule({ on: { deviceType: 'mon*', label: { ward: 'east' } } })], selected)).toHaveLength(1)
  })

  it('say the same thing once', () => {
    expect(limitsFor([rule({}), rule({})], { device: 'bed-1', metric: 'spo2' })).toHaveLength(1)
  })

  it('are crossed downwards or upwards by their level', () => {
    expect(isCrossed({ value: 90, label: '', level: 'lo' }, 89)).toBe(true)
    expect(isCrossed({ value: 90, label: '', level: 'lo' }, 90)).toBe(true)
    expect(isCrossed({ value: 90, label: '', level: 'lo' }, 91)).toBe(false)
    expect(isCrossed({ value: 120, label: '', level: 'hihi' }, 121)).toBe(true)
    expect(isCrossed({ value: 120, label: '', level: 'hi' }, 120)).toBe(true)
    expect(isCrossed({ value: 120, label: '' }, 121)).toBe(false)
    expect(isCrossed({ value: 120, label: '', level: 'hi' }, null)).toBe(false)
  })
})

describe('the height of a chart', () => {
  const limits = (...values: number[]) => values.map((value) => ({ value, label: '' }))

  it('reaches limits that are near and leaves out those that would flatten the data', () => {
    const [min, max] = heightRange({ min: 96, max: 98 }, limits(90, 85, 1_000))
    expect(min).toBeLessThan(85)
    expect(max).toBeLessThan(110)
  })

  it('has room where all values are the same, and where there is none', () => {
    const [min, max] = heightRange({ min: 0, max: 0 }, [])
    expect(max).toBeGreaterThan(min)
    expect(heightRange(undefined, [])).toEqual([0, 1])
    expect(heightRange(undefined, limits(5))[0]).toBeLessThan(5)
  })

  it('always holds the data', () => {
    const number = fc.double({ noNaN: true, min: -1e9, max: 1e9 })
    fc.assert(fc.property(number, number, fc.array(number, { maxLength: 6 }), (a, b, values) => {
      const [min, max] = heightRange({ min: Math.min(a, b), max: Math.max(a, b) }, limits(...values))
      return min < Math.min(a, b) && max > Math.max(a, b) && Number.isFinite(min) && Number.isFinite(max)
    }))
  })
})

describe('a glob', () => {
  it('takes * for any run and ? for one character, nothing else for special', () => {
    expect(['bed-1', 'bed-12', 'xbed-1', 'bed'].map((text) => glob('bed-*', text))).toEqual([true, true, false, false])
    expect(glob('a?c', 'abc')).toBe(true)
    expect(glob('a.c', 'abc')).toBe(false)
    expect(glob('*a*b', 'xaxbxb')).toBe(true)
    expect(glob('', '')).toBe(true)
  })

  it('agrees with the regular expression it stands for', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 })
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 })
    fc.assert(fc.property(letters, text, (pattern, word) => glob(pattern, word) === new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(word)))
  })
})
