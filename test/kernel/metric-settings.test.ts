import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { metricsShape, settingsOf } from '../../gateway/kernel/metric-settings.ts'
import { toDocument, toPlain } from '../../gateway/kernel/plain.ts'
import type { Problem } from '../../gateway/kernel/problem.ts'

const none = { unit: undefined, min: undefined, max: undefined, flat: undefined, coerce: false }

describe('what settings say of a metric', () => {
  const settings = {
    news2Scale: 2,
    metrics: {
      'temp*': { unit: '°C' },
      spo2: { unit: '%', min: 0, max: 100, flat: { eps: 0.01, span: '30min', minCount: 5 }, coerce: true },
      't*': { min: -5 },
      '*': { flat: { span: '1h' } },
    },
  }

  it.each([
    ['spo2', { unit: '%', min: 0, max: 100, flat: { eps: 0.01, spanMs: 1_800_000, minCount: 5 }, coerce: true }],
    ['temperature', { ...none, unit: 'Cel' }],
    ['tilt', { ...none, min: -5 }],
    ['spo2.finger', { ...none, flat: { eps: 0, spanMs: 3_600_000, minCount: 10 } }],
  ])('%s: under its name, else under the first pattern that fits', (metric, expected) => {
    expect(settingsOf(settings, metric)).toEqual(expected)
  })

  it.each([{}, { metrics: null }, { metrics: 'x' }, { metrics: [] }, { metrics: { hr: 5 } }, { metrics: { hr: { unit: 'nonsense' } } }, { metrics: { hr: { min: 2, max: 1 } } }, { metrics: { hr: { unitt: '%' } } }])('is nothing where %j cannot be read', (written) => {
    expect(settingsOf(written, 'hr')).toEqual(none)
  })

  it('is nothing of what every object has', () => {
    for (const name of ['constructor', 'toString', '__proto__']) expect(settingsOf({ metrics: {} }, name)).toEqual(none)
    expect(settingsOf(JSON.parse('{"metrics":{"__proto__":{"unit":"%"}}}') as Record<string, unknown>, '__proto__').unit).toBe('%')
    expect(settingsOf({}, 'metrics')).toEqual(none)
  })

  it.each<[unknown, string]>([
    [5, 'settings.metrics: expected settings by metric, found 5; write e.g. metrics: { spo2: { unit: "%", min: 0, max: 100 } }'],
    [{ '': {} }, 'settings.metrics.: "" cannot be a name here; write a metric, with * and ? as wildcards'],
    [{ spo2: { unit: 'celcius' } }, 'settings.metrics.spo2.unit: unknown unit "celcius"; did you mean "Cel"?'],
    [{ spo2: { unit: ['%'] } }, 'settings.metrics.spo2.unit: expected a unit, found a list; write e.g. unit: Cel'],
    [{ spo2: { min: 5, max: 5 } }, 'settings.metrics.spo2.min: min (5) must be less than max (5); no value would be right: mind which is which'],
    [{ spo2: { min: '5' } }, 'settings.metrics.spo2.min: expected a number, found "5"; write e.g. min: 0'],
    [{ spo2: { flat: {} } }, 'settings.metrics.spo2.flat: "span" is missing; write span: 30min'],
    [{ spo2: { flat: { span: 0 } } }, 'settings.metrics.spo2.flat.span: expected a duration of at least 1s, found 0; write e.g. span: 30min'],
    [{ spo2: { flat: { span: '1h', eps: -1 } } }, 'settings.metrics.spo2.flat.eps: expected a number of 0 or more, found -1; write e.g. eps: 0.01'],
    [{ spo2: { flat: { span: '1h', minCount: 1 } } }, 'settings.metrics.spo2.flat.minCount: expected a whole number of 2 or more, found 1; write e.g. minCount: 10'],
    [{ spo2: { coerce: 'yes' } }, 'settings.metrics.spo2.coerce: expected true or false, found "yes"; write e.g. coerce: true'],
    [{ spo2: { units: '%' } }, 'settings.metrics.spo2.units: unknown key "units"; did you mean "unit"?'],
  ])('%j is refused with the place', (written, told) => {
    const problems: Problem[] = []
    metricsShape.read(toDocument(written), 'settings.metrics', problems)
    expect(problems.map(({ path, message, remedy }) => `${path}: ${message}; ${remedy}`)).toEqual([told])
  })

  it('comes back from a document as it was', () => {
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      expect(JSON.stringify(toPlain(toDocument(value)))).toBe(JSON.stringify(value))
    }))
    const deep = JSON.parse(`${'['.repeat(3_000)}1${']'.repeat(3_000)}`) as unknown
    expect(() => toPlain(toDocument(deep))).not.toThrow()
  })
})
