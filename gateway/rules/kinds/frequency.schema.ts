import type { KindSchema } from '../../kernel/rule-kind.ts'
import { duration } from '../../kernel/quantity-shape.ts'
import { number, object, optional, refine, required } from '../../kernel/shape.ts'
import { parseWith } from './parse-with.ts'

export interface FrequencySpec {
  /** ≥ 0: more than so many. */
  readonly gt: number
  readonly inMs: number
  /** ≥ 0: how long it stays after the last time that there were more; default: as `in`. */
  readonly cooldownMs: number
}

const shape = refine(
  object(
    {
      gt: required(number({ expected: 'a whole number 0…10000', example: '5', min: 0, max: 10_000, integer: true })),
      in: required(duration({ min: '1ms', max: '31d', example: '1min' })),
      cooldown: optional(duration({ max: '31d', example: '5min' })),
    },
    { expected: 'how many in what time', example: '{ gt: 5, in: 1min }' },
  ),
  (value): FrequencySpec => ({ gt: value.gt, inMs: value.in, cooldownMs: value.cooldown ?? value.in }),
)

/** `frequency: { gt: 5, in: 1min, cooldown: 5min }`: more events, or readings, than that. */
export const frequencySchema: KindSchema<FrequencySpec> = {
  name: 'frequency',
  shortForms: [],
  example: 'frequency: { gt: 5, in: 1min }',
  parse: (node, context) => parseWith(shape, node, context.path),
  levels: () => [],
  allowsFor: false,
  needsOneOf: [],
  defaultMessage: '{rule}: {value} times, more than {limit}',
  hears: ['readings', 'events'],
}
