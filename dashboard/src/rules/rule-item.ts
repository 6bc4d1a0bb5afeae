import type { Rule } from '../../../gateway/kernel/rule.ts'

/** A rule as `GET rules` tells it: parsed, as written, and how it came about. */
export interface RuleItem extends Rule {
  /** As written, YAML. */
  readonly text: string
  readonly state: RuleState
  /** What is wrong with one that is faulty. */
  readonly fault: string | null
  readonly origin: 'file' | 'http'
  readonly revision: number
  readonly changedBy: string | null
  readonly changedAt: string | null
}

export const ruleStates = ['live', 'shadow', 'off', 'faulty'] as const
export type RuleState = (typeof ruleStates)[number]

export const stateMeaning: Readonly<Record<RuleState, string>> = {
  live: 'evaluates and tells', shadow: 'evaluates and records, tells nobody', off: 'does not evaluate', faulty: 'threw when it was evaluated; the others go on',
}

export interface RuleProblem { readonly line: number; readonly column: number; readonly path: string; readonly message: string; readonly remedy: string }

/** What `POST rules/check` says of a text. */
export interface RuleCheck { readonly ok: boolean; readonly problems: readonly RuleProblem[]; readonly rule: Rule | null }

/** "spo2 of bed-*", "all metrics of type ward-monitor with ward east". */
export function listensTo(on: Rule['on']): string {
  const { metric, device, deviceType, label, ...others } = on as Rule['on'] & Readonly<Record<string, unknown>>
  const parts = [
    ...(device === undefined ? [] : [device]),
    ...(deviceType === undefined ? [] : [`type ${deviceType}`]),
    ...Object.entries(label ?? {}).map(([name, value]) => `${name} ${value}`),
  ]
  const rest = Object.entries(others).map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
  if (metric === undefined && parts.length === 0) return rest.join(', ')
  return [`${metric ?? 'all'}${parts.length === 0 ? '' : ` of ${parts.join(', ')}`}`, ...rest].join(', ')
}

/** " by anna", " from ward.yaml". */
export function byWords(by: string | null): string {
  return by === null ? '' : by.startsWith('file:') ? ` from ${by.slice(5)}` : ` by ${by}`
}

const ranks: Readonly<Record<string, number>> = { low: 0, medium: 1, high: 2 }

/** The highest a rule has, whatever the level. */
export function highestPriority(priority: Rule['priority']): 'low' | 'medium' | 'high' {
  if (typeof priority === 'string') return priority
  return Object.values(priority).reduce((highest, one) => (ranks[one]! > ranks[highest]! ? one : highest), 'low')
}

export interface RuleRow { readonly rule: RuleItem; /** Its alarms that stand. */ readonly standing: number }

/** What is faulty first; then by id. */
export function arrangeRules(rules: readonly RuleItem[], standing: ReadonlyMap<string, number>, { text = '', state }: { text?: string | undefined; state?: string | undefined }): readonly RuleRow[] {
  const wanted = text.trim().toLowerCase()
  return rules
    .filter((rule) => (state === undefined || rule.state === state) && (wanted === '' || [rule.id, rule.when.kind, listensTo(rule.on), rule.message, rule.changedBy ?? ''].some((part) => part.toLowerCase().includes(wanted))))
    .map((rule) => ({ rule, standing: standing.get(rule.id) ?? 0 }))
    .sort((a, b) => Number(b.rule.state === 'faulty') - Number(a.rule.state === 'faulty') || (a.rule.id < b.rule.id ? -1 : 1))
}

/** One rule as a file of rules: what is tried need not be one that runs. */
export function asRulesFile(text: string): string {
  return `rules:\n${text.trimEnd().split('\n').map((line, index) => `${index === 0 ? '  - ' : '    '}${line}`).join('\n')}\n`
}
