import type { Rule } from '../../../gateway/kernel/rule.ts'
import type { Alarm } from '../data/alarm-list.ts'
import { levelWord } from './words.ts'

export interface ChartLimit { readonly value: number; readonly label: string; readonly level: string }

const names = ['lolo', 'lo', 'hi', 'hihi'] as const

/** The limits of the alarm's rule; where the rule is of another kind, or cannot be read, the limit that was crossed. */
export function chartLimits(alarm: Pick<Alarm, 'limit' | 'level'>, rule: Pick<Rule, 'when'> | undefined): readonly ChartLimit[] {
  const limits = rule?.when.kind === 'level' ? limitsOf(rule.when.spec) : []
  if (limits.length > 0 || typeof alarm.limit !== 'number') return limits
  return [{ value: alarm.limit, label: alarm.level === null ? 'limit' : levelWord(alarm.level), level: alarm.level ?? 'limit' }]
}

function limitsOf(spec: unknown): readonly ChartLimit[] {
  if (typeof spec !== 'object' || spec === null || !('limits' in spec)) return []
  const limits = spec.limits as Readonly<Record<string, unknown>>
  return names.flatMap((name) => {
    const value = limits[name]
    return typeof value === 'number' ? [{ value, label: levelWord(name), level: name }] : []
  })
}
