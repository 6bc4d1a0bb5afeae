import type { Value } from '../../kernel/reading.ts'
import type { Field, Invalid, ObjectValue, RefineContext, Shape } from '../../kernel/shape.ts'
import { anyScalar, list, number, object, optional, refine } from '../../kernel/shape.ts'
import { truthOf } from '../../kernel/truth.ts'

/** Conditions on a value; all that are given must hold, and at least one is. What nothing can meet is refused when it is loaded. */
export interface Comparison {
  readonly gt?: number
  readonly ge?: number
  readonly lt?: number
  readonly le?: number
  /** Never beside another. A text is as written: `ON` equals true. */
  readonly eq?: number | boolean | string
  readonly ne?: number | boolean | string
  /** Both ends belong to it; the first is the smaller. */
  readonly between?: readonly [number, number]
  /** Exactly what is not between. */
  readonly outside?: readonly [number, number]
}

export const comparisonKeys = ['gt', 'ge', 'lt', 'le', 'eq', 'ne', 'between', 'outside'] as const

const limit = optional(number({ expected: 'a number', example: '5' }))
const equal = optional(anyScalar('true'))
const range: Field<readonly [number, number] | undefined> = optional(
  refine(list(number({ expected: 'a number', example: '10, 20' })), (value, at) => {
    const [low, high] = value
    if (low === undefined || high === undefined || value.length > 2) return at.refuse(`expected two numbers, found ${value.length}`, 'write e.g. [10, 20]')
    if (low >= high) return at.refuse(`a range goes from the smaller to the greater number, found [${low}, ${high}]`, low > high ? `write [${high}, ${low}]` : `for one value write eq: ${low} or ne: ${low}`)
    return [low, high] as const
  }),
)

/** Keys of a mapping that holds a comparison, to stand among its other keys: `object({ ...comparisonFields, metric: … })`. */
export const comparisonFields = { gt: limit, ge: limit, lt: limit, le: limit, eq: equal, ne: equal, between: range, outside: range } as const
/** The same for what is worked out and always a number: an average, a rate. */
export const numericFields = { ...comparisonFields, eq: limit, ne: limit } as const

type Given = Partial<ObjectValue<typeof comparisonFields>>

/** The comparison among the values read by `comparisonFields`; refuses where there is none, or where nothing can meet it. */
export function comparisonOf(value: Given, at: RefineContext): Comparison | Invalid {
  const given = Object.fromEntries(comparisonKeys.filter((key) => value[key] !== undefined).map((key) => [key, value[key]])) as Comparison
  const keys = Object.keys(given) as (keyof Comparison)[]
  if (keys.length === 0) return at.refuse('a comparison is missing', 'write at least one of gt, ge, lt, le, eq, ne, between, outside, e.g. gt: 5')
  if (given.eq !== undefined && keys.length > 1) return at.refuse(`eq cannot stand beside ${keys.find((key) => key !== 'eq')}`, 'one value is either allowed by the other or is not: leave one of them out', 'eq')
  if (typeof given.ne !== 'number' && given.ne !== undefined && keys.length > 1) return at.refuse(`ne: ${String(given.ne)} is not about numbers and cannot stand beside ${keys.find((key) => key !== 'ne')}`, 'make two rules of it', 'ne')
  const low = strictest(lowerBounds(given), (a, b) => a - b)
  const high = strictest(upperBounds(given), (a, b) => b - a)
  if (low !== undefined && high !== undefined) {
    const { outside } = given
    if (low.value > high.value || (low.value === high.value && (low.open || high.open))) {
      const remedy = low.value > high.value ? `what lies on either side of a range is outside: [${high.value}, ${low.value}]` : 'leave room between them'
      return at.refuse(`nothing is both ${low.words} and ${high.words}`, remedy, high.key)
    }
    if (outside !== undefined && low.value >= outside[0] && high.value <= outside[1]) return at.refuse(`nothing that is ${low.words} and ${high.words} is outside [${outside.join(', ')}]`, 'leave outside out, or make the other range wider', 'outside')
    if (low.value === high.value && given.ne === low.value) return at.refuse(`nothing but ${low.value} is ${low.words} and ${high.words}`, 'leave ne out', 'ne')
  }
  return given
}

/** A mapping that holds nothing else. */
export const comparisonShape: Shape<Comparison> = refine(object(comparisonFields, { expected: 'a comparison', example: '{ gt: 5 }' }), comparisonOf)

interface Bound { readonly key: keyof Comparison; readonly value: number; readonly open: boolean; readonly words: string }

