/** Settings from the environment (interface.md "Configuration"): `LIMEN_HTTP__PORT=8080`, `LIMEN_INFLUX__TOKEN_FILE=/run/secrets/token`. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { DocumentNode } from '../kernel/document.ts'
import type { Problem } from '../kernel/problem.ts'
import { createSecret } from '../kernel/secret.ts'
import type { Shape } from '../kernel/shape.ts'
import { suggestion } from '../kernel/suggest.ts'
import { parseYaml } from '../kernel/yaml.ts'
import { setIn } from './overlay.ts'
import type { SecretLookup } from './targets.ts'

export interface Environment {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Absolute; what paths in `…_FILE` are relative to. */
  readonly cwd: string
}

const prefix = 'LIMEN_'
const longestFileBytes = 1024 * 1024

/** A variable's value, or the content of the file that the variable with `_FILE` names, without the line's end. An empty one counts as not set. */
export function readVariable(name: string, { env, cwd }: Environment): { text: string } | { wrong: string; remedy: string } | undefined {
  const direct = env[name]
  const file = env[`${name}_FILE`]
  const hasDirect = direct !== undefined && direct !== ''
  if (file === undefined || file === '') return hasDirect ? { text: direct } : undefined
  if (hasDirect) return { wrong: `${name} and ${name}_FILE are both set`, remedy: 'set one of them' }
  try {
    const content = readFileSync(resolve(cwd, file))
    if (content.length > longestFileBytes) return { wrong: `the file of ${name}_FILE is larger than 1 MiB`, remedy: 'is it the right one?' }
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(content).trim() }
  } catch (thrown) {
    const why = (thrown as NodeJS.ErrnoException).code ?? 'it is not UTF-8'
    return { wrong: `the file of ${name}_FILE cannot be read (${why})`, remedy: `check ${file} and who may read it` }
  }
}

/** For commands that need none: every secret is empty. */
export const noSecrets: SecretLookup = () => ({ secret: createSecret('') })

export function secretsFrom(environment: Environment): SecretLookup {
  return (variable) => {
    const found = readVariable(variable, environment)
    if (found === undefined) return { missing: `the environment variable ${variable} is not set`, remedy: `set ${variable}, or ${variable}_FILE to a file that holds it` }
    if ('wrong' in found) return { missing: found.wrong, remedy: found.remedy }
    return { secret: createSecret(found.text) }
  }
}

/** Lays the LIMEN_ variables over the file's tree, guided by the shape of the configuration. */
export function overlayEnvironment(root: DocumentNode, shape: Shape<unknown>, environment: Environment): { root: DocumentNode; problems: readonly Problem[] } {
  const problems: Problem[] = []
  const secretNames = variablesNamedIn(root)
  const settings = new Set(Object.keys(environment.env).filter((name) => name.startsWith(prefix)).map((name) => name.replace(/_FILE$/, '')))
  let result = root
  for (const name of [...settings].sort()) {
    if (secretNames.has(name)) continue
    const problem = (message: string, remedy: string): void => void problems.push({ file: `environment ${name}`, line: 0, column: 0, path: '', message, remedy })
    const found = readVariable(name, environment)
    if (found === undefined) continue
    const target = follow(name.slice(prefix.length), shape, result)
    if ('remedy' in target) problem('fits no setting', target.remedy)
    else if ('wrong' in found) problem(found.wrong, found.remedy)
    else result = setIn(result, target.path, valueNode(found.text, { name, shape: target.shape, problem }))
  }
  return { root: result, problems }
}

/** `HTTP__PORT` → http.port. Names of devices and targets are those of the file, other characters than letters and digits as `_`. */
function follow(written: string, shape: Shape<unknown>, root: DocumentNode): { path: readonly string[]; shape: Shape<unknown> } | { remedy: string } {
  const path: string[] = []
  let at = shape
  let node: DocumentNode | undefined = root
  const named = (key: string): string => [...path, key].map((step) => step.toUpperCase().replace(/[^A-Z0-9]/g, '_')).join('__')
  const segments = written.split('__')
  for (const [index, segment] of segments.entries()) {
    const here: DocumentNode | undefined = node
    const names: readonly string[] = at.keys !== undefined ? Object.keys(at.keys) : at.each !== undefined && here?.kind === 'map' ? here.entries.map((entry) => entry.key) : []
    const matching = names.filter((name) => plain(name) === plain(segment))
    if (matching.length > 1) return { remedy: `it could be ${matching.join(' or ')}: write it in the file` }
    const name = matching[0]
    if (name === undefined) {
      const rest = segments.slice(index + 1)
      return { remedy: suggestion(`${prefix}${written}`, names.map((key) => `${prefix}${[named(key), ...rest].join('__')}`)) }
    }
    path.push(name)
    at = at.keys?.[name] ?? at.each!
    node = here?.kind === 'map' ? here.entries.find((entry) => entry.key === name)?.value : undefined
  }
  if (at.keys !== undefined) return { remedy: `it names a group of settings; write e.g. ${prefix}${named(Object.keys(at.keys)[0] ?? '')}` }
  return { path, shape: at }
}

/** camelCase is written in capitals; MAX_PACKET_SIZE is understood as well. */
function plain(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9]/g, '')
}

function valueNode(text: string, of: { name: string; shape: Shape<unknown>; problem: (message: string, remedy: string) => void }): DocumentNode {
  const place = { file: `environment ${of.name}`, line: 0, column: 0 }
  if (of.shape.collection !== true && of.shape.each === undefined) return { kind: 'scalar', place, value: plainValue(text), text, quoted: false }
  const { documents, problems } = parseYaml(text, place.file)
  if (problems.length > 0 || documents.length !== 1) of.problem('is not YAML', `write e.g. ${of.shape.example}`)
  const node = documents[0]
  return node === undefined ? { kind: 'scalar', place, value: null, text: '', quoted: false } : placed(node, place)
}

/** The same values, all standing at one place: in a variable there is no line to point at. */
function placed(node: DocumentNode, place: DocumentNode['place']): DocumentNode {
  if (node.kind === 'scalar') return { ...node, place }
  if (node.kind === 'list') return { ...node, place, items: node.items.map((item) => placed(item, place)) }
  return { ...node, place, entries: node.entries.map((entry) => ({ key: entry.key, place, value: placed(entry.value, place) })) }
}

function plainValue(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  return /^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$/.test(text) ? Number(text) : text
}

/** What `secretEnv` and `passwordEnv` name may begin with LIMEN_ and is no setting then. */
function variablesNamedIn(node: DocumentNode, found = new Set<string>()): Set<string> {
  if (node.kind === 'list') for (const item of node.items) variablesNamedIn(item, found)
  if (node.kind === 'map') {
    for (const { key, value } of node.entries) {
      if (/^(secret|password)Env$/.test(key) && value.kind === 'scalar') found.add(value.text)
      else variablesNamedIn(value, found)
    }
  }
  return found
}

/** What Node, and a flow that fetches something, need to work on this machine. */
const forFlows = [
  'PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'NODE_COMPILE_CACHE', 'NODE_EXTRA_CA_CERTS', 'MALLOC_ARENA_MAX',
  'http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY',
]

/** A list of what may pass, not of what may not: secrets have any name. */
export function flowsEnvironment({ env }: Environment): Readonly<Record<string, string>> {
  return Object.fromEntries(forFlows.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])))
}
