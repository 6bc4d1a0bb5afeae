import type { Value } from '../kernel/reading.ts'
import type { Shape } from '../kernel/shape.ts'
import { clip, scalar } from '../kernel/shape.ts'
import type { Converter } from '../kernel/ucum.ts'
import { converter, parseUnit, unitSuggestion } from '../kernel/ucum.ts'

/** A unit as UCUM writes it, whatever a person calls it. */
export const unitShape: Shape<string> = scalar<string>({
  expected: 'a unit',
  example: '/min',
  from: ({ text }) => parseUnit(text)?.code ?? { wrong: `unknown unit "${clip(text)}"`, remedy: unitSuggestion(text) },
})

/**
 * A value in the table's unit. Readings come in the registry's unit of their metric, or as the device sends them; without any
 * they are taken to be as the table has them. Null where the unit is of another dimension: 37 of what?
 */
export function unitReader(wanted: string | undefined): (value: Value, unit: string | undefined) => Value {
  if (wanted === undefined) return (value) => value
  // Of the last unit seen: a metric comes in one.
  let from: string | undefined
  let convert: Converter | undefined
  return (value, unit) => {
    if (unit === undefined || unit === wanted || typeof value !== 'number') return value
    if (unit !== from) {
      from = unit
      convert = converter(unit, wanted)
    }
    // What a conversion adds behind the twelfth digit would decide between 38.05 and 38.04999….
    return convert === undefined ? null : Number(convert(value).toPrecision(12))
  }
}
