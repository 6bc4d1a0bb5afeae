import { duration } from '../../kernel/quantity-shape.ts'
import type { KindSchema } from '../../kernel/rule-kind.ts'
import type { Invalid, RefineContext } from '../../kernel/shape.ts'
import { invalid, number, object, oneOf, optional, refine, required } from '../../kernel/shape.ts'
import type { AggregateFn } from '../window/fold.ts'
import { aggregateFns } from '../window/fold.ts'
import type { Comparison } from './comparison.schema.ts'
import { comparisonOf, hysteresisField, numericFields, refusesHysteresis } from './comparison.schema.ts'
import { parseWith } from './parse-with.ts'

export interface AggregateSpec {
  readonly fn: AggregateFn
  readonly window:
    | { readonly form: 'sliding' | 'tumbling'; readonly ms: number }
    /** maxMs ≥ gapMs. */
    | { readonly form: 'session'; readonly gapMs: number; readonly maxMs: number }
  /** Fewer samples: unknown. */
  readonly minCount: number
  /** Of numbers. */
  readonly comparison: Comparison
  readonly hysteresis: number
}

const window = refine(
  object(
    {
      sliding: optional(duration({ min: '1ms', max: '31d', example: '5min' })),
      tumbling: optional(duration({ min: '1ms', max: '31d', example: '1min' })),
      session: optional(object(
        { gap: required(duration({ min: '1ms', max: '31d', example: '30s' })), max: optional(duration({ min: '1ms', max: '31d', example: '1h' }), 86_400_000) },
        { expected: 'a session', example: '{ gap: 30s, max: 1h }' },
      )),
    },
    { expected: 'a window', example: '{ sliding: 5min }' },
  ),
  ({ sliding, tumbling, session }, at): AggregateSpec['window'] | Invalid => {
    const given = Object.entries({ sliding, tumbling, session }).filter(([, value]) => value !== undefined)
    if (given.length === 0) return at.refuse('a window that says nothing', 'write one of sliding: 5min, tumbling: 1min, session: { gap: 30s, max: 1h }')
    if (given.length > 1) return at.refuse(`${given[0]![0]} and ${given[1]![0]} are two windows`, 'make a rule of each', given[1]![0])
    if (session === undefined) return { form: sliding === undefined ? 'tumbling' : 'sliding', ms: (sliding ?? tumbling)! }
    if (session.max < session.gap) return at.refuse('its gap alone is longer than the session may be', 'write a max that is no less than the gap', 'session')
    return { form: 'session', gapMs: session.gap, maxMs: session.max }
  },
)

const shape = refine(
  object(
    {
      fn: required(oneOf(...aggregateFns)),
      window: required(window),
      minCount: optional(number({ expected: 'a whole number from 1', example: '20', min: 1, integer: true })),
      ...numericFields,
      hysteresis: hysteresisField,
    },
    { expected: 'an aggregate', example: '{ fn: avg, window: { sliding: 5min }, gt: 250 }' },
  ),
  (value, at): AggregateSpec | Invalid => {
    const { fn, minCount, hysteresis } = value
    const comparison = comparisonOf(value, at)
    if (comparison === invalid || refusesHysteresis(comparison, hysteresis, at)) return invalid
    if ((fn === 'count' || fn === 'stddev') && saysNothing(fn, comparison, at)) return invalid
    return { fn, window: value.window, minCount: minCount ?? leastCount(fn), comparison, hysteresis }
  },
)

/** What is never negative, and of a count whole: a comparison that nothing meets, or everything, is refused. True: it was. */
function saysNothing(fn: 'count' | 'stddev', { gt, ge, lt, le, eq, ne, between, outside }: Comparison, at: RefineContext): boolean {
  const cannotBe = (x: unknown): boolean => typeof x === 'number' && (x < 0 || (fn === 'count' && !Number.isInteger(x)))
  const what = `${fn} is ${fn === 'count' ? 'a whole number from 0' : '0 or more'}`
  const never = Object.entries({ lt: lt !== undefined && lt <= 0, le: le !== undefined && le < 0, eq: cannotBe(eq), between: between !== undefined && between[1] < 0 }).find(([, is]) => is)
  if (never !== undefined) return at.refuse(`${what}: it never meets this`, 'write e.g. gt: 5', never[0]) === invalid
  const bounded = lt !== undefined || le !== undefined || eq !== undefined || between !== undefined
  const always = Object.entries({ gt: gt !== undefined && gt < 0, ge: ge !== undefined && ge <= 0, ne: cannotBe(ne), outside: outside !== undefined && outside[1] < 0 }).filter(([, is]) => is)
  const given = [gt, ge, ne, outside].filter((one) => one !== undefined).length
  return !bounded && always.length === given && at.refuse(`${what}: it always meets this`, 'write e.g. gt: 5', always[0]![0]) === invalid
}

function leastCount(fn: AggregateFn): number {
  if (fn === 'count' || fn === 'sum') return 0
  return fn === 'stddev' ? 2 : 1
}

/** `aggregate: { fn: p95, window: { sliding: 5min }, minCount: 20, gt: 250 }`. */
export const aggregateSchema: KindSchema<AggregateSpec> = {
  name: 'aggregate',
  shortForms: [],
  example: 'aggregate: { fn: avg, window: { sliding: 5min }, gt: 250 }',
  parse: (node, context) => parseWith(shape, node, context.path),
  levels: () => [],
  allowsFor: true,
  needsOneOf: [],
  defaultMessage: '{metric} {value}{unit} on {device}',
}
