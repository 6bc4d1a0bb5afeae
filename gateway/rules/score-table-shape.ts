/** How a score table is written (docs/rules/score.md): in tables/ here, and under `tables:` of a site's own files. */
import { duration } from '../kernel/quantity-shape.ts'
import type { ScoreCase, ScoreParameter, ScoreScale, ScoreTable } from '../kernel/score-table.ts'
import type { Invalid, RefineContext, Shape } from '../kernel/shape.ts'
import { anyScalar, clip, invalid, list, number, object, optional, record, refine, required, text } from '../kernel/shape.ts'
import { suggestion } from '../kernel/suggest.ts'
import { bandsShape, readBands } from './score-bands.ts'
import { flagOf } from './score-points.ts'
import { readScale, scaleFields } from './score-scale.ts'
import { unitShape } from './score-units.ts'
import { within } from './within.ts'

/** Scalars by name; what the names mean is looked at once the whole table is known. */
const scalars = (expected: string, example: string) => optional(record(anyScalar('2'), { expected, example }), new Map<string, string | number | boolean>())

const caseShape = refine(
  object(
    { settings: scalars('settings of the device', '{ news2Scale: 2 }'), values: scalars('values of other parameters', '{ supplemental_oxygen: yes }') },
    { expected: 'a case', example: '{ settings: { news2Scale: 2 } }' },
  ),
  (value, at) => (value.settings.size + value.values.size > 0 ? value : at.refuse('a case that always holds', 'write settings: or values: that make it hold')),
)

interface WrittenCase {
  readonly settings: ReadonlyMap<string, string | number | boolean>
  readonly values: ReadonlyMap<string, string | number | boolean>
}

const decimals = optional(number({ expected: 'a number of decimals 0…6', example: '1', min: 0, max: 6, integer: true }))

const alternative = object({ when: required(caseShape), ...scaleFields }, { expected: 'a case and its scale', example: '{ when: { settings: { news2Scale: 2 } }, ranges: [ … ] }' })

const parameter = refine(
  object(
    { unit: optional(unitShape), decimals, ...scaleFields, instead: optional(list(alternative), []) },
    { expected: 'a parameter', example: '{ unit: /min, ranges: [{ to: 40, points: 3 }, { from: 41, points: 0 }] }' },
  ),
  (value, at) => {
    const scale = readScale(value, value.decimals ?? 0, at)
    if (scale === invalid) return invalid
    for (const key of ['decimals', 'unit'] as const) {
      if (scale.form !== 'ranges' && value[key] !== undefined) return at.refuse(`only numbers have ${key}, and this has ${scale.form}`, 'leave it out', key)
    }
    const instead: { readonly when: WrittenCase; readonly scale: ScoreScale }[] = []
    for (const [index, one] of value.instead.entries()) {
      const here = within(at, 'instead', index)
      const other = readScale(one, value.decimals ?? 0, here)
      if (other === invalid) return invalid
      if (other.form !== scale.form) return here.refuse(`${other.form}, where the parameter has ${scale.form}`, `write ${scale.form}: here too`, other.form)
      instead.push({ when: one.when, scale: other })
    }
    return { unit: value.unit, scale, instead }
  },
)

export const scoreTableShape: Shape<ScoreTable> = refine(
  object(
    {
      id: required(text({ expected: 'an id without spaces, of at most 64 characters', example: 'cold-room', check: (written) => /^[^\s\p{C}]{1,64}$/u.test(written) })),
      version: required(text({ expected: 'the version of the table', example: '"1"', check: (written) => written.trim() !== '' && written.length <= 64 })),
      name: optional(text({ expected: 'a name without braces, of at most 64 characters', example: 'NEWS2', check: (written) => /^[^{}\p{C}]{1,64}$/u.test(written) && written.trim() !== '' })),
      maxAge: optional(duration({ min: '1ms', example: '15min' }), 900_000),
      parameters: required(record(parameter, { expected: 'parameters, by metric', example: '{ heart_rate: { … } }', key: wrongMetric })),
      bands: required(bandsShape),
    },
    { expected: 'a score table', example: '{ id: cold-room, version: "1", parameters: { … }, bands: [ … ] }' },
  ),
  ({ id, version, name, maxAge, parameters: written, bands: writtenBands }, at) => {
    if (written.size === 0) return at.refuse('a table without parameters', 'write at least one metric and its points', 'parameters')
    const scales = new Map([...written].map(([metric, { scale }]) => [metric, scale]))
    const parameters: ScoreParameter[] = []
    for (const [metric, { unit, scale, instead }] of written) {
      const made: { when: ScoreCase; scale: ScoreScale }[] = []
      for (const [index, one] of instead.entries()) {
        const when = readCase(one.when, { scales, own: metric, at: within(at, 'parameters', metric, 'instead', index, 'when') })
        if (when === invalid) return invalid
        made.push({ when, scale: one.scale })
      }
      parameters.push({ name: metric, metric, unit, scale, instead: made })
    }
    const bands = readBands(writtenBands, parameters, at)
    return bands === invalid ? invalid : { id, version, name: name ?? id, maxAgeMs: maxAge, parameters, bands }
  },
)

/** What would be right where a name cannot be a metric. */
export function wrongMetric(metric: string): string | undefined {
  if (/[*?]/.test(metric)) return 'write the metric itself; there are no wildcards here'
  if (metric.trim() === '' || /[/+#\p{Cc}]/u.test(metric) || metric.length > 512) return 'write a metric, e.g. heart_rate'
  return metric === 'ts' || metric === 'seq' ? 'it is the time or number of a reading; write a metric' : undefined
}

function readCase(written: WrittenCase, { scales, own, at }: { scales: ReadonlyMap<string, ScoreScale>; own: string; at: RefineContext }): ScoreCase | Invalid {
  const values: Record<string, string | boolean> = {}
  for (const [metric, value] of written.values) {
    const refuse = within(at, 'values', metric).refuse
    const scale = scales.get(metric)
    const askable = [...scales].filter(([other, { form }]) => other !== own && form !== 'ranges').map(([other]) => other)
    if (scale === undefined) return refuse(`the table has no parameter "${clip(metric)}"`, suggestion(metric, askable))
    if (!askable.includes(metric)) return refuse(metric === own ? 'a case of a parameter cannot ask for the parameter itself' : `"${clip(metric)}" is a number, and a case asks for a value`, 'name another parameter, one with flag or values')
    const is = scale.form === 'flag' ? flagOf(typeof value === 'number' ? null : value) : String(value).trim().toLowerCase()
    if (is === undefined) return refuse(`"${clip(metric)}" is yes or no, found "${clip(String(value))}"`, 'write yes or no')
    if (scale.form === 'values' && !Object.hasOwn(scale.values, String(is))) return refuse(`"${clip(metric)}" has no value "${clip(String(value))}"`, `it has ${Object.keys(scale.values).join(', ')}`)
    values[metric] = is
  }
  return { settings: Object.fromEntries([...written.settings].map(([setting, value]) => [setting, String(value)])), values }
}
