/** One rule: reads its keys, then what of them cannot stand together. */
import type { DocumentNode } from '../kernel/document.ts'
import type { Problem } from '../kernel/problem.ts'
import type { Rule } from '../kernel/rule.ts'
import type { Invalid } from '../kernel/shape.ts'
import { invalid, problemAt, readFields, wrongForm } from '../kernel/shape.ts'
import { versionsOf } from './load-version.ts'
import type { RuleOrigin, RuleSchemaDeps } from './schema-fields.ts'
import { ruleFields } from './schema-fields.ts'
import { fillPriorities } from './schema-priority.ts'
import { readTechnicalRule } from './schema-technical.ts'
import type { Condition } from './schema-when.ts'

export interface RuleSchema {
  /** Gives the rule, or adds everything that is wrong with it to `problems`. */
  read(node: DocumentNode, origin: RuleOrigin, problems: Problem[]): Rule | Invalid
}

export function createRuleSchema(deps: RuleSchemaDeps): RuleSchema {
  const fields = ruleFields(deps)
  return {
    read(node, origin, problems) {
      if (node.kind !== 'map') return wrongForm(node, { path: origin.path, expected: 'a rule', example: '{ id: spo2-low, on: { metric: spo2 }, when: { below: 90 } }' }, problems)
      const named = node.entries.find((entry) => entry.key === 'id')?.value
      if (named?.kind === 'scalar' && named.text.startsWith('technical.')) return readTechnicalRule({ node, origin, fields }, problems)
      const before = problems.length
      const value = readFields(fields, { node, path: origin.path }, problems)
      const at = (name: string) => {
        const entry = node.entries.find((candidate) => candidate.key === name)
        return entry === undefined ? { place: node.place, path: origin.path } : { place: entry.value.place, path: `${origin.path}.${name}` }
      }
      if (value.when !== invalid) checkTogether(value.when, { ...value, at }, problems)
      const priority = value.when === invalid || value.priority === invalid ? invalid : fillPriorities(value.priority, { levels: value.when.kind.levels(value.when.spec), at: at('priority') }, problems)
      if (problems.length > before || !isWhole(value) || priority === invalid) return invalid
      const { when } = value
      return versionsOf({
        id: value.id,
        class: 'process',
        on: value.on,
        when: { kind: when.kind.name, spec: when.spec },
        forMs: value.for,
        clearForMs: value.clearFor,
        staleMs: value.stale,
        priority: priority satisfies Rule['priority'],
        latch: value.latch,
        ack: value.ack ?? 'required',
        key: value.key,
        schedule: value.while,
        realarmMs: value.realarm,
        escalateMs: value.escalate,
        message: value.message ?? when.kind.defaultMessage,
        then: value.then,
        mode: value.mode,
        source: { file: origin.file, line: node.place.line },
      })
    },
  }
}

/** What each alone is right and together is not. */
function checkTogether(when: Condition, rule: { on: Rule['on'] | Invalid; for: number | Invalid; at: (name: string) => Parameters<typeof problemAt>[0] }, problems: Problem[]): void {
  const { kind } = when
  if (!kind.allowsFor && rule.for !== invalid && rule.for > 0) {
    problems.push(problemAt(rule.at('for'), `"for" cannot stand beside ${kind.name}, which is a delay itself`, `leave "for" out; write the time in ${kind.example}`))
  }
  if (kind.needsOneOf.length > 0 && rule.on !== invalid) {
    const { on } = rule
    if (!kind.needsOneOf.some((member) => on[member] !== undefined)) {
      problems.push(problemAt(rule.at('on'), `${kind.name} must know what to miss`, `write ${kind.needsOneOf.join(' or ')} in "on"`))
    }
  }
}

function isWhole<T extends Record<string, unknown>>(value: T): value is { readonly [K in keyof T]: Exclude<T[K], Invalid> } {
  return !Object.values(value).includes(invalid)
}

