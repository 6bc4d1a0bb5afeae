import type { KindSchema } from '../../kernel/rule-kind.ts'
import type { Selector } from '../../kernel/rule.ts'
import { invalid, number, object, refine, required } from '../../kernel/shape.ts'
import type { Comparison } from './comparison.schema.ts'
import { comparisonFields, comparisonOf } from './comparison.schema.ts'
import { perDevice } from './joined.schema.ts'
import { parseWith } from './parse-with.ts'
import { isOneSeries, maxAgeField, namesDevices, seriesOf, signalShape } from './signal-fields.ts'

export interface AtLeastSpec {
  /** ≥ 1. */
  readonly n: number
  readonly of: Selector
  readonly is: Comparison
  readonly maxAgeMs: number | undefined
}

const shape = refine(
  object(
    { n: required(number({ expected: 'a whole number of 1 or more', example: '2', min: 1, max: 100_000, integer: true })), of: required(signalShape), ...comparisonFields, maxAge: maxAgeField },
    { expected: 'how many of what', example: '{ n: 2, of: { device: "fan-*", metric: fault }, eq: true }' },
  ),
  (value, at): AtLeastSpec | typeof invalid => {
    const is = comparisonOf(value, at)
    return is === invalid ? invalid : { n: value.n, of: value.of, is, maxAgeMs: value.maxAge }
  },
)

/** `atLeast: { n: 2, of: { device: "fan-*", metric: fault }, eq: true }`: so many series meet a comparison. */
export const atLeastSchema: KindSchema<AtLeastSpec> = {
  name: 'atLeast',
  shortForms: [],
  example: 'atLeast: { n: 2, of: { device: "fan-*", metric: fault }, eq: true }',
  parse: (node, context) => parseWith(shape, node, context.path),
  levels: () => [],
  allowsFor: true,
  needsOneOf: [],
  defaultMessage: '{rule}: {value}',
  defaultKey: ({ of }) => (namesDevices(of) ? 'rule' : 'device'),
  compares: ({ of }, on) => [{ on: seriesOf(of, on) }],
  together({ n, of }, rule) {
    const selector = namesDevices(of) ? { ...of, metric: of.metric ?? rule.on.metric } : { ...rule.on, ...of }
    const oneEach = rule.key === 'device' && !namesDevices(of) && selector.metric !== undefined && isOneSeries({ metric: selector.metric, device: 'one' })
    const { metric, ...devices } = selector
    if (n > 1 && (oneEach || isOneSeries({ ...devices, ...(metric === undefined ? {} : { metric }) }))) {
      const remedy = oneEach ? 'write key: rule to count over devices, or a pattern as metric' : 'write n: 1, or a pattern that matches more'
      return [{ at: 'kind', message: `n is ${n}, and "of" can match one series only`, remedy }]
    }
    return perDevice('atLeast', { terms: [{ on: of }] }, rule)
  },
}
