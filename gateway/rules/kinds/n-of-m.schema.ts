import type { KindSchema } from '../../kernel/rule-kind.ts'
import type { Invalid } from '../../kernel/shape.ts'
import { invalid, number, object, refine, required } from '../../kernel/shape.ts'
import type { Comparison } from './comparison.schema.ts'
import { comparisonFields, comparisonOf } from './comparison.schema.ts'
import { parseWith } from './parse-with.ts'

export interface NOfMSpec {
  /** 1 ≤ n ≤ m ≤ 1000. */
  readonly n: number
  readonly m: number
  readonly comparison: Comparison
}

const count = (example: string) => required(number({ expected: 'a whole number 1…1000', example, min: 1, max: 1_000, integer: true }))

const shape = refine(
  object({ n: count('3'), m: count('5'), ...comparisonFields }, { expected: 'n of m', example: '{ n: 3, m: 5, lt: 8 }' }),
  (value, at): NOfMSpec | Invalid => {
    const { n, m } = value
    const comparison = comparisonOf(value, at)
    if (comparison === invalid) return invalid
    if (n > m) return at.refuse(`${n} of the last ${m} samples can never be`, `write an n of at most ${m}, or a greater m`, 'n')
    return { n, m, comparison }
  },
)

/** `nOfM: { n: 3, m: 5, lt: 8 }`: three of the last five samples are below 8. */
export const nOfMSchema: KindSchema<NOfMSpec> = {
  name: 'nOfM',
  shortForms: [],
  example: 'nOfM: { n: 3, m: 5, lt: 8 }',
  parse: (node, context) => parseWith(shape, node, context.path),
  levels: () => [],
  allowsFor: true,
  needsOneOf: [],
  defaultMessage: '{metric} {value}{unit} on {device}',
}
