/** One rule: reads its keys, then what of them cannot stand together. */
import { createConfiguredDevices } from '../kernel/configured-devices.ts'
import type { DocumentNode } from '../kernel/document.ts'
import type { Problem } from '../kernel/problem.ts'
import type { Rule, Selector } from '../kernel/rule.ts'
import type { Compared } from '../kernel/rule-kind.ts'
import type { Invalid, problemAt } from '../kernel/shape.ts'
import { invalid, optional, readFields, wrongForm } from '../kernel/shape.ts'
import { versionsOf } from './load-version.ts'
import { checkDevices } from './schema-devices.ts'
import type { RuleOrigin, RuleSchemaDeps } from './schema-fields.ts'
import { ruleFields } from './schema-fields.ts'
import type { WrittenPriority } from './schema-priority.ts'
import { fillPriorities } from './schema-priority.ts'
import { readTechnicalRule } from './schema-technical.ts'
import { mayLeaveOutOn, readTogether } from './schema-together.ts'
import type { Condition } from './schema-when.ts'

export interface RuleSchema {
  /** Gives the rule, or adds everything that is wrong with it to `problems`. */
  read(node: DocumentNode, origin: RuleOrigin, problems: Problem[]): Rule | Invalid
}

export function createRuleSchema(deps: RuleSchemaDeps): RuleSchema {
  const fields = ruleFields(deps)
  const devices = createConfiguredDevices(deps.devices ?? new Map())
  return {
    read(node, origin, problems) {
      if (node.kind !== 'map') return wrongForm(node, { path: origin.path, expected: 'a rule', example: '{ id: spo2-low, on: { metric: spo2 }, when: { below: 90 } }' }, problems)
      const named = node.entries.find((entry) => entry.key === 'id')?.value
      if (named?.kind === 'scalar' && named.text.startsWith('technical.')) return readTechnicalRule({ node, origin, fields }, problems)
      const before = problems.length
      const on = mayLeaveOutOn(node, deps.kinds) ? optional(fields.on.shape) : fields.on
      const value = readFields({ ...fields, on }, { node, path: origin.path }, problems)
      const at = (name: string) => {
        const entry = node.entries.find((candidate) => candidate.key === name)
        return entry === undefined ? { place: node.place, path: origin.path } : { place: entry.value.place, path: `${origin.path}.${name}` }
      }
      const together = readTogether(value, { kinds: deps.kinds, node, at, problems })
      if (together.on !== invalid) checkDevices({ on: together.on, unit: value.unit, compares: comparedBy(value.when, together.on) }, { devices, node, path: origin.path }, problems)
      const priority = value.when === invalid || value.priority === invalid ? invalid : prioritiesOf(value.when, value.priority, { at: at('priority'), problems })
      if (problems.length > before || !isWhole(value) || priority === invalid || together.on === invalid || together.key === invalid) return invalid
      const { when } = value
      return versionsOf({
        id: value.id,
        class: 'process',
        on: together.on,
        when: { kind: when.kind.name, spec: when.spec },
        forMs: value.for,
        clearForMs: value.clearFor,
        staleMs: value.stale,
        unit: value.unit,
        priority: priority satisfies Rule['priority'],
        latch: value.latch,
        ack: value.ack ?? 'required',
        key: together.key,
        schedule: value.while,
        realarmMs: value.realarm,
        escalateMs: value.escalate,
        message: value.message ?? when.kind.defaultMessageOf?.(when.spec) ?? when.kind.defaultMessage,
        then: value.then,
        mode: value.mode,
        source: { file: origin.file, line: node.place.line },
      })
    },
  }
}

function comparedBy(when: Condition | Invalid, on: Selector): readonly Compared[] {
  return when === invalid ? [{ on }] : (when.kind.compares?.(when.spec, on) ?? [{ on }])
}

function prioritiesOf({ kind, spec }: Condition, written: WrittenPriority | undefined, { at, problems }: { readonly at: Parameters<typeof problemAt>[0]; readonly problems: Problem[] }): Rule['priority'] | Invalid {
  return fillPriorities(written, { levels: kind.levels(spec), usual: kind.priorities?.(spec), at }, problems)
}

function isWhole<T extends Record<string, unknown>>(value: T): value is { readonly [K in keyof T]: Exclude<T[K], Invalid> } {
  return !Object.values(value).includes(invalid)
}

