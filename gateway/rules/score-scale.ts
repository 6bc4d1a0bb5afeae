/** How one parameter of a score table turns values into points: how it is written. */
import type { ScoreRange, ScoreScale } from '../kernel/score-table.ts'
import type { Invalid, ObjectValue, RefineContext } from '../kernel/shape.ts'
import { list, number, object, optional, record, required } from '../kernel/shape.ts'
import { within } from './within.ts'

export const pointsShape = number({ expected: 'points: a whole number 0…1000', example: '3', min: 0, max: 1000, integer: true })

const limit = optional(number({ expected: 'a number', example: '91', min: -1e9, max: 1e9 }))
const range = object({ from: limit, to: limit, points: required(pointsShape) }, { expected: 'a range', example: '{ from: 91, to: 100, points: 2 }' })

/** One of these. */
export const scaleFields = {
  ranges: optional(list(range)),
  flag: optional(object({ yes: required(pointsShape), no: required(pointsShape) }, { expected: 'points of yes and no', example: '{ yes: 2, no: 0 }' })),
  values: optional(record(pointsShape, { expected: 'points of each value', example: '{ A: 0, V: 3 }', key: (key) => (key.trim() === '' ? 'write the text that is sent' : undefined) })),
} as const

const forms = ['ranges', 'flag', 'values'] as const

/** Whole numbers of the last decimal, exactly: 35.1 of one decimal is 351. Not an integer where there are more decimals. */
export function inSteps(value: number, decimals: number): number {
  return Number(`${value}e${decimals}`)
}

export function readScale(value: ObjectValue<typeof scaleFields>, decimals: number, at: RefineContext): ScoreScale | Invalid {
  const given = forms.filter((form) => value[form] !== undefined)
  if (given.length === 0) return at.refuse('it says nowhere how many points what is worth', 'write ranges: (of a number), flag: (of yes and no) or values: (of texts)')
  if (given.length > 1) return at.refuse(`${given.join(' and ')} cannot stand together`, 'keep one of them', given[1])
  if (value.ranges !== undefined) return readRanges(value.ranges, decimals, at)
  if (value.flag !== undefined) return { form: 'flag', ...value.flag }
  return readValues(value.values!, at)
}

function readValues(values: ReadonlyMap<string, number>, at: RefineContext): ScoreScale | Invalid {
  const small = new Map([...values].map(([key, points]) => [key.trim().toLowerCase(), points] as const))
  if (small.size < values.size) return at.refuse('two of the values differ in case only', 'keep one of them: case does not count', 'values')
  if (small.size < 2) return at.refuse('fewer than two values', 'write each value with its points, e.g. { A: 0, V: 3 }', 'values')
  return { form: 'values', values: Object.fromEntries(small) }
}

interface WrittenRange { readonly from: number | undefined; readonly to: number | undefined; readonly points: number }

/** They must rise, and together hold every number between the first and the last. */
function readRanges(ranges: readonly WrittenRange[], decimals: number, at: RefineContext): ScoreScale | Invalid {
  const refuse = (index: number, message: string, remedy: string): Invalid => within(at, 'ranges', index).refuse(message, remedy)
  if (ranges.length === 0) return at.refuse('no ranges', 'write e.g. [{ to: 90, points: 3 }, { from: 91, points: 0 }]', 'ranges')
  const step = 10 ** -decimals
  const shown = (value: number): string => value.toFixed(decimals)
  for (const [index, { from, to }] of ranges.entries()) {
    if (from === undefined && index > 0) return refuse(index, 'a range without "from" can only be the first', `write from: ${shown((ranges[index - 1]!.to ?? 0) + step)}`)
    if (to === undefined && index < ranges.length - 1) return refuse(index, 'a range without "to" can only be the last', `write to: ${shown((ranges[index + 1]!.from ?? 0) - step)}`)
    for (const end of [from, to]) {
      if (end !== undefined && !Number.isInteger(inSteps(end, decimals))) return refuse(index, `${end} has more decimals than values are rounded to (decimals: ${decimals})`, `write ${shown(end)}, or more decimals`)
    }
    if (from !== undefined && to !== undefined && from > to) return refuse(index, `a range from ${from} to ${to} holds nothing`, 'from is the smaller one')
    const before = ranges[index - 1]?.to
    if (before === undefined || from === undefined) continue
    const gap = inSteps(from, decimals) - inSteps(before, decimals)
    if (gap < 1) return refuse(index, `this range and the one before it overlap: that one goes to ${before}, this one begins at ${from}`, `write from: ${shown(before + step)}; ranges rise and hold both their ends`)
    if (gap > 1) return refuse(index, `between ${before} and ${from} nothing says how many points there are`, `write from: ${shown(before + step)}${decimals === 0 ? ', or decimals: 1 if tenths count' : ''}`)
  }
  return { form: 'ranges', decimals, ranges: ranges.map(({ from, to, points }): ScoreRange => ({ from: from ?? null, to: to ?? null, points })) }
}
