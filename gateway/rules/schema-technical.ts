import type { MapNode } from '../kernel/document.ts'
import type { Problem } from '../kernel/problem.ts'
import type { Rule } from '../kernel/rule.ts'
import type { Invalid } from '../kernel/shape.ts'
import { clip, invalid, problemAt, readFields } from '../kernel/shape.ts'
import { suggestion } from '../kernel/suggest.ts'
import { technicalRules } from '../kernel/technical-rules.ts'
import { versionsOf } from './load-version.ts'
import type { RuleOrigin, ruleFields } from './schema-fields.ts'
import { fillPriorities } from './schema-priority.ts'

/** What the gateway decides itself where it raises its own alarms. */
const notHere = ['on', 'when', 'for', 'clearFor', 'stale', 'unit', 'while', 'key'] as const

/**
 * A rule whose id is one of the gateway's own alarms overrides how that alarm is announced, never when it is raised.
 * Its `when` has the kind `technical`, which no engine evaluates.
 */
export function readTechnicalRule(
  { node, origin, fields }: { readonly node: MapNode; readonly origin: RuleOrigin; readonly fields: ReturnType<typeof ruleFields> },
  problems: Problem[],
): Rule | Invalid {
  const before = problems.length
  const { id, priority, latch, realarm, escalate, ack, message, then, mode } = fields
  const other = (entry: MapNode['entries'][number]): boolean => {
    if (!notHere.some((name) => name === entry.key)) return false
    problems.push(problemAt({ place: entry.place, path: `${origin.path}.${entry.key}` }, `"${entry.key}" cannot be set for one of the gateway's own alarms`, 'it may set priority, ack, latch, realarm, escalate, message, then, mode'))
    return true
  }
  const value = readFields({ id, priority, latch, realarm, escalate, ack, message, then, mode }, { node, path: origin.path, other }, problems)
  if (value.id === invalid || typeof value.id !== 'string') return invalid
  const known = Object.hasOwn(technicalRules, value.id) ? technicalRules[value.id as keyof typeof technicalRules] : undefined
  if (known === undefined) {
    const entry = node.entries.find((candidate) => candidate.key === 'id')
    const wrong = `"${clip(value.id)}" is none of the gateway's own alarms, and ids that begin with technical. are theirs`
    problems.push(problemAt({ place: entry?.value.place ?? node.place, path: `${origin.path}.id` }, wrong, suggestion(value.id, Object.keys(technicalRules))))
    return invalid
  }
  if (value.priority === invalid || value.latch === invalid || value.realarm === invalid || value.escalate === invalid || value.ack === invalid || value.message === invalid || value.then === invalid || value.mode === invalid) return invalid
  const priorityEntry = node.entries.find((entry) => entry.key === 'priority')
  const filled = fillPriorities(value.priority ?? known.priority, { levels: [], at: { place: priorityEntry?.value.place ?? node.place, path: `${origin.path}.priority` } }, problems)
  if (filled === invalid || problems.length > before) return invalid
  return versionsOf({
    id: value.id,
    class: 'technical',
    on: {},
    when: { kind: 'technical', spec: {} },
    forMs: 0,
    clearForMs: 0,
    staleMs: undefined,
    unit: undefined,
    priority: filled,
    latch: value.latch,
    ack: value.ack ?? 'auto',
    key: 'device',
    schedule: undefined,
    realarmMs: value.realarm,
    escalateMs: value.escalate,
    // Empty: the gateway's own words.
    message: value.message ?? '',
    then: value.then,
    mode: value.mode,
    source: { file: origin.file, line: node.place.line },
  })
}
