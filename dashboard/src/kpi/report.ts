import { duration } from '../parts/format.ts'

export interface KpiFigure {
  readonly id: string
  readonly name: string
  /** Null: there is nothing to say. */
  readonly value: number | null
  /** `1/d`, `1/h`, `1/10min`, `%`, `s`, or empty for a count. */
  readonly unit: string
  readonly target: number | null
  readonly limit: number | null
  readonly rating: 'good' | 'fair' | 'poor' | 'none'
}

interface Of { readonly rule: string; readonly key: string }

/** `GET kpis`; times are ISO 8601, shares in %. */
export interface KpiReport {
  readonly from: string
  readonly to: string
  readonly operators: number
  readonly covered?: { readonly from: string; readonly to: string }
  readonly figures: readonly KpiFigure[]
  readonly floods: readonly { readonly from: string; readonly to: string; readonly alarms: number }[]
  readonly frequent: readonly (Of & { readonly count: number; readonly share: number })[]
  readonly chattering: readonly (Of & { readonly peakPerMinute: number })[]
  readonly stale: readonly (Of & { readonly id: string; readonly raisedAt: string })[]
  readonly perHour: readonly { readonly start: string; readonly count: number }[]
}

const perWords: Readonly<Record<string, string>> = { '1/d': 'a day', '1/h': 'an hour', '1/10min': 'in 10 min' }

/** "6.4 an hour", "12 %", "2 min 10 s", "3", "–". */
export function figureText(value: number | null, unit: string): string {
  if (value === null) return '–'
  if (unit === 's') return value > 0 && value < 10 ? `${Number(value.toPrecision(2))} s` : duration(value * 1_000)
  const number = value.toLocaleString('en', { maximumFractionDigits: Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2 })
  if (unit === '%') return `${number} %`
  return perWords[unit] === undefined ? `${number}${unit === '' ? '' : ` ${unit}`}` : `${number} ${perWords[unit]}`
}

/** Never by colour alone. */
export const ratingWords: Readonly<Record<KpiFigure['rating'], { readonly sign: string; readonly words: string }>> = {
  good: { sign: '✓', words: 'on target' }, fair: { sign: '▲', words: 'off target' }, poor: { sign: '■', words: 'beyond the limit' }, none: { sign: '–', words: 'no rating' },
}

export interface Bar { readonly from: number; /** Exclusive. */ readonly to: number; readonly count: number }

const hourMs = 3_600_000

/** At most so many bars: of a long time each stands for several hours, and is the sum of them. */
export function barsOf(perHour: KpiReport['perHour'], most: number): readonly Bar[] {
  const hours = Math.max(1, Math.ceil(perHour.length / most))
  const bars: Bar[] = []
  for (let index = 0; index < perHour.length; index += hours) {
    const own = perHour.slice(index, index + hours)
    const from = Date.parse(own[0]!.start)
    bars.push({ from, to: from + own.length * hourMs, count: own.reduce((sum, { count }) => sum + count, 0) })
  }
  return bars
}
