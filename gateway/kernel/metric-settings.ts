import { compileGlob, isGlob } from './glob.ts'
import { toDocument } from './plain.ts'
import type { Problem } from './problem.ts'
import { duration } from './quantity-shape.ts'
import type { Shape } from './shape.ts'
import { boolean, invalid, number, object, optional, record, refine, required, text } from './shape.ts'
import { unitShape } from './unit-shape.ts'

/** What is known of a metric of a device; `metrics` among the device's settings. */
export interface MetricSettings {
  /** UCUM code in which readings are kept; undefined: each as it came. */
  readonly unit: string | undefined
  /** In `unit`. What lies outside is a sensor's fault, not a patient's. */
  readonly min: number | undefined
  readonly max: number | undefined
  /** A sensor whose values keep within `eps` over the whole span, of at least `minCount` readings, is stuck. */
  readonly flat: { readonly eps: number; readonly spanMs: number; readonly minCount: number } | undefined
  /** A metric of the same device that is true while what this one is measured with hangs loose. */
  readonly leadOff: string | undefined
  /** Is text that says a number that number? */
  readonly coerce: boolean
}

const flat = refine(
  object(
    {
      eps: optional(number({ expected: 'a number of 0 or more', example: '0.01', min: 0 }), 0),
      span: required(duration({ min: '1s', example: '30min' })),
      minCount: optional(number({ expected: 'a whole number of 2 or more', example: '10', min: 2, integer: true }), 10),
    },
    { expected: 'when a sensor counts as stuck', example: '{ eps: 0.01, span: 30min }' },
  ),
  ({ eps, span, minCount }) => ({ eps, spanMs: span, minCount }),
)

const metric: Shape<MetricSettings> = refine(
  object(
    {
      unit: optional(unitShape),
      min: optional(number({ expected: 'a number', example: '0' })),
      max: optional(number({ expected: 'a number', example: '100' })),
      flat: optional(flat),
      leadOff: optional(text({ expected: 'a metric of the device', example: 'ecg.lead_off', check: (name) => name.trim() !== '' && name.length <= 256 })),
      coerce: optional(boolean, false),
    },
    { expected: 'settings of a metric', example: '{ unit: "%", min: 0, max: 100 }' },
  ),
  (value, at) => {
    const { min, max } = value
    if (min !== undefined && max !== undefined && min >= max) return at.refuse(`min (${min}) must be less than max (${max})`, 'no value would be right: mind which is which', 'min')
    return value
  },
)

/** `metrics: { spo2: { unit: "%", min: 0, max: 100 }, "temp*": { unit: Cel } }` */
export const metricsShape = record(metric, {
  expected: 'settings by metric',
  example: '{ spo2: { unit: "%", min: 0, max: 100 } }',
  key: (name) => (name !== '' && name.length <= 256 && !/\p{Cc}/u.test(name) ? undefined : 'write a metric, with * and ? as wildcards'),
})

const none: MetricSettings = Object.freeze({ unit: undefined, min: undefined, max: undefined, flat: undefined, leadOff: undefined, coerce: false })

/**
 * What a device's settings say of a metric: under its very name, else under the first pattern that fits. Ask once per series
 * and again when the device was edited. What cannot be right (it is checked where it comes in) says nothing.
 */
export function settingsOf(settings: Readonly<Record<string, unknown>>, name: string): MetricSettings {
  const written = Object.hasOwn(settings, 'metrics') ? settings['metrics'] : undefined
  if (typeof written !== 'object' || written === null) return none
  const found = Object.hasOwn(written, name) ? name : Object.keys(written).find((pattern) => isGlob(pattern) && compileGlob(pattern)(name))
  if (found === undefined) return none
  const problems: Problem[] = []
  const read = metric.read(toDocument((written as Readonly<Record<string, unknown>>)[found]), '', problems)
  return read === invalid || problems.length > 0 ? none : read
}
