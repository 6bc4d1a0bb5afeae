import type { Rule } from '../../../gateway/kernel/rule.ts'
import type { Priority } from '../../../gateway/kernel/alarm.ts'
import { levelWord } from '../alarms/words.ts'

/** A line across the chart. */
export interface Limit {
  readonly value: number
  readonly label: string
  /** `lolo`, `lo`: crossed from above; `hi`, `hihi`: from below. */
  readonly level?: string | null
  /** What it is coloured by when it is crossed. */
  readonly priority?: Priority
}

/** As rules have it: at the limit is across it. */
export function isCrossed({ value, level }: Limit, y: number | null | undefined): boolean {
  if (y === null || y === undefined) return false
  return level?.startsWith('lo') === true ? y <= value : level?.startsWith('hi') === true && y >= value
}

const least = 0.08

/**
 * From where to where the height goes: the data, and of the limits the nearest first for as long as the data keeps
 * a twelfth of the height. A chart that shows how far it is to the limit is worth more than one that fills its frame.
 */
export function heightRange(extent: { readonly min: number; readonly max: number } | undefined, limits: readonly Limit[]): readonly [min: number, max: number] {
  const values = limits.map(({ value }) => value).filter(Number.isFinite)
  let { min, max } = extent ?? { min: Math.min(...values), max: Math.max(...values) }
  if (!Number.isFinite(min) || !Number.isFinite(max)) return [0, 1]
  const own = Math.max(max - min, Math.abs(max + min) * 0.01, 1e-6)
  const distance = (value: number): number => Math.max(min - value, value - max, 0)
  for (const value of [...values].sort((a, b) => distance(a) - distance(b))) {
    const wider = { min: Math.min(min, value), max: Math.max(max, value) }
    if (own / (wider.max - wider.min) >= least) ({ min, max } = wider)
  }
  const pad = Math.max(max - min, own) * 0.08
  return [min - pad, max + pad]
}

/** What a rule's `on` is held against. */
export interface Selected { readonly device: string; readonly metric: string; readonly type?: string | null; readonly labels?: Readonly<Record<string, string>> }

/** The limits of one rule on levels; of another kind it has none. */
export function limitsOf({ when: { kind, spec }, priority }: Pick<Rule, 'when' | 'priority'>): readonly Limit[] {
  if (kind !== 'level') return []
  const { limits = {} } = spec as { limits?: Readonly<Record<string, number>> }
  return Object.entries(limits).map(([level, value]) => {
    const own = typeof priority === 'string' ? priority : priority[level]
    return { value, level, label: `${levelWord(level)} ${value}`, ...(own === undefined ? {} : { priority: own }) }
  })
}

/** The limits of all rules on levels that concern this metric; one line where two rules have the same. */
export function limitsFor(rules: readonly Rule[], selected: Selected): readonly Limit[] {
  const found = new Map<string, Limit>()
  for (const rule of rules) {
    if (rule.mode === 'off' || !concerns(rule.on, selected)) continue
    for (const limit of limitsOf(rule)) found.set(limit.label, limit)
  }
  return [...found.values()].sort((a, b) => a.value - b.value)
}

function concerns(on: Rule['on'], { device, metric, type, labels = {} }: Selected): boolean {
  return (on.metric === undefined || glob(on.metric, metric))
    && (on.device === undefined || glob(on.device, device))
    && (on.deviceType === undefined || (typeof type === 'string' && glob(on.deviceType, type)))
    && Object.entries(on.label ?? {}).every(([name, wanted]) => labels[name] !== undefined && glob(wanted, labels[name]))
}

/** `*` any run of characters, `?` one. */
export function glob(pattern: string, text: string): boolean {
  let p = 0
  let star = -1
  let mark = 0
  for (let t = 0; t < text.length; ) {
    if (pattern[p] === '*') {
      star = p++
      mark = t
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++mark
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}
