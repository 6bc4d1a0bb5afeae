import type { KindSchema } from '../../kernel/rule-kind.ts'
import { duration } from '../../kernel/quantity-shape.ts'
import { object, optional, refine, required } from '../../kernel/shape.ts'
import { parseWith } from './parse-with.ts'

export interface AbsentSpec {
  /** > 0. */
  readonly afterMs: number
  /** Added once after a start; default: as `after`. */
  readonly graceMs: number
}

const shape = refine(
  object(
    { after: required(duration({ min: '1ms', example: '30s' })), grace: optional(duration({ example: '60s' })) },
    { expected: 'a time without readings', example: '{ after: 30s }' },
  ),
  (value): AbsentSpec => ({ afterMs: value.after, graceMs: value.grace ?? value.after }),
)

/** `absent: { after: 30s, grace: 60s }`: no new reading for so long. */
export const absentSchema: KindSchema<AbsentSpec> = {
  name: 'absent',
  shortForms: [],
  example: 'absent: { after: 30s }',
  parse: (node, context) => parseWith(shape, node, context.path),
  levels: () => [],
  allowsFor: false,
  needsOneOf: [],
  defaultMessage: 'nothing heard of {metric} on {device}',
}
