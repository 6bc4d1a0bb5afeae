import type { DocumentNode, MapNode } from '../kernel/document.ts'
import type { Problem } from '../kernel/problem.ts'
import { compareProblems } from '../kernel/problem.ts'
import type { Rule } from '../kernel/rule.ts'
import type { CheckedRule, WrittenRule } from '../kernel/rule-desk.ts'
import { longestRuleText } from '../kernel/rule-desk.ts'
import { clip, describe, invalid, problemAt } from '../kernel/shape.ts'
import { parseYaml } from '../kernel/yaml.ts'
import { yamlOfNode, yamlOfValue } from './rule-text.ts'
import { createRuleSchema } from './schema.ts'
import type { RuleSchemaDeps } from './schema-fields.ts'

export interface ReadOrder {
  readonly written: WrittenRule
  /** The id it must have; where it has none, it is given this one. Undefined: any. */
  readonly id: string | undefined
  /** What `source.file` of the rule will say. */
  readonly file: string
}

/** Reads one rule by itself, as a file would hold it. Never throws. */
export function readWritten({ written, id, file }: ReadOrder, deps: RuleSchemaDeps): CheckedRule {
  const given = textOf(written)
  const problems: Problem[] = []
  const node = mapIn(given, problems)
  if (node === undefined) return { rule: undefined, text: given, problems: problems.map(withoutRoot).sort(compareProblems) }
  const named = idIn(node)
  if (named !== undefined && id !== undefined && named.text !== id) {
    problems.push(problemAt({ place: named.place, path: 'rule.id' }, `the rule calls itself "${clip(named.text)}", not "${clip(id)}"`, `write id: ${clip(id)}, or leave it out`))
  }
  const whole = named === undefined && id !== undefined ? withId(node, id) : node
  const rule = createRuleSchema(deps).read(whole, { file, path: 'rule' }, problems)
  const sorted = problems.map(withoutRoot).sort(compareProblems)
  if (rule === invalid || sorted.length > 0) return { rule: undefined, text: given, problems: sorted }
  return { rule, text: whole === node ? given : textWithId(given, { node: whole, rule }, deps), problems: [] }
}

/** Lines end with \n, the last one too. */
function textOf(written: WrittenRule): string {
  if ('json' in written) return yamlOfValue(written.json)
  const text = written.yaml.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n')
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}

function mapIn(text: string, problems: Problem[]): MapNode | undefined {
  const size = Buffer.byteLength(text)
  const start = { file: fileName, line: 1, column: 1 }
  if (size > longestRuleText) {
    problems.push(problemAt({ place: start, path: 'rule' }, `the rule has ${size} bytes, more than ${longestRuleText / 1024} KiB`, 'write it shorter'))
    return undefined
  }
  const parsed = parseYaml(text, fileName)
  problems.push(...parsed.problems)
  if (parsed.problems.length > 0) return undefined
  const [only, second] = parsed.documents.filter((document) => document.kind !== 'scalar' || document.value !== null)
  if (only?.kind === 'map' && second === undefined && !isFile(only)) return only
  const found = only === undefined ? 'nothing' : second === undefined ? (only.kind === 'map' ? 'a file of rules' : describe(only)) : 'several'
  problems.push(problemAt({ place: (second ?? only)?.place ?? start, path: 'rule' }, `expected one rule, found ${found}`, 'write the keys of one rule: id: spo2-low, on: …, when: …'))
  return undefined
}

const fileName = 'rule'

/** `rules: [ … ]`, as in a file. */
function isFile(map: MapNode): boolean {
  return map.entries.length > 0 && map.entries.every(({ value }) => value.kind === 'list') && !map.entries.some(({ key }) => key === 'id')
}

function idIn(node: MapNode): Extract<DocumentNode, { kind: 'scalar' }> | undefined {
  const value = node.entries.find(({ key }) => key === 'id')?.value
  return value?.kind === 'scalar' && value.value !== null ? value : undefined
}

function withId(node: MapNode, id: string): MapNode {
  const { place } = node
  return { ...node, entries: [{ key: 'id', place, value: { kind: 'scalar', place, value: id, text: id, quoted: true } }, ...node.entries.filter(({ key }) => key !== 'id')] }
}

/** The id in a line before the first key, or behind the first bracket; the rule written anew where that would not say the same. */
function textWithId(text: string, { node, rule }: { node: MapNode; rule: Rule }, deps: RuleSchemaDeps): string {
  const { line, column } = node.place
  const lines = text.split('\n')
  const at = lines[line - 1]!
  const [before, after] = [at.slice(0, column - 1), at.slice(column - 1)]
  const entry = `id: ${yamlOfValue({ id: rule.id }).slice('id: '.length).trimEnd()}`
  lines[line - 1] = after.startsWith('{') ? `${before}{ ${entry}, ${after.slice(1).trimStart()}` : `${before}${entry}\n${' '.repeat(column - 1)}${after}`
  const together = lines.join('\n')
  const again = readWritten({ written: { yaml: together }, id: undefined, file: rule.source.file }, deps)
  return again.rule?.version === rule.version ? together : yamlOfNode(node)
}

/** `rule.when.level` is `when.level` where there is but one rule. */
function withoutRoot(problem: Problem): Problem {
  return { ...problem, path: problem.path.replace(/^rule\.?/, '') }
}
