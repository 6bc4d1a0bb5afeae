import type { ScoreBand, ScoreParameter } from '../kernel/score-table.ts'
import type { Invalid, RefineContext } from '../kernel/shape.ts'
import { clip, list, number, object, oneOf, optional, required, text } from '../kernel/shape.ts'
import { leastOf, mostOf } from './score-points.ts'
import { within } from './within.ts'

const points = optional(number({ expected: 'a whole number of 1 or more', example: '5', min: 1, integer: true }))

export const bandsShape = list(object(
  {
    level: required(text({ expected: 'a level without spaces, of at most 64 characters', example: 'medium', check: (written) => /^[^\s\p{C}]{1,64}$/u.test(written) })),
    total: points,
    single: points,
    priority: optional(oneOf('high', 'medium', 'low')),
  },
  { expected: 'a band', example: '{ level: medium, total: 5 }' },
))

interface WrittenBand {
  readonly level: string
  readonly total: number | undefined
  readonly single: number | undefined
  readonly priority: ScoreBand['priority'] | undefined
}

/** They are written from the highest down; each must be reachable, and not by what reaches one above it. The last is the normal state. */
export function readBands(written: readonly WrittenBand[], parameters: readonly ScoreParameter[], at: RefineContext): readonly ScoreBand[] | Invalid {
  if (written.length < 2) return at.refuse('fewer than two bands', 'write each level with the points that reach it, from the highest down, and last the normal one: [{ level: high, total: 7 }, { level: low }]', 'bands')
  const bounds = boundsOf(parameters)
  const levels = new Set<string>()
  const above = { total: Infinity, single: Infinity }
  for (const [index, band] of written.entries()) {
    const { level, total = Infinity, single = Infinity } = band
    const wrong = levels.has(level)
      ? [`the level "${clip(level)}" stands twice`, 'give one of them another name'] as const
      : index === written.length - 1 ? wrongNormal(band) : wrongBand(band, { above, bounds })
    if (wrong !== undefined) return within(at, 'bands', index).refuse(...wrong)
    levels.add(level)
    above.total = Math.min(above.total, total)
    above.single = Math.min(above.single, single)
  }
  return written.map(({ level, total, single, priority }) => ({ level, total: total ?? null, single: single ?? null, priority: priority ?? ('medium' as const) })).reverse()
}

type Wrong = readonly [message: string, remedy: string] | undefined

function wrongNormal({ total, single, priority }: WrittenBand): Wrong {
  if (total !== undefined || single !== undefined) return ['no band is the normal state', 'write one more below it that says its level only: - { level: low }']
  return priority === undefined ? undefined : ['the last band is the normal state, which has no priority', 'leave priority out']
}

interface Bounds { readonly least: number; readonly most: number; readonly mostSingle: number }

function wrongBand({ total, single }: WrittenBand, { above, bounds: { least, most, mostSingle } }: { readonly above: { readonly total: number; readonly single: number }; readonly bounds: Bounds }): Wrong {
  if (total === undefined && single === undefined) return ['only the last band, the normal state, can be without total and single', 'write total: (points in all) or single: (points of one parameter)']
  if (total !== undefined) {
    if (total >= above.total) return [`a total of ${total} reaches a band above this one (from ${above.total} on)`, 'write bands from the highest down']
    if (total > most) return [`a total of ${total} can never be reached: the parameters give at most ${most}`, `write ${most} or less`]
    if (total <= least) return [`a total of ${total} is always reached: the parameters give at least ${least}`, `write more than ${least}`]
  }
  if (single !== undefined) {
    if (single >= above.single) return [`${single} points of one parameter reach a band above this one (from ${above.single} on)`, 'write bands from the highest down']
    if (single > mostSingle) return [`${single} points of one parameter can never be reached: none gives more than ${mostSingle}`, `write ${mostSingle} or less`]
  }
  return undefined
}

function boundsOf(parameters: readonly ScoreParameter[]): Bounds {
  const scales = parameters.map(({ scale, instead }) => [scale, ...instead.map((one) => one.scale)])
  const most = scales.map((those) => Math.max(...those.map(mostOf)))
  const sum = (those: readonly number[]): number => those.reduce((total, one) => total + one, 0)
  return { least: sum(scales.map((those) => Math.min(...those.map(leastOf)))), most: sum(most), mostSingle: Math.max(...most) }
}
