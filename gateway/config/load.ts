import { readFile, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, relative, resolve } from 'node:path'
import type { DocumentNode } from '../kernel/document.ts'
import { LimenError } from '../kernel/errors.ts'
import type { Problem } from '../kernel/problem.ts'
import { compareProblems } from '../kernel/problem.ts'
import { invalid } from '../kernel/shape.ts'
import { parseYaml, yamlLimits } from '../kernel/yaml.ts'
import type { Config, ConfigOverrides } from './config.ts'
import type { Environment } from './environment.ts'
import { overlayEnvironment, secretsFrom } from './environment.ts'
import { configShape } from './schema.ts'

export interface LoadOptions extends Environment {
  /** `--config FILE`, relative to `cwd`. Without: limen.yaml in `cwd` if it is there, else the defaults. */
  readonly path?: string | undefined
  readonly overrides?: ConfigOverrides | undefined
}

/** Command line, then environment, then file, then defaults. Throws LimenError CONFIG_INVALID with every problem. */
export async function loadConfig(options: LoadOptions): Promise<Config> {
  const { cwd } = options
  const file = resolve(cwd, options.path ?? 'limen.yaml')
  const content = await readConfigFile(file, options)
  const shown = displayPath(file, cwd)
  const { config, problems } = content === undefined ? readConfig('', { ...options, file: undefined, shown }) : readConfig(content, { ...options, file, shown })
  if (config === undefined || problems.length > 0) throw invalidConfig(problems)
  return config
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

/** Undefined: none asked for and none there. */
async function readConfigFile(file: string, options: LoadOptions): Promise<Uint8Array | undefined> {
  const problem = (message: string, remedy: string): LimenError =>
    invalidConfig([{ file: displayPath(file, options.cwd), line: 0, column: 0, path: '', message, remedy }])
  try {
    const { size } = await stat(file)
    if (size > yamlLimits.sizeBytes) throw problem(`has ${size} bytes, too many for a configuration`, 'is it the right file?')
    return await readFile(file)
  } catch (thrown) {
    if (thrown instanceof LimenError) throw thrown
    const { code } = thrown as NodeJS.ErrnoException
    if (code === 'ENOENT' && options.path === undefined) return undefined
    if (code === 'ENOENT') throw problem('there is no such file', 'write the path of a limen.yaml, or make one with: limen init')
    if (code === 'EISDIR') throw problem('is a directory', 'write the path of the limen.yaml in it')
    throw problem(`cannot be read (${code ?? 'error'})`, 'check who may read it')
  }
}

export interface ReadOptions extends LoadOptions {
  /** Absolute; undefined: there is none. */
  readonly file: string | undefined
  /** As problems name it. */
  readonly shown: string
}

/** From text to Config, without touching the disk but for `…_FILE`. `config` is given where nothing is wrong. */
export function readConfig(content: string | Uint8Array, options: ReadOptions): { config: Config | undefined; problems: readonly Problem[] } {
  const parsed = parseYaml(content, options.shown)
  if (parsed.problems.length > 0) return { config: undefined, problems: parsed.problems }
  const extra = parsed.documents[1]
  const document = asMapping(parsed.documents[0]!)
  const shape = configShape(secretsFrom(options))
  const { root, problems: environmentProblems } = overlayEnvironment(document, shape, options)
  const problems: Problem[] = environmentProblems.map((problem) => problem)
  if (extra !== undefined) problems.push({ ...extra.place, path: '', message: 'a second document (after ---)', remedy: 'keep one configuration in the file' })
  const value = shape.read(root, '', problems)
  if (value === invalid || problems.length > 0) return { config: undefined, problems: problems.map(inVariable) }
  const baseDir = options.file === undefined ? options.cwd : dirname(options.file)
  const data = root.kind === 'map' ? root.entries.find((entry) => entry.key === 'data') : undefined
  // From the environment as from the command line: relative to where one stands.
  const dataBase = data?.value.place.line === 0 ? options.cwd : baseDir
  const config: Config = {
    file: options.file,
    baseDir,
    site: value.site ?? hostname(),
    dataDir: options.overrides?.data === undefined ? resolve(dataBase, value.data ?? 'data') : resolve(options.cwd, options.overrides.data),
    mqtt: { host: value.mqtt.host, port: value.mqtt.port, maxPacketSizeBytes: value.mqtt.maxPacketSize },
    http: { host: value.http.host, port: value.http.port },
    auth: value.auth,
    store: { commitWindowMs: value.store.commitWindow },
    devices: value.devices ?? new Map(),
    rules: value.rules ?? [],
    targets: value.targets ?? new Map(),
    influx: value.influx,
    retention: { readingsMs: value.retention.readings, maxSizeBytes: value.retention.maxSize },
  }
  return { config: freeze(config), problems: [] }
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
