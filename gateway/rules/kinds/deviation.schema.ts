import type { KindSchema } from '../../kernel/rule-kind.ts'
import type { Selector } from '../../kernel/rule.ts'
import { number, object, refine, required } from '../../kernel/shape.ts'
import { canonicalJson } from '../load-version.ts'
import { hysteresisField } from './comparison.schema.ts'
import { parseWith } from './parse-with.ts'
import { maxAgeField, seriesOf, signalShape } from './signal-fields.ts'

export interface DeviationSpec {
  /** What the signal of `on` is measured by. */
  readonly of: Selector
  /** > 0. */
  readonly gt: number
  /** ≥ 0, < gt; counts only once active. */
  readonly hysteresis: number
  readonly maxAgeMs: number | undefined
}

const shape = refine(
  object(
    { of: required(signalShape), gt: required(number({ expected: 'a number of 0 or more', example: '2', min: 0 })), hysteresis: hysteresisField, maxAge: maxAgeField },
    { expected: 'a distance from another signal', example: '{ of: { metric: setpoint }, gt: 2 }' },
  ),
  ({ of, gt, hysteresis, maxAge }, at): DeviationSpec | ReturnType<typeof at.refuse> => {
    if (hysteresis > 0 && hysteresis >= gt) return at.refuse(`with a hysteresis of ${hysteresis} a distance of 0 would not end it (gt is ${gt})`, `write one smaller than ${gt}`, 'hysteresis')
    return { of, gt, hysteresis, maxAgeMs: maxAge }
  },
)

/** `deviation: { of: { metric: setpoint }, gt: 2, hysteresis: 0.5, maxAge: 5min }`: the distance from another signal. */
export const deviationSchema: KindSchema<DeviationSpec> = {
  name: 'deviation',
  shortForms: [],
  example: 'deviation: { of: { metric: setpoint }, gt: 2 }',
  parse: (node, context) => parseWith(shape, node, context.path),
  levels: () => [],
  allowsFor: true,
  needsOneOf: ['metric'],
  defaultMessage: '{metric} on {device} is off by {value}{unit}',
  compares: ({ of }, on) => [{ on }, { on: seriesOf(of, on) }],
  together({ of }, { on }) {
    if (of.metric === undefined && on.metric === undefined) return [{ at: 'kind', message: '"of" names no metric, and "on" names none either', remedy: 'write e.g. of: { metric: setpoint }' }]
    if (canonicalJson({ ...on, ...of }) === canonicalJson(on)) return [{ at: 'kind', message: '"of" is what "on" selects itself: every value is 0 away from itself', remedy: 'write another metric or device in "of"' }]
    return []
  },
}
