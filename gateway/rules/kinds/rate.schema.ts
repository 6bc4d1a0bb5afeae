import { duration } from '../../kernel/quantity-shape.ts'
import type { KindSchema } from '../../kernel/rule-kind.ts'
import type { Invalid } from '../../kernel/shape.ts'
import { invalid, object, refine, required } from '../../kernel/shape.ts'
import type { Comparison } from './comparison.schema.ts'
import { comparisonOf, hysteresisField, numericFields, refusesHysteresis } from './comparison.schema.ts'
import { parseWith } from './parse-with.ts'

export interface RateSpec {
  /** Of the change in so much time. */
  readonly comparison: Comparison
  readonly perMs: number
  /** Between the newest sample and the oldest of the last so many ms. */
  readonly overMs: number
  readonly hysteresis: number
}

const shape = refine(
  object(
    {
      per: required(duration({ min: '1ms', max: '31d', example: '1min' })),
      over: required(duration({ min: '1ms', max: '31d', example: '30s' })),
      ...numericFields,
      hysteresis: hysteresisField,
    },
    { expected: 'a rate of change', example: '{ gt: 5, per: 1min, over: 30s }' },
  ),
  (value, at): RateSpec | Invalid => {
    const comparison = comparisonOf(value, at)
    if (comparison === invalid || refusesHysteresis(comparison, value.hysteresis, at)) return invalid
    return { comparison, perMs: value.per, overMs: value.over, hysteresis: value.hysteresis }
  },
)

/** `rate: { gt: 5, per: 1min, over: 30s }`: rises by more than 5 a minute, seen over 30 s; falls have negative rates. */
export const rateSchema: KindSchema<RateSpec> = {
  name: 'rate',
  shortForms: [],
  example: 'rate: { gt: 5, per: 1min, over: 30s }',
  parse: (node, context) => parseWith(shape, node, context.path),
  levels: () => [],
  allowsFor: true,
  needsOneOf: [],
  defaultMessage: '{metric} changes by {value} {unit} on {device}',
}
