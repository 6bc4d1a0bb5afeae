import type { KindSchema } from '../../kernel/rule-kind.ts'
import { anyScalar, number, object, optional, refine } from '../../kernel/shape.ts'
import { parseWith } from './parse-with.ts'

/** From the outermost low to the outermost high. */
export const levelNames = ['lolo', 'lo', 'hi', 'hihi'] as const
export type LevelName = (typeof levelNames)[number]

export type LevelSpec =
  | {
      readonly form: 'limits'
      /** At least one; those given rise from lolo to hihi. */
      readonly limits: Readonly<Partial<Record<LevelName, number>>>
      /** ≥ 0; counts only once active. */
      readonly hysteresis: number
    }
  /** Fires while the value equals this one. A text is as written: `ON` equals true and `on` where values are compared. */
  | { readonly form: 'equals'; readonly equals: number | boolean | string }

const limit = (example: string) => optional(number({ expected: 'a number', example }))
const hysteresis = optional(number({ expected: 'a number of 0 or more', example: '2', min: 0 }), 0)

const limits = refine(
  object(
    { lolo: limit('85'), lo: limit('90'), hi: limit('120'), hihi: limit('140'), hysteresis },
    { expected: 'limits', example: '{ lo: 90, hi: 120, hysteresis: 2 }' },
  ),
  (value, at) => {
    const given = levelNames.filter((name) => value[name] !== undefined)
    if (given.length === 0) return at.refuse('a level without any limit', 'write at least one of lolo, lo, hi, hihi')
    for (const [index, name] of given.slice(1).entries()) {
      const lower = given[index]!
      if (value[lower]! >= value[name]!) return at.refuse(`${name} (${value[name]}) must be greater than ${lower} (${value[lower]})`, 'limits rise: lolo < lo < hi < hihi', name)
    }
    const [low, high] = [given.findLast((name) => name.startsWith('lo')), given.find((name) => name.startsWith('hi'))]
    if (low !== undefined && high !== undefined) {
      const gap = value[high]! - value[low]!
      if (value.hysteresis >= gap) return at.refuse(`a hysteresis of ${value.hysteresis} leaves nothing between ${low} (${value[low]}) and ${high} (${value[high]})`, `write one smaller than ${gap}`, 'hysteresis')
    }
    const limitsGiven = Object.fromEntries(given.map((name) => [name, value[name]!])) as Partial<Record<LevelName, number>>
    return { form: 'limits', limits: limitsGiven, hysteresis: value.hysteresis } satisfies LevelSpec
  },
)

const shortForm = refine(
  object(
    { above: limit('130'), below: limit('90'), equals: optional(anyScalar('true')), hysteresis: optional(hysteresis.shape) },
    { expected: 'a condition', example: '{ above: 130, hysteresis: 2 }' },
  ),
  (value, at) => {
    const { above, below, equals } = value
    if (equals !== undefined) {
      if (above !== undefined || below !== undefined) return at.refuse('equals cannot stand beside above or below', 'make two rules of it', 'equals')
      if (value.hysteresis !== undefined) return at.refuse('equals has no hysteresis', 'leave hysteresis out', 'hysteresis')
      return { form: 'equals', equals } satisfies LevelSpec
    }
    const gap = value.hysteresis ?? 0
    if (above !== undefined && below !== undefined) {
      if (below >= above) return at.refuse(`above (${above}) must be greater than below (${below})`, 'every value would fire: mind which is which', 'above')
      if (gap >= above - below) return at.refuse(`a hysteresis of ${gap} leaves nothing between below (${below}) and above (${above})`, `write one smaller than ${above - below}`, 'hysteresis')
    }
    if (above === undefined && below === undefined) return at.refuse('a condition without any limit', 'write above, below or equals')
    return { form: 'limits', limits: { ...(below === undefined ? {} : { lo: below }), ...(above === undefined ? {} : { hi: above }) }, hysteresis: gap } satisfies LevelSpec
  },
)

/** `level: { lolo, lo, hi, hihi, hysteresis }`; short: `above`, `below` (with `hysteresis`), `equals`. */
export const levelSchema: KindSchema<LevelSpec> = {
  name: 'level',
  shortForms: ['above', 'below', 'equals'],
  example: 'level: { lo: 90, hi: 120, hysteresis: 2 }',
  parse: (node, context) => parseWith<LevelSpec>(context.short ? shortForm : limits, node, context.path),
  levels: (spec) => (spec.form === 'limits' ? levelNames.filter((name) => spec.limits[name] !== undefined) : []),
  allowsFor: true,
  needsOneOf: [],
  defaultMessage: '{metric} {value}{unit} on {device}',
}

