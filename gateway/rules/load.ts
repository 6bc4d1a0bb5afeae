import { readFile } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import type { DocumentNode, Place } from '../kernel/document.ts'
import type { Problem } from '../kernel/problem.ts'
import { compareProblems } from '../kernel/problem.ts'
import type { Rule } from '../kernel/rule.ts'
import type { KindTable } from '../kernel/rule-kind.ts'
import type { RuleSource } from '../kernel/rule-source.ts'
import type { Invalid } from '../kernel/shape.ts'
import { invalid, problemAt } from '../kernel/shape.ts'
import { suggestion } from '../kernel/suggest.ts'
import { parseYaml, yamlLimits } from '../kernel/yaml.ts'
import type { Zones } from '../kernel/zone.ts'
import type { Bases, RuleFile } from './load-files.ts'
import { expandSources, fingerprint } from './load-files.ts'
import { createRuleSchema } from './schema.ts'
import type { RuleOrigin, RuleSchemaDeps } from './schema-fields.ts'
import { createZoneTable } from './schema-zone.ts'

export interface RuleLoadDeps extends Bases {
  readonly kinds: KindTable
  /** Names of the targets that `notify` may name. */
  readonly targets: ReadonlySet<string>
  /** Zones from elsewhere: of the files, where a single rule is read. */
  readonly zones?: Zones
}

export interface LoadedRules {
  /** Those written in place first, then file by file in the order of paths. The whole set only where there are no problems. */
  readonly rules: readonly Rule[]
  /** In the order of file and line. */
  readonly problems: readonly Problem[]
  /** What `zones:` of the files hold, by name. */
  readonly zones: Zones
  /** Absolute paths of what was read, and where more could come from. */
  readonly files: readonly string[]
  readonly directories: readonly string[]
  /** Of all files as they were before they were read. */
  readonly fingerprint: string
}

/** Reads every rule of every source. What is wrong comes as problems; it throws nothing. */
export async function loadRules(sources: readonly RuleSource[], deps: RuleLoadDeps): Promise<LoadedRules> {
  const collector = createCollector(deps)
  const { files, directories, problems } = await expandSources(sources, deps)
  collector.problems.push(...problems)
  for (const source of sources) {
    if (source.kind !== 'inline') continue
    const { file, line } = source.node.place
    collector.rule(source.node, { file: line === 0 ? file : relative(deps.baseDir, resolve(deps.cwd, file)), path: source.path })
  }
  for (const file of files) await readRuleFile(file, { collector, baseDir: deps.baseDir })
  return {
    ...collector.read(),
    files: files.map((file) => file.path),
    directories,
    fingerprint: fingerprint(files),
  }
}

/** The rules of one text (an upload, a test), as a file of that name would give them. */
export function readRules(content: string | Uint8Array, file: string, deps: Pick<RuleLoadDeps, 'kinds' | 'targets' | 'zones'>): Pick<LoadedRules, 'rules' | 'problems' | 'zones'> {
  const collector = createCollector(deps)
  readDocuments(content, { shown: file, source: file, collector })
  return collector.read()
}

interface Collector {
  readonly problems: Problem[]
  rule(node: DocumentNode, origin: RuleOrigin): void
  zones(node: DocumentNode): void
  /** Reads what was collected: the zones first, since any rule may name them. */
  read(): Pick<LoadedRules, 'rules' | 'problems' | 'zones'>
}

