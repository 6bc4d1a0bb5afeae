import { readFile, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, relative, resolve } from 'node:path'
import type { DocumentNode } from '../kernel/document.ts'
import { LimenError } from '../kernel/errors.ts'
import { isLoopbackHost } from '../kernel/loopback.ts'
import type { Problem } from '../kernel/problem.ts'
import { compareProblems } from '../kernel/problem.ts'
import type { RuleSource } from '../kernel/rule-source.ts'
import { invalid, present } from '../kernel/shape.ts'
import { parseYaml, yamlLimits } from '../kernel/yaml.ts'
import type { Config, ConfigOverrides } from './config.ts'
import type { Environment } from './environment.ts'
import { flowsEnvironment, noSecrets, overlayEnvironment, secretsFrom } from './environment.ts'
import { configShape, ruleSourceShape } from './schema.ts'

export interface LoadOptions extends Environment {
  /** `--config FILE`, relative to `cwd`. Without: limen.yaml in `cwd` if it is there, else the defaults. */
  readonly path?: string | undefined
  readonly overrides?: ConfigOverrides | undefined
}

/** Command line, then environment, then file, then defaults. Throws LimenError CONFIG_INVALID with every problem. */
export async function loadConfig(options: LoadOptions): Promise<Config> {
  const { config, problems } = await inspectConfig(options)
  if (config === undefined) throw invalidConfig(problems)
  return config
}

/** What could be read, also of a configuration with errors. */
export interface Inspected {
  /** Given where nothing is wrong. */
  readonly config: Config | undefined
  readonly problems: readonly Problem[]
  /** Enough to check the rules all the same. */
  readonly baseDir: string
  readonly rules: readonly RuleSource[]
  readonly targetNames: readonly string[]
}

/** The same for `limen check`, which looks at the rules of a configuration with errors too. Throws nothing. */
export async function inspectConfig(options: LoadOptions): Promise<Inspected> {
  const { cwd } = options
  const file = resolve(cwd, options.path ?? 'limen.yaml')
  const read = await readConfigFile(file, options)
  if ('message' in read) {
    const problem = { file: displayPath(file, cwd), line: 0, column: 0, path: '', ...read }
    return { config: undefined, problems: [problem], baseDir: dirname(file), rules: [], targetNames: [] }
  }
  return readConfig(read.content ?? '', { ...options, file: read.content === undefined ? undefined : file, shown: displayPath(file, cwd) })
}

export function invalidConfig(problems: readonly Problem[]): LimenError {
  const count = problems.length === 1 ? 'an error' : `${problems.length} errors`
  return new LimenError('CONFIG_INVALID', `the configuration has ${count}`, { problems: [...problems].sort(compareProblems) })
}

/** `limen.yaml` rather than `/home/ward/limen.yaml`, where that is shorter. */
export function displayPath(file: string, cwd: string): string {
  const near = relative(cwd, file)
  return near !== '' && near.length < file.length ? near : file
}

/** `content: undefined`: none asked for and none there. */
async function readConfigFile(file: string, options: LoadOptions): Promise<{ content: Uint8Array | undefined } | { message: string; remedy: string }> {
  try {
    const { size } = await stat(file)
    if (size > yamlLimits.sizeBytes) return { message: `has ${size} bytes, too many for a configuration`, remedy: 'is it the right file?' }
    return { content: await readFile(file) }
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    if (code === 'ENOENT' && options.path === undefined) return { content: undefined }
    if (code === 'ENOENT') return { message: 'there is no such file', remedy: 'write the path of a limen.yaml, or make one with: limen init' }
    if (code === 'EISDIR') return { message: 'is a directory', remedy: 'write the path of the limen.yaml in it' }
    return { message: `cannot be read (${code ?? 'error'})`, remedy: 'check who may read it' }
  }
}

export interface ReadOptions extends LoadOptions {
  /** Absolute; undefined: there is none. */
  readonly file: string | undefined
  /** As problems name it. */
  readonly shown: string
}

