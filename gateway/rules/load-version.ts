import { digest } from '../kernel/hash.ts'
import type { Rule } from '../kernel/rule.ts'

/** Adds the two versions: short hashes of what the rule says, whatever the order of its keys, its comments and its place. */
export function versionsOf(rule: Omit<Rule, 'version' | 'conditionVersion'>): Rule {
  const { source: _, ...said } = rule
  const { on, when, forMs, clearForMs, staleMs, unit, key } = rule
  return Object.freeze({ ...rule, version: short(said), conditionVersion: short({ on, when, forMs, clearForMs, staleMs, unit, key }) })
}

function short(value: unknown): string {
  return digest(canonicalJson(value)).slice(0, 16)
}

/** JSON with the keys of every object in order; undefined members are left out. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`
}
