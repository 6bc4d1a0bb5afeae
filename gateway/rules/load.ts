import { readFile } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import type { ConfiguredDevice } from '../kernel/configured-devices.ts'
import type { DocumentNode, Place } from '../kernel/document.ts'
import type { Problem } from '../kernel/problem.ts'
import { compareProblems } from '../kernel/problem.ts'
import type { Rule } from '../kernel/rule.ts'
import type { KindTable } from '../kernel/rule-kind.ts'
import type { RuleSource } from '../kernel/rule-source.ts'
import { invalid, problemAt } from '../kernel/shape.ts'
import { suggestion } from '../kernel/suggest.ts'
import type { ParsedText } from '../kernel/yaml.ts'
import { parseYaml, yamlLimits } from '../kernel/yaml.ts'
import type { Zones } from '../kernel/zone.ts'
import type { Bases, RuleFile } from './load-files.ts'
import { expandSources, fingerprint } from './load-files.ts'
import type { SiteTables } from './load-tables.ts'
import { createTableBook, readTables } from './load-tables.ts'
import { yamlOfNode } from './rule-text.ts'
import type { RuleSchema } from './schema.ts'
import { createRuleSchema } from './schema.ts'
import { readZones } from './schema-zone.ts'

export interface RuleLoadDeps extends Bases {
  readonly kinds: KindTable
  /** Names of the targets that `notify` may name. */
  readonly targets: ReadonlySet<string>
  /** By id or pattern, as the configuration says: what rules select and in which units. */
  readonly devices?: ReadonlyMap<string, ConfiguredDevice> | undefined
  /** The site's, besides those of the files themselves. */
  readonly site?: { readonly tables: SiteTables; readonly zones: Zones } | undefined
}

export interface LoadedRules {
  /** Those written in place first, then file by file in the order of paths. The whole set only where there are no problems. */
  readonly rules: readonly Rule[]
  /** The site's score tables, for a rule that is read alone. */
  readonly tables: SiteTables
  /** The zones of all files, for the same. */
  readonly zones: Zones
  /** How each is written, by id: YAML that stands alone. */
  readonly texts: ReadonlyMap<string, string>
  /** In the order of file and line. */
  readonly problems: readonly Problem[]
  /** Absolute paths of what was read, and where more could come from. */
  readonly files: readonly string[]
  readonly directories: readonly string[]
  /** Of all files as they were before they were read. */
  readonly fingerprint: string
}

/** Reads every rule of every source. What is wrong comes as problems; it throws nothing. */
export async function loadRules(sources: readonly RuleSource[], deps: RuleLoadDeps): Promise<LoadedRules> {
  const { files, directories, problems } = await expandSources(sources, deps)
  const texts: RuleText[] = []
  for (const file of files) texts.push(await readRuleFile(file, deps.baseDir))
  // A rule may name a table or zone of any file.
  const documents = texts.flatMap((text) => text.documents)
  const tables = readTables(documents, problems)
  const zones = readZones(documents, problems)
  const { site } = deps
  const known = { tables: createTableBook(tables, ...(site === undefined ? [] : [site.tables])), zones: new Map([...(site?.zones ?? []), ...zones]) }
  const collector = createCollector(createRuleSchema({ ...deps, ...known }), problems)
  for (const source of sources) {
    if (source.kind !== 'inline') continue
    const { file, line } = source.node.place
    collector.rule(source.node, { file: line === 0 ? file : relative(deps.baseDir, resolve(deps.cwd, file)), path: source.path, text: source.text })
  }
  for (const text of texts) readDocuments(text, collector)
  return {
    rules: collector.rules,
    tables,
    zones,
    texts: collector.texts,
    problems: [...collector.problems].sort(compareProblems),
    files: files.map((file) => file.path),
    directories,
    fingerprint: fingerprint(files),
  }
}

/** The rules of one text (an upload, a test), as a file of that name would give them. `tables`, `zones`: the site's, besides those of the text. */
export function readRules(content: string | Uint8Array, file: string, deps: Pick<RuleLoadDeps, 'kinds' | 'targets' | 'devices'> & { readonly tables?: SiteTables; readonly zones?: Zones }): Pick<LoadedRules, 'rules' | 'texts' | 'problems'> {
  const text = { ...parseYaml(content, file), source: file }
  const problems: Problem[] = []
  const tables = createTableBook(readTables(text.documents, problems), ...(deps.tables === undefined ? [] : [deps.tables]))
  const zones = new Map([...(deps.zones ?? []), ...readZones(text.documents, problems)])
  const collector = createCollector(createRuleSchema({ ...deps, tables, zones }), problems)
  readDocuments(text, collector)
  return { rules: collector.rules, texts: collector.texts, problems: [...collector.problems].sort(compareProblems) }
}