function lowerBounds({ gt, ge, between }: Comparison): Bound[] {
  return [...bound('gt', gt, '>'), ...bound('ge', ge, '≥'), ...bound('between', between?.[0], '≥')]
}

function upperBounds({ lt, le, between }: Comparison): Bound[] {
  return [...bound('lt', lt, '<'), ...bound('le', le, '≤'), ...bound('between', between?.[1], '≤')]
}

function bound(key: keyof Comparison, value: number | undefined, sign: string): Bound[] {
  return value === undefined ? [] : [{ key, value, open: sign === '>' || sign === '<', words: `${sign} ${value}` }]
}

function strictest(bounds: Bound[], order: (a: number, b: number) => number): Bound | undefined {
  return bounds.sort((a, b) => order(b.value, a.value) || Number(b.open) - Number(a.open))[0]
}

/** Does a value meet it? Undefined: a wrong type, which is unknown. A boolean is not a number, a text is neither. */
export function compileComparison(comparison: Comparison): (value: Value) => boolean | undefined {
  const { eq, ne } = comparison
  if (eq !== undefined) return equals(eq)
  if (typeof ne === 'boolean' || typeof ne === 'string') {
    const same = equals(ne)
    return (value) => {
      const is = same(value)
      return is === undefined ? undefined : !is
    }
  }
  // What is not given is a limit that everything meets.
  const { gt = -Infinity, ge = -Infinity, lt = Infinity, le = Infinity } = comparison
  const [from, to] = comparison.between ?? [-Infinity, Infinity]
  const [low, high] = comparison.outside ?? [Infinity, -Infinity]
  const not = ne ?? Number.NaN
  return (x) => {
    if (typeof x !== 'number' || !Number.isFinite(x)) return undefined
    return x > gt && x >= ge && x < lt && x <= le && x >= from && x <= to && (x < low || x > high) && x !== not
  }
}

function equals(wanted: number | boolean | string): (value: Value) => boolean | undefined {
  const sought = truth(wanted)
  return (value) => {
    const given = truth(value)
    return typeof given !== typeof sought || (typeof given === 'number' && !Number.isFinite(given)) ? undefined : given === sought
  }
}

function truth(value: Value): Value {
  return typeof value === 'string' ? (truthOf(value) ?? value) : value
}

/** What must still hold for it to stay true once it is: every limit further out by `hysteresis` (≥ 0); eq and ne as they are. */
export function relaxed(comparison: Comparison, hysteresis: number): Comparison {
  if (hysteresis === 0) return comparison
  const { gt, ge, lt, le, between, outside } = comparison
  return {
    ...comparison,
    ...(gt === undefined ? {} : { gt: gt - hysteresis }),
    ...(ge === undefined ? {} : { ge: ge - hysteresis }),
    ...(lt === undefined ? {} : { lt: lt + hysteresis }),
    ...(le === undefined ? {} : { le: le + hysteresis }),
    ...(between === undefined ? {} : { between: [between[0] - hysteresis, between[1] + hysteresis] as const }),
    ...(outside === undefined ? {} : { outside: [outside[0] + hysteresis, outside[1] - hysteresis] as const }),
  }
}

/** A number ≥ 0, default 0. */
export const hysteresisField = optional(number({ expected: 'a number of 0 or more', example: '2', min: 0 }), 0)

/** Refuses a hysteresis that can do nothing, or with which the comparison could never become false again. True: it was refused. */
export function refusesHysteresis(comparison: Comparison, hysteresis: number, at: RefineContext): boolean {
  if (hysteresis === 0) return false
  const { outside, eq, ne } = comparison
  if (eq !== undefined || (ne !== undefined && Object.keys(comparison).length === 1)) {
    at.refuse(`${eq === undefined ? 'ne' : 'eq'} has no hysteresis`, 'leave hysteresis out', 'hysteresis')
    return true
  }
  if (outside !== undefined && 2 * hysteresis >= outside[1] - outside[0]) {
    at.refuse(`a hysteresis of ${hysteresis} leaves nothing inside [${outside.join(', ')}]`, `write one smaller than ${(outside[1] - outside[0]) / 2}`, 'hysteresis')
    return true
  }
  return false
}

/** The limit an alarm shows: the one there is; null where there are several. */
export function limitOfComparison(comparison: Comparison): number | string | boolean | null {
  const values = Object.values(comparison) as (number | string | boolean | readonly number[])[]
  const only = values.length === 1 ? values[0]! : null
  return typeof only === 'object' ? null : only
}
