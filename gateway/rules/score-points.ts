/** A score table at work: values → points → band. Pure. */
import type { Value } from '../kernel/reading.ts'
import type { ScoreCase, ScoreScale, ScoreTable } from '../kernel/score-table.ts'
import { truthOf } from '../kernel/truth.ts'
import { inSteps } from './score-scale.ts'

/** What is known of the inputs. */
export interface ScoreInputs {
  /** Of each parameter, in the table's order; null: missing, too old or bad. */
  readonly values: readonly Value[]
  /** A setting of the device that the parameter's value comes from. */
  setting(name: string, parameter: number): unknown
}

export interface ScorePoints {
  /** Where something is missing: at least so many. */
  readonly total: number
  readonly complete: boolean
  /** Index into the table's bands; 0 is the normal state. */
  readonly band: number
}

export type Scorer = (inputs: ScoreInputs) => ScorePoints

/** Undefined: the value says nothing on this scale (a wrong type, another text, outside every range). */
type Scale = (value: Value) => number | undefined
/** Undefined: that depends on what is missing. */
type Case = (inputs: ScoreInputs, parameter: number) => boolean | undefined

export function compileScore({ parameters, bands }: ScoreTable): Scorer {
  const indexOf = new Map(parameters.map(({ name }, index) => [name, index]))
  const made = parameters.map(({ scale, instead }) => ({
    scales: [...instead.map((one) => ({ holds: compileCase(one.when, indexOf), points: compileScale(one.scale) })), { holds: () => true, points: compileScale(scale) }],
    least: Math.min(leastOf(scale), ...instead.map((one) => leastOf(one.scale))),
  }))

  /** Where it is not known which scale applies: the least of those that may. */
  function pointsOf(parameter: number, inputs: ScoreInputs): number | undefined {
    let least: number | undefined
    for (const { holds, points } of made[parameter]!.scales) {
      const applies = holds(inputs, parameter)
      if (applies === false) continue
      const given = points(inputs.values[parameter]!)
      if (given !== undefined && (least === undefined || given < least)) least = given
      if (applies === true) break
    }
    return least
  }

  return (inputs) => {
    let total = 0
    let complete = true
    let highest = 0
    for (const [parameter, { least }] of made.entries()) {
      const given = inputs.values[parameter] === null ? undefined : pointsOf(parameter, inputs)
      if (given === undefined) complete = false
      const points = given ?? least
      total += points
      if (points > highest) highest = points
    }
    let band = bands.length - 1
    while (band > 0 && !((bands[band]!.total ?? Infinity) <= total || (bands[band]!.single ?? Infinity) <= highest)) band--
    return { total, complete, band }
  }
}

function compileCase({ settings, values }: ScoreCase, indexOf: ReadonlyMap<string, number>): Case {
  const wanted = Object.entries(settings)
  const others = Object.entries(values).map(([name, value]) => ({ index: indexOf.get(name)!, value }))
  return (inputs, parameter) => {
    for (const [name, value] of wanted) if (asText(inputs.setting(name, parameter)) !== value) return false
    let known = true
    for (const { index, value } of others) {
      const given = inputs.values[index]!
      const is = typeof value === 'boolean' ? flagOf(given) : textOf(given)
      if (is === undefined) known = false
      else if (is !== value) return false
    }
    return known ? true : undefined
  }
}

function compileScale(scale: ScoreScale): Scale {
  switch (scale.form) {
    case 'flag':
      return (value) => {
        const given = flagOf(value)
        return given === undefined ? undefined : given ? scale.yes : scale.no
      }
    case 'values': {
      const values = new Map(Object.entries(scale.values))
      return (value) => values.get(textOf(value) ?? '')
    }
    case 'ranges':
      return compileRanges(scale)
    default:
      return scale satisfies never
  }
}

/**
 * Rounded half up, x belongs to the range that begins at `from` exactly if x ≥ from − half a step. That limit, written in decimal and
 * read as the double next to it, compares with a reported 38.05 as the decimals do; 38.05 × 10 in binary would not.
 */
function compileRanges({ decimals, ranges }: Extract<ScoreScale, { form: 'ranges' }>): Scale {
  const halfBelow = (from: number, more: number): number => Number(`${inSteps(from, decimals) + more - 0.5}e-${decimals}`)
  const begins = ranges.map(({ from }) => (from === null ? -Infinity : halfBelow(from, 0)))
  const last = ranges.at(-1)!.to
  const end = last === null ? Infinity : halfBelow(last, 1)
  return (value) => {
    if (typeof value !== 'number' || !Number.isFinite(value) || value >= end) return undefined
    let range = begins.length - 1
    while (range >= 0 && value < begins[range]!) range--
    return ranges[range]?.points
  }
}

/** `true`, `ON`, `yes` and their opposites, in any case. */
export function flagOf(value: Value): boolean | undefined {
  if (typeof value === 'boolean') return value
  const text = textOf(value)
  if (text === 'yes') return true
  return text === 'no' ? false : text === undefined ? undefined : truthOf(text)
}

function textOf(value: Value): string | undefined {
  return typeof value === 'string' ? value.trim().toLowerCase() : undefined
}

/** `2` and `"2"` are the same setting. */
function asText(setting: unknown): string | undefined {
  return typeof setting === 'string' ? setting.trim() : typeof setting === 'number' || typeof setting === 'boolean' ? String(setting) : undefined
}

/** The least and the most points a scale gives. */
export function leastOf(scale: ScoreScale): number {
  return Math.min(...pointsIn(scale))
}
export function mostOf(scale: ScoreScale): number {
  return Math.max(...pointsIn(scale))
}
function pointsIn(scale: ScoreScale): readonly number[] {
  switch (scale.form) {
    case 'flag': return [scale.yes, scale.no]
    case 'values': return Object.values(scale.values)
    case 'ranges': return scale.ranges.map(({ points }) => points)
    default: return scale satisfies never
  }
}
