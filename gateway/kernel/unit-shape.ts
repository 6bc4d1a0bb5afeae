import type { Shape } from './shape.ts'
import { clip, scalar } from './shape.ts'
import { parseUnit, unitSuggestion } from './ucum.ts'

/** A unit, as its UCUM code. */
export const unitShape: Shape<string> = scalar<string>({
  expected: 'a unit',
  example: 'Cel',
  from({ text }) {
    return parseUnit(text)?.code ?? { wrong: `unknown unit "${clip(text)}"`, remedy: unitSuggestion(text) }
  },
})
