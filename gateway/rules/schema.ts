/** One rule: reads its keys, then what of them cannot stand together. */
import type { DocumentNode, MapNode } from '../kernel/document.ts'
import type { Problem } from '../kernel/problem.ts'
import type { Rule } from '../kernel/rule.ts'
import type { Invalid } from '../kernel/shape.ts'
import { clip, invalid, placeIn, problemAt, readFields, wrongForm } from '../kernel/shape.ts'
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
      const key = value.key === undefined && value.when !== invalid ? (value.when.kind.defaultKey?.(value.when.spec) ?? 'device') : (value.key ?? 'device')
      if (value.when !== invalid) checkTogether(value.when, { ...value, key, at, node }, problems)
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
        key: key as string,
        message: value.message ?? when.kind.defaultMessage,
        then: value.then,
        mode: value.mode,
        source: { file: origin.file, line: node.place.line },
      })
    },
  }
}

interface Around {
  readonly node: MapNode
  readonly on: Rule['on'] | Invalid
  readonly for: number | Invalid
  readonly key: string | Invalid
  readonly at: (name: string) => Spot
}
type Spot = Parameters<typeof problemAt>[0]

/** What each alone is right and together is not. */
function checkTogether({ kind, spec }: Condition, rule: Around, problems: Problem[]): void {
  if (!kind.allowsFor && rule.for !== invalid && rule.for > 0) {
    problems.push(problemAt(rule.at('for'), `"for" cannot stand beside ${kind.name}, which is a delay itself`, `leave "for" out; write the time in ${kind.example}`))
  }
  const { on, key } = rule
  if (on === invalid) return
  if (on.event !== undefined && kind.hearsEvents !== true) {
    problems.push(problemAt(rule.at('on'), `${kind.name} is about readings, and "on" names events`, 'write a metric or device; of events there are frequency, sequence and expression'))
    return
  }
  if (key !== invalid && key.startsWith('data.') && on.event === undefined) problems.push(problemAt(rule.at('key'), `"key: ${clip(key)}" is about events, and "on" names none`, 'write on: { event: … }, or key: device, rule or label.NAME'))
  if (on.event === undefined && kind.needsOneOf.length > 0 && !kind.needsOneOf.some((member) => on[member] !== undefined)) {
    problems.push(problemAt(rule.at('on'), kind.name === 'absent' ? 'absent must know what to miss' : `${kind.name} must know what it is about`, `write ${kind.needsOneOf.join(' or ')} in "on"`))
  }
  if (key === invalid) return
  for (const { at, offset, message, remedy } of kind.together?.(spec, { on, key }) ?? []) problems.push(problemAt(at === 'kind' ? within(rule, kind.name, offset) : rule.at(at), message, remedy))
}

/** The place of what stands under the kind's name; of a text on one line, that of one of its characters. */
function within({ node, at }: Around, kind: string, offset = 0): Spot {
  const whole = at('when')
  const when = node.entries.find(({ key }) => key === 'when')?.value
  const value = when?.kind === 'map' ? when.entries.find(({ key }) => key === kind)?.value : undefined
  return value === undefined ? whole : { place: placeIn(value, offset), path: `${whole.path}.${kind}` }
}

function isWhole<T extends Record<string, unknown>>(value: T): value is { readonly [K in keyof T]: Exclude<T[K], Invalid> } {
  return !Object.values(value).includes(invalid)
}

