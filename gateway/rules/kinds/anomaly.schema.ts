import type { KindSchema } from '../../kernel/rule-kind.ts'
import type { Invalid } from '../../kernel/shape.ts'
import { number, object, oneOf, optional, refine, required, scalar } from '../../kernel/shape.ts'
import { hysteresisField } from './comparison.schema.ts'
import { parseWith } from './parse-with.ts'

export interface AnomalySpec {
  /** Weight of the newest sample, 0 < alpha ≤ 1. */
  readonly alpha: number
  /** How many sigma from the mean are too far; it returns below z − hysteresis. */
  readonly z: number
  readonly hysteresis: number
  /** ≥ 2: so many samples are learned from before anything is said. */
  readonly warmup: number
  /** > 0: sigma is never taken to be less. */
  readonly sigmaFloor: number
  readonly direction: 'both' | 'above' | 'below'
}

const positive = (example: string, most = Infinity) => scalar<number>({
  expected: most === Infinity ? 'a number greater than 0' : `a number greater than 0, at most ${most}`,
  example,
  from: ({ value }) => (typeof value === 'number' && Number.isFinite(value) && value > 0 && value <= most ? value : undefined),
})

const shape = refine(
  object(
    {
      method: optional(oneOf('ewma'), 'ewma'),
      alpha: optional(positive('0.1', 1), 0.1),
      z: optional(positive('4'), 4),
      hysteresis: hysteresisField,
      warmup: optional(number({ expected: 'a whole number from 2', example: '100', min: 2, integer: true }), 100),
      sigmaFloor: required(positive('0.05')),
      direction: optional(oneOf('both', 'above', 'below'), 'both'),
    },
    { expected: 'an anomaly', example: '{ sigmaFloor: 0.05 }' },
  ),
  ({ alpha, z, hysteresis, warmup, sigmaFloor, direction }, at): AnomalySpec | Invalid => {
    if (hysteresis >= z) return at.refuse(`with a hysteresis of ${hysteresis} nothing is near enough to return`, `write one smaller than z (${z})`, 'hysteresis')
    return { alpha, z, hysteresis, warmup, sigmaFloor, direction }
  },
)

/** `anomaly: { method: ewma, alpha: 0.1, z: 4, warmup: 100, sigmaFloor: 0.05 }`: far from what this series has been of late. */
export const anomalySchema: KindSchema<AnomalySpec> = {
  name: 'anomaly',
  shortForms: [],
  example: 'anomaly: { method: ewma, alpha: 0.1, z: 4, warmup: 100, sigmaFloor: 0.05 }',
  parse: (node, context) => parseWith(shape, node, context.path),
  levels: () => [],
  allowsFor: true,
  needsOneOf: [],
  defaultMessage: '{metric} {value}{unit} on {device} is unusual',
}
