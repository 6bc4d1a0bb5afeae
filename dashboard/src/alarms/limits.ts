import type { Rule } from '../../../gateway/kernel/rule.ts'
import { limitsOf } from '../charts/limits.ts'
import type { Limit } from '../charts/limits.ts'
import type { Alarm } from '../data/alarm-list.ts'
import { levelWord } from './words.ts'

/** The limits of the alarm's rule; where the rule is of another kind, or cannot be read, the limit that was crossed. */
export function chartLimits({ limit, level, priority }: Pick<Alarm, 'limit' | 'level' | 'priority'>, rule: Pick<Rule, 'when' | 'priority'> | undefined): readonly Limit[] {
  const limits = rule === undefined ? [] : limitsOf(rule)
  if (limits.length > 0 || typeof limit !== 'number') return limits
  return [{ value: limit, label: `${level === null ? 'limit' : levelWord(level)} ${limit}`, level, priority }]
}