function createCollector(deps: RuleSchemaDeps): Collector {
  const problems: Problem[] = []
  const ids = new Map<string, Place>()
  const zones = createZoneTable(deps.zones)
  const schema = createRuleSchema({ ...deps, zones: zones.byName })
  const found: { readonly node: DocumentNode; readonly origin: RuleOrigin }[] = []
  return {
    problems,
    rule: (node, origin) => void found.push({ node, origin }),
    zones: (node) => zones.read(node, problems),
    read() {
      const rules: Rule[] = []
      for (const { node, origin } of found) {
        const rule = readRule(node, origin)
        if (rule !== invalid) rules.push(rule)
      }
      return { rules, problems: [...problems].sort(compareProblems), zones: zones.byName }
    },
  }

  function readRule(node: DocumentNode, origin: RuleOrigin): Rule | Invalid {
    const entry = node.kind === 'map' ? node.entries.find((candidate) => candidate.key === 'id') : undefined
    const id = entry?.value.kind === 'scalar' && entry.value.value !== null ? entry.value.text : undefined
    const first = id === undefined ? undefined : ids.get(id)
    if (entry !== undefined && first !== undefined) {
      problems.push(problemAt({ place: entry.value.place, path: `${origin.path}.id` }, `the id "${id}" is taken by the rule at ${first.file}:${first.line}`, 'give one of them another id'))
    } else if (id !== undefined) ids.set(id, entry!.value.place)
    return schema.read(node, origin, problems)
  }
}

async function readRuleFile(file: RuleFile, { collector, baseDir }: { collector: Collector; baseDir: string }): Promise<void> {
  const whole = (message: string, remedy: string): void => void collector.problems.push({ file: file.shown, line: 0, column: 0, path: '', message, remedy })
  if (file.sizeBytes > yamlLimits.sizeBytes) return whole(`the file has ${file.sizeBytes} bytes, more than ${yamlLimits.sizeBytes / 1024 ** 2} MiB`, 'split it')
  let content: Uint8Array
  try {
    content = await readFile(file.path)
  } catch (thrown) {
    return whole(`cannot be read (${(thrown as NodeJS.ErrnoException).code ?? 'error'})`, 'check who may read it')
  }
  readDocuments(content, { shown: file.shown, source: relative(baseDir, file.path), collector })
}

/** A file holds `rules: [ … ]`, or the list alone, or one rule; several documents (`---`) are read one after the other. */
function readDocuments(content: string | Uint8Array, { shown, source, collector }: { shown: string; source: string; collector: Collector }): void {
  const { documents, problems } = parseYaml(content, shown)
  collector.problems.push(...problems)
  for (const document of documents) {
    if (document.kind === 'scalar' && document.value === null) continue
    if (document.kind === 'list') readList(document, { path: 'rules', source, collector })
    else if (document.kind === 'map' && document.entries.some((entry) => entry.key === 'id')) collector.rule(document, { file: source, path: 'rule' })
    else if (document.kind === 'map') readMapping(document, { source, collector })
    else collector.problems.push(problemAt({ place: document.place, path: '' }, 'expected rules, found a single value', 'write rules: and a list of rules below it'))
  }
}

function readMapping(document: Extract<DocumentNode, { kind: 'map' }>, { source, collector }: { source: string; collector: Collector }): void {
  for (const { key, place, value } of document.entries) {
    if (key === 'rules') {
      if (value.kind === 'list') readList(value, { path: 'rules', source, collector })
      else if (value.kind === 'map' || value.value !== null) collector.problems.push(problemAt({ place: value.place, path: 'rules' }, 'expected a list of rules', 'begin each rule with a hyphen: - id: spo2-low'))
    } else if (key === 'zones') collector.zones(value)
    else if (key === 'routes' || key === 'schedules') collector.problems.push(problemAt({ place, path: key }, `"${key}" is not in this version`, 'leave it out'))
    else if (key === 'targets') collector.problems.push(problemAt({ place, path: key }, '"targets" does not belong into a rule file', 'write it in limen.yaml'))
    else collector.problems.push(problemAt({ place, path: key }, `unknown key "${key.slice(0, 40)}" in a rule file`, suggestion(key, ['rules', 'zones', 'id'])))
  }
}

function readList(list: Extract<DocumentNode, { kind: 'list' }>, { path, source, collector }: { path: string; source: string; collector: Collector }): void {
  for (const [index, item] of list.items.entries()) collector.rule(item, { file: source, path: `${path}[${index}]` })
}
