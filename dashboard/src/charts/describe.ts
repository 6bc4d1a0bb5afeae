import { duration, unitText, valueText } from '../parts/format.ts'
import type { Limit } from './limits.ts'
import { isCrossed } from './limits.ts'
import type { Kind, Point } from './series.ts'

/** "86 %", "on", "–". */
export function pointText(point: Point | undefined, { kind, unit }: { kind: Kind; unit: string | null }): string {
  if (point === undefined) return '–'
  if (kind !== 'number' && point.text !== undefined) return point.text
  if (kind === 'switch' && point.y !== null) return point.low !== point.high && point.low !== undefined ? 'on and off' : point.y >= 0.5 ? 'on' : 'off'
  return point.text !== undefined && point.y === null ? point.text : valueText(point.y, unit)
}

export interface Described {
  readonly device: string
  readonly metric: string
  readonly spanMs: number
  readonly points: readonly Point[]
  readonly kind: Kind
  readonly unit: string | null
  readonly limits: readonly Limit[]
  /** Stretches that are drawn as out of the ordinary. */
  readonly spans?: readonly unknown[]
}

/** What the chart shows, in words, for those who do not see it. */
export function describe({ device, metric, spanMs, points, kind, unit, limits, spans = [] }: Described): string {
  const parts = [`${metric} of ${device}`, duration(spanMs)]
  const last = points.at(-1)
  if (last === undefined) parts.push('no readings')
  else {
    parts.push(`last ${pointText(last, { kind, unit })}${last.bad ? ' of bad quality' : ''}`)
    const heights = points.filter(({ y, bad }) => y !== null && !bad)
    if (kind === 'number' && heights.length > 1) {
      const low = Math.min(...heights.slice(-5_000).map(({ y, low: least }) => least ?? y!))
      const high = Math.max(...heights.slice(-5_000).map(({ y, high: most }) => most ?? y!))
      parts.push(`from ${valueText(low)} to ${valueText(high, unit)}`)
    }
  }
  const shown = unitText(unit)
  for (const limit of limits) parts.push(`${limit.label.replace(` ${limit.value}`, '')} limit ${limit.value}${shown === '' ? '' : ` ${shown}`}${isCrossed(limit, last?.y) ? ', crossed' : ''}`)
  if (spans.length > 0) parts.push(`${spans.length} ${spans.length === 1 ? 'alarm' : 'alarms'} in that time`)
  return parts.join(', ')
}
