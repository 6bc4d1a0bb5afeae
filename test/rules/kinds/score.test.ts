import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Value } from '../../../gateway/kernel/reading.ts'
import { normal } from '../../../gateway/rules/kind.ts'
import type { Vitals } from './news2-by-hand.ts'
import { news2, roundHalfUp } from './news2-by-hand.ts'
import { bed } from './score-ward.ts'

const well = { respiratory_rate: 16, spo2: 98, supplemental_oxygen: 'no', systolic_bp: 120, heart_rate: 70, consciousness: 'A', temperature: 37 } as const
const min = 60_000

/** The points that one value adds to those of somebody who is well. */
function pointsOf(changed: Readonly<Record<string, Value>>, scale: 1 | 2 = 1): number {
  const one = bed('{ table: news2 }', { settings: { news2Scale: scale } })
  one.say(0, { ...well, ...changed })
  expect(one.shown().text).toBeUndefined()
  return one.shown().value as number
}

describe('NEWS2', () => {
  const [head, ...rows] = readFileSync(join(import.meta.dirname, '../../cases/news2/rows.csv'), 'utf8').trim().split('\n').map((line) => line.split(','))
  it.each(rows.map((row) => Object.fromEntries(head!.map((name, i) => [name, row[i]!]))))('gives row $id $total, $level', ({ id, scale, total, complete, level, consciousness, supplemental_oxygen, ...numbers }) => {
    const one = bed('{ table: news2 }', { settings: { news2Scale: Number(scale) } })
    const given = Object.entries(numbers).filter(([, cell]) => cell !== '').map(([name, cell]) => [name, Number(cell)] as const)
    expect(one.say(0, { ...Object.fromEntries(given), consciousness: consciousness!, supplemental_oxygen: supplemental_oxygen! })).toBe(level)
    expect([id, one.shown().value]).toEqual([id, Number(total)])
    expect(one.shown().text).toBe(complete === 'yes' ? undefined : `at least ${total}, incomplete`)
  })

  it.each([
    ['respiratory_rate', [[8, 3], [9, 1], [11, 1], [12, 0], [20, 0], [21, 2], [24, 2], [25, 3]]],
    ['spo2', [[91, 3], [92, 2], [93, 2], [94, 1], [95, 1], [96, 0], [100, 0]]],
    ['systolic_bp', [[90, 3], [91, 2], [100, 2], [101, 1], [110, 1], [111, 0], [219, 0], [220, 3]]],
    ['heart_rate', [[40, 3], [41, 1], [50, 1], [51, 0], [90, 0], [91, 1], [110, 1], [111, 2], [130, 2], [131, 3]]],
    ['temperature', [[35, 3], [35.1, 1], [36, 1], [36.1, 0], [38, 0], [38.1, 1], [39, 1], [39.1, 2]]],
    ['consciousness', [['A', 0], ['C', 3], ['V', 3], ['P', 3], ['U', 3], ['a', 0], [' v ', 3]]],
    ['supplemental_oxygen', [['yes', 2], ['no', 0], ['YES', 2], [true, 2], [false, 0], ['true', 2], ['false', 0], ['ON', 2], ['OFF', 0]]],
  ] as const)('has every boundary of %s', (metric, values) => {
    expect(values.map(([value]) => [value, pointsOf({ [metric]: value })])).toEqual(values)
  })

  it('has every boundary of scale 2, on air and on oxygen', () => {
    const steps = [83, 84, 85, 86, 87, 88, 92, 93, 94, 95, 96, 97, 100]
    expect(steps.map((spo2) => pointsOf({ spo2 }, 2))).toEqual([3, 2, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    expect(steps.map((spo2) => pointsOf({ spo2, supplemental_oxygen: 'yes' }, 2) - 2)).toEqual([3, 2, 2, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3])
  })

  it.each([[2, 0], ['2', 0], [' 2', 0], [1, 3], [undefined, 3], ['two', 3], [true, 3], [3, 3], [{ a: 2 }, 3]])('takes scale 2 by the setting %s only', (news2Scale, points) => {
    const one = bed('{ table: news2 }', { settings: { news2Scale } })
    one.say(0, { ...well, spo2: 90 })
    expect(one.shown().value).toBe(points)
  })

  it('rounds before it looks: half up, as the decimals say', () => {
    const temperature = [35.04, 35.05, 36.04, 36.05, 38.04, 38.05, 38.049999, 39.05, 39.04999999999]
    expect(temperature.map((value) => pointsOf({ temperature: value }))).toEqual([3, 1, 1, 0, 0, 1, 0, 2, 1])
    expect([90.4, 90.5, 90.49999].map((heart_rate) => pointsOf({ heart_rate }))).toEqual([0, 1, 0])
    expect([91.5, 91.49, 95.5].map((spo2) => pointsOf({ spo2 }))).toEqual([2, 3, 0])
  })

  it.each([['heart_rate', '70'], ['heart_rate', true], ['consciousness', 'asleep'], ['consciousness', 3], ['supplemental_oxygen', 'perhaps'], ['supplemental_oxygen', 1], ['temperature', Number.NaN], ['temperature', Infinity]] as const)('does not count %s = %s', (metric, value) => {
    const one = bed('{ table: news2 }')
    expect(one.say(0, { ...well, [metric]: value })).toBeUndefined()
    expect(one.shown()).toMatchObject({ value: 0, text: 'at least 0, incomplete' })
  })

  it('takes other units of the same kind, and counts no others', () => {
    const inFahrenheit = (value: number): number => {
      const one = bed('{ table: news2 }')
      one.say(0, { ...well, temperature: { value, unit: '[degF]' } })
      expect(one.shown().text).toBeUndefined()
      return one.shown().value as number
    }
    // 100.4 °F = 38.0 °C; 100.49 °F = 38.05 °C
    expect([95, 95.18, 98.6, 100.4, 100.49, 100.58].map(inFahrenheit)).toEqual([3, 1, 0, 0, 1, 1])
    const one = bed('{ table: news2 }')
    one.say(0, { ...well, temperature: { value: 37, unit: 'kPa' } })
    expect(one.shown().text).toBe('at least 0, incomplete')
    one.say(0, { heart_rate: { value: 70, unit: 'bpm' }, temperature: { value: 37, unit: '°C' }, systolic_bp: { value: 120, unit: 'mmHg' } })
    expect(one.shown().text).toBeUndefined()
  })

  it('agrees with the chart worked out by hand, whatever is measured, missing or oddly rounded', () => {
    const odd = (low: number, high: number) => fc.integer({ min: low * 100, max: high * 100 }).map((hundredths) => hundredths / 100)
    const vitals: fc.Arbitrary<Vitals> = fc.record({
      respiratory_rate: odd(4, 40), spo2: odd(75, 100), supplemental_oxygen: fc.boolean(), systolic_bp: odd(70, 240), heart_rate: odd(30, 150),
      consciousness: fc.constantFrom('A', 'C', 'V', 'P', 'U'), temperature: odd(33, 42),
    }, { requiredKeys: [] })
    fc.assert(fc.property(vitals, fc.constantFrom<1 | 2>(1, 2), (given, scale) => {
      const one = bed('{ table: news2 }', { settings: { news2Scale: scale } })
      const wanted = news2(given, scale)
      const level = one.say(0, { ...given })
      expect([one.shown().value, one.shown().text === undefined]).toEqual([wanted.total, wanted.complete])
      expect(level).toBe(wanted.complete || wanted.level !== 'low' ? wanted.level : undefined)
    }), { numRuns: 3_000 })
  })

  it.each([1, 2] as const)('agrees with it for a whole stay in intensive care, hour by hour, on scale %d', (scale) => {
    const [names, ...hours] = readFileSync(join(import.meta.dirname, '../../cases/news2/stay.csv'), 'utf8').trim().split('\n').map((line) => line.split(','))
    const bands = ['low', 'low-medium', 'medium', 'high'] as const
    const one = bed('{ table: news2, maxAge: 2h }', { settings: { news2Scale: scale } })
    const last = new Map<string, { readonly hour: number; readonly value: Value }>()
    const seen = { complete: 0, incomplete: 0 }
    let active = 0
    for (const row of hours) {
      const hour = Number(row[0])
      const measured = Object.fromEntries(names!.map((name, i) => [name, row[i]!] as const).filter(([name, cell]) => name !== 'hour' && cell !== '').map(([name, cell]) => [name, Number(cell)] as const))
      // What the recording lacks: for some hours nobody looks.
      const nurse = hour % 9 < 7 ? { consciousness: hour % 13 === 5 ? 'V' : 'A', supplemental_oxygen: hour % 7 < 3 } : {}
      for (const [name, value] of Object.entries({ ...measured, ...nurse })) last.set(name, { hour, value })
      const fresh = Object.fromEntries([...last].filter(([, { hour: then }]) => hour - then <= 2).map(([name, { value }]) => [name, value]))
      const wanted = news2(fresh, scale)
      const band = bands.indexOf(wanted.level)
      const holds = !wanted.complete && (band === 0 || band < active)
      const level = one.say(hour * 60 * min, { ...measured, ...nurse })
      expect([hour, level, one.shown().value, one.shown().text === undefined]).toEqual([hour, holds ? (active === 0 ? undefined : bands[active]) : wanted.level, wanted.total, wanted.complete])
      if (!holds) active = band
      seen[wanted.complete ? 'complete' : 'incomplete']++
    }
    expect(seen.complete).toBeGreaterThan(5)
    expect(seen.incomplete).toBeGreaterThan(5)
  })

  it('rounds as decimals do, for every hundredth and every number of decimals', () => {
    const tables = (decimals: number, limit: number): string => `tables: [{ id: t, version: "1", parameters: { x: { decimals: ${decimals}, ranges: [{ to: ${(limit - 10 ** -decimals).toFixed(decimals)}, points: 0 }, { from: ${limit.toFixed(decimals)}, points: 1 }] } }, bands: [{ level: high, total: 1 }, { level: fine }] }]\n`
    fc.assert(fc.property(fc.integer({ min: 0, max: 3 }), fc.integer({ min: -5_000, max: 5_000 }), fc.integer({ min: -20, max: 20 }), (decimals, steps, away) => {
      const limit = Number(`${steps}e-${decimals}`)
      // In tenths of the last decimal: the half, and around it.
      const x = Number(`${steps * 10 + away}e-${decimals + 1}`)
      const one = bed('{ table: t }', { tables: tables(decimals, limit) })
      one.say(0, { x })
      expect(one.shown().value).toBe(roundHalfUp(x, decimals) >= steps ? 1 : 0)
    }), { numRuns: 300 })
  })
})

describe('an incomplete score', () => {
  it('raises and rises, and neither falls nor clears', () => {
    const one = bed('{ table: news2, maxAge: 15min }')
    expect(one.say(0, { heart_rate: 95 })).toBeUndefined()
    expect(one.say(1, { heart_rate: 140 })).toBe('low-medium')
    expect(one.say(2, { respiratory_rate: 22 })).toBe('medium')
    expect(one.shown()).toEqual({ value: 5, unit: null, text: 'at least 5, incomplete' })
    expect(one.say(3, { temperature: 40 })).toBe('high')
    expect(one.say(4, { heart_rate: 70, respiratory_rate: 16, temperature: 37 })).toBe('high')
    expect(one.shown().text).toBe('at least 0, incomplete')
    expect(one.say(5, { ...well, heart_rate: 140, respiratory_rate: 22 })).toBe('medium')
    expect(one.say(6, { ...well })).toBe('low')
    expect(one.cell.active).toBe(normal)
  })

  it('is what is left when an input is older than maxAge, on the millisecond', () => {
    const one = bed('{ table: news2, maxAge: 15min }')
    expect(one.say(0, { ...well })).toBe('low')
    expect(one.cell.deadline).toBe(15 * min + 1)
    const { temperature: _, ...others } = well
    expect(one.say(10 * min, others)).toBe('low')
    expect(one.cell.deadline).toBe(15 * min + 1)
    expect(one.look(15 * min)).toBe('low')
    expect(one.look(15 * min + 1)).toBeUndefined()
    expect(one.shown().text).toBe('at least 0, incomplete')
    expect(one.cell.deadline).toBe(25 * min + 1)
    expect(one.look(25 * min + 1)).toBeUndefined()
    expect(one.cell.deadline).toBe(Infinity)
  })

  it('holds what is active when everything is gone', () => {
    const one = bed('{ table: news2, maxAge: 1min }')
    expect(one.say(0, { ...well, heart_rate: 135, systolic_bp: 80 })).toBe('medium')
    expect(one.look(min + 1)).toBe('medium')
    expect(one.shown().value).toBe(0)
  })

  it('comes of a bad value too, until a good one comes', () => {
    const one = bed('{ table: news2 }')
    one.say(0, { ...well })
    expect(one.say(1, { temperature: { value: 37, bad: true } })).toBeUndefined()
    expect(one.say(2, { temperature: 37 })).toBe('low')
  })

  it('comes of a device that is offline', () => {
    let offline = false
    const one = bed('{ table: news2 }', { offline: () => offline })
    expect(one.say(0, { ...well })).toBe('low')
    offline = true
    expect(one.look(1)).toBeUndefined()
  })

  it('counts on scale 2 the least that SpO₂ may be worth while nobody knows about oxygen', () => {
    const one = bed('{ table: news2 }', { settings: { news2Scale: 2 } })
    const { supplemental_oxygen: _, ...rest } = well
    one.say(0, { ...rest, spo2: 97 })
    expect(one.shown().text).toBe('at least 0, incomplete')
    one.say(1, { spo2: 84 })
    expect(one.shown().text).toBe('at least 2, incomplete')
    one.say(2, { spo2: 97, supplemental_oxygen: 'yes' })
    expect(one.shown()).toEqual({ value: 5, unit: null })
  })
})

describe('a score', () => {
  it('says which band is which, and in what order', () => {
    const { condition } = bed('{ table: news2 }')
    expect([0, 1, 2, 3].map((verdict) => [condition.levelOf(verdict), condition.limitOf(verdict)])).toEqual([['low', null], ['low-medium', null], ['medium', 5], ['high', 7]])
    expect(['low', 'low-medium', 'medium', 'high', null, 'hihi'].map((level) => condition.verdictOf(level))).toEqual([0, 1, 2, 3, 0, 0])
    expect([condition.isUp(1, 3), condition.isUp(3, 1), condition.isUp(2, 2)]).toEqual([true, false, false])
  })

  it('keeps plain data that comes back as it was', () => {
    const one = bed('{ table: news2 }')
    one.say(0, { ...well, heart_rate: 95 })
    expect(structuredClone(one.cell.memory)).toEqual(one.cell.memory)
    one.cell.memory = JSON.parse(JSON.stringify(one.cell.memory))
    expect(one.look(1)).toBe('low')
    expect(one.shown().value).toBe(1)
  })

  it('takes of several devices under one key the newest, and a bad value for that device only', () => {
    const one = bed('{ table: news2 }')
    one.say(0, { ...well, heart_rate: { value: 95, device: 'monitor' } })
    one.say(1, { heart_rate: { value: 70, device: 'ring', bad: true } })
    expect(one.shown()).toEqual({ value: 1, unit: null })
    one.say(2, { heart_rate: { value: 140, device: 'ring' } })
    expect(one.shown().value).toBe(3)
    one.say(3, { heart_rate: { value: 140, device: 'ring', bad: true } })
    expect(one.shown().text).toBe('at least 0, incomplete')
  })

  it('hears other metrics where the rule says so', () => {
    const one = bed('{ table: news2, metrics: { heart_rate: hr, supplemental_oxygen: o2 } }', { settings: { news2Scale: 2 } })
    expect(one.condition.signals.map(({ on }) => on.metric)).toEqual(['respiratory_rate', 'spo2', 'o2', 'systolic_bp', 'hr', 'consciousness', 'temperature'])
    const { heart_rate: _, supplemental_oxygen: __, ...rest } = well
    one.say(0, { ...rest, hr: 140, o2: true, spo2: 97 })
    expect(one.shown()).toEqual({ value: 8, unit: null })
  })

  it('uses a table of the site, with its own bands and least points', () => {
    const tables = `
tables:
  - id: coma
    version: "1"
    parameters:
      eyes: { ranges: [{ from: 1, to: 1, points: 4 }, { from: 2, to: 3, points: 2 }, { from: 4, to: 4, points: 1 }] }
      words: { values: { none: 5, sounds: 3, talks: 1 } }
    bands: [{ level: deep, total: 7 }, { level: awake }]
`
    const one = bed('{ table: coma }', { tables })
    one.say(0, { eyes: 4 })
    expect(one.shown().text).toBe('at least 2, incomplete')
    // Outside of all ranges: no answer.
    one.say(1, { eyes: 5 })
    expect(one.shown().text).toBe('at least 2, incomplete')
    one.say(2, { eyes: 0.4 })
    expect(one.shown().text).toBe('at least 2, incomplete')
    expect(one.say(3, { eyes: 0.5, words: 'Sounds' })).toBe('deep')
    expect(one.say(4, { eyes: 2, words: 'sounds' })).toBe('awake')
  })
})