/** `source` as rules name it: relative to the configuration. */
interface RuleText extends ParsedText { readonly source: string }

interface Collector {
  readonly rules: Rule[]
  readonly texts: Map<string, string>
  readonly problems: Problem[]
  /** `text`: how it is written, where that is known. */
  rule(node: DocumentNode, origin: { file: string; path: string; text: string | undefined }): void
}

function createCollector(schema: RuleSchema, problems: Problem[]): Collector {
  const rules: Rule[] = []
  const texts = new Map<string, string>()
  const ids = new Map<string, Place>()
  return {
    rules,
    texts,
    problems,
    rule(node, { text, ...origin }) {
      const entry = node.kind === 'map' ? node.entries.find((candidate) => candidate.key === 'id') : undefined
      const id = entry?.value.kind === 'scalar' && entry.value.value !== null ? entry.value.text : undefined
      const first = id === undefined ? undefined : ids.get(id)
      if (entry !== undefined && first !== undefined) {
        problems.push(problemAt({ place: entry.value.place, path: `${origin.path}.id` }, `the id "${id}" is taken by the rule at ${first.file}:${first.line}`, 'give one of them another id'))
      } else if (id !== undefined) ids.set(id, entry!.value.place)
      const rule = schema.read(node, origin, problems)
      if (rule === invalid) return
      rules.push(rule)
      texts.set(rule.id, text ?? yamlOfNode(node))
    },
  }
}

async function readRuleFile(file: RuleFile, baseDir: string): Promise<RuleText> {
  const source = relative(baseDir, file.path)
  const whole = (message: string, remedy: string): RuleText => ({ documents: [], problems: [{ file: file.shown, line: 0, column: 0, path: '', message, remedy }], textOf: () => undefined, source })
  if (file.sizeBytes > yamlLimits.sizeBytes) return whole(`the file has ${file.sizeBytes} bytes, more than ${yamlLimits.sizeBytes / 1024 ** 2} MiB`, 'split it')
  let content: Uint8Array
  try {
    content = await readFile(file.path)
  } catch (thrown) {
    return whole(`cannot be read (${(thrown as NodeJS.ErrnoException).code ?? 'error'})`, 'check who may read it')
  }
  return { ...parseYaml(content, file.shown), source }
}

/** A file holds `rules: [ … ]` (and `tables: [ … ]`, `zones: { … }`), or the list alone, or one rule; several documents (`---`) are read one after the other. */
function readDocuments({ documents, problems, textOf, source }: RuleText, collector: Collector): void {
  collector.problems.push(...problems)
  const rule = (node: DocumentNode, path: string): void => collector.rule(node, { file: source, path, text: textOf(node) })
  for (const document of documents) {
    if (document.kind === 'scalar' && document.value === null) continue
    if (document.kind === 'list') readList(document, rule)
    else if (document.kind === 'map' && document.entries.some((entry) => entry.key === 'id')) rule(document, 'rule')
    else if (document.kind === 'map') readMapping(document, { rule, collector })
    else collector.problems.push(problemAt({ place: document.place, path: '' }, 'expected rules, found a single value', 'write rules: and a list of rules below it'))
  }
}

function readMapping(document: Extract<DocumentNode, { kind: 'map' }>, { rule, collector }: { rule: (node: DocumentNode, path: string) => void; collector: Collector }): void {
  for (const { key, place, value } of document.entries) {
    if (key === 'rules') {
      if (value.kind === 'list') readList(value, rule)
      else if (value.kind === 'map' || value.value !== null) collector.problems.push(problemAt({ place: value.place, path: 'rules' }, 'expected a list of rules', 'begin each rule with a hyphen: - id: spo2-low'))
    } else if (key === 'tables' || key === 'zones') continue // Read before all rules.
    else if (key === 'routes' || key === 'schedules') collector.problems.push(problemAt({ place, path: key }, `"${key}" is not in this version`, 'leave it out'))
    else if (key === 'targets') collector.problems.push(problemAt({ place, path: key }, '"targets" does not belong into a rule file', 'write it in limen.yaml'))
    else collector.problems.push(problemAt({ place, path: key }, `unknown key "${key.slice(0, 40)}" in a rule file`, suggestion(key, ['rules', 'tables', 'zones', 'id'])))
  }
}

function readList(list: Extract<DocumentNode, { kind: 'list' }>, rule: (node: DocumentNode, path: string) => void): void {
  for (const [index, item] of list.items.entries()) rule(item, `rules[${index}]`)
}
