import { duration } from '../../kernel/quantity-shape.ts'
import type { KindSchema } from '../../kernel/rule-kind.ts'
import { number, object, optional, refine, required } from '../../kernel/shape.ts'
import { parseWith } from './parse-with.ts'

export interface FlatSpec {
  /** ≥ 0. */
  readonly eps: number
  readonly spanMs: number
  /** ≥ 2. */
  readonly minCount: number
}

const shape = refine(
  object(
    {
      eps: required(number({ expected: 'a number of 0 or more', example: '0.01', min: 0 })),
      span: required(duration({ min: '1ms', max: '31d', example: '30min' })),
      minCount: optional(number({ expected: 'a whole number from 2', example: '10', min: 2, integer: true }), 10),
    },
    { expected: 'a flat line', example: '{ eps: 0.01, span: 30min }' },
  ),
  ({ eps, span, minCount }): FlatSpec => ({ eps, spanMs: span, minCount }),
)

/** `flat: { eps: 0.01, span: 30min, minCount: 10 }`: nothing moved by more than eps for so long. */
export const flatSchema: KindSchema<FlatSpec> = {
  name: 'flat',
  shortForms: [],
  example: 'flat: { eps: 0.01, span: 30min }',
  parse: (node, context) => parseWith(shape, node, context.path),
  levels: () => [],
  allowsFor: false,
  needsOneOf: [],
  defaultMessage: '{metric} does not move from {value}{unit} on {device}',
}
