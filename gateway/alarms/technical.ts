import { digest } from '../kernel/hash.ts'
import type { Rule } from '../kernel/rule.ts'
import { technicalRules } from '../kernel/technical-rules.ts'

export function isTechnical(rule: string): rule is `technical.${string}` {
  return rule.startsWith('technical.')
}

/**
 * The rule of a technical alarm: the gateway finds the condition, so there is nothing to select or to wait for.
 * A site's own rule of that id says how it is announced: priority, acknowledgement, latch, re-alarm, escalation, words, what is
 * done, whether at all.
 */
export function technicalRule(id: string, own: Rule | undefined): Rule {
  const known = isTechnical(id) && Object.hasOwn(technicalRules, id) ? technicalRules[id] : undefined
  return {
    id,
    class: 'technical',
    on: {},
    when: { kind: 'technical', spec: {} },
    forMs: 0,
    clearForMs: 0,
    staleMs: undefined,
    unit: undefined,
    priority: own?.priority ?? known?.priority ?? 'high',
    latch: own?.latch ?? false,
    ack: own?.ack ?? 'auto',
    key: 'device',
    schedule: undefined,
    realarmMs: own?.realarmMs,
    escalateMs: own?.escalateMs ?? [],
    message: own?.message ?? '',
    then: own?.then ?? [],
    mode: own?.mode ?? 'live',
    source: own?.source ?? { file: '', line: 0 },
    version: own?.version ?? digest(id),
    conditionVersion: 'technical',
  }
}