/** From text to Config, without touching the disk but for `…_FILE`. */
export function readConfig(content: string | Uint8Array, options: ReadOptions): Inspected {
  const baseDir = options.file === undefined ? options.cwd : dirname(options.file)
  const parsed = parseYaml(content, options.shown)
  if (parsed.problems.length > 0) return { config: undefined, problems: parsed.problems, baseDir, rules: [], targetNames: [] }
  const [first, extra] = parsed.documents
  const shape = configShape(options.overrides?.withoutSecrets === true ? noSecrets : secretsFrom(options))
  const { root, problems: environmentProblems } = overlayEnvironment(asMapping(first!), shape, options)
  const problems: Problem[] = [...environmentProblems]
  if (extra !== undefined) problems.push({ ...extra.place, path: '', message: 'a second document (after ---)', remedy: 'keep one configuration in the file' })
  const value = shape.read(root, '', problems)
  const entry = (key: string): DocumentNode | undefined => (root.kind === 'map' ? present(root, key)?.value : undefined)
  if (value === invalid || problems.length > 0) {
    return { config: undefined, problems: problems.map(inVariable), baseDir, ...ruleSources(entry('rules'), entry('targets')) }
  }
  // From the environment as from the command line: relative to where one stands.
  const dataBase = entry('data')?.place.line === 0 ? options.cwd : baseDir
  const config: Config = freeze({
    file: options.file,
    baseDir,
    site: value.site ?? hostname(),
    dataDir: options.overrides?.data === undefined ? resolve(dataBase, value.data ?? 'data') : resolve(options.cwd, options.overrides.data),
    mqtt: { host: value.mqtt.host, port: value.mqtt.port, maxPacketSizeBytes: value.mqtt.maxPacketSize },
    http: { host: value.http.host, port: value.http.port },
    auth: value.auth,
    store: { commitWindowMs: value.store.commitWindow },
    devices: value.devices ?? new Map(),
    rules: (value.rules ?? []).map((source) => (source.kind === 'inline' ? { ...source, text: parsed.textOf(source.node) } : source)),
    targets: value.targets ?? new Map(),
    influx: value.influx,
    flows: {
      mode: value.flows.mode ?? (isLoopbackHost(value.http.host) ? 'child' : 'off'),
      maxMemoryBytes: value.flows.maxMemory,
      nice: value.flows.nice,
      environment: flowsEnvironment(options),
    },
    retention: { readingsMs: value.retention.readings, maxSizeBytes: value.retention.maxSize },
  })
  return { config, problems: [], baseDir, rules: config.rules, targetNames: [...config.targets.keys()] }
}

/** Of a configuration with errors: the rules it names as far as they are right, and the names of its targets. */
function ruleSources(rules: DocumentNode | undefined, targets: DocumentNode | undefined): Pick<Inspected, 'rules' | 'targetNames'> {
  const items = rules?.kind === 'list' ? rules.items : []
  const sources = items.map((item, index) => ruleSourceShape.read(item, `rules[${index}]`, []))
  return { rules: sources.filter((source) => source !== invalid), targetNames: targets?.kind === 'map' ? targets.entries.map((entry) => entry.key) : [] }
}

/** An empty file asks for nothing. */
function asMapping(node: DocumentNode): DocumentNode {
  return node.kind === 'scalar' && node.value === null ? { kind: 'map', place: node.place, entries: [] } : node
}

/** In the environment one writes `LIMEN_HTTP__PORT=8080`, not `port: 8080`. */
function inVariable(problem: Problem): Problem {
  const variable = /^environment (LIMEN_\w+)$/.exec(problem.file)?.[1]
  return variable === undefined ? problem : { ...problem, path: '', remedy: problem.remedy.replace(/^write e\.g\. \w+: /, `write e.g. ${variable}=`) }
}

/** Plain objects and lists all the way down, and the values of Maps; the documents of rules are never changed anyhow. */
function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  if (value instanceof Map) for (const inner of value.values()) freeze(inner)
  else {
    Object.freeze(value)
    for (const inner of Object.values(value)) freeze(inner)
  }
  return value
}
