import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { DocumentNode } from '../kernel/document.ts'
import { LimenError } from '../kernel/errors.ts'
import type { Problem } from '../kernel/problem.ts'
import type { ShownRule } from '../kernel/rule-desk.ts'
import { parseYaml, yamlLimits } from '../kernel/yaml.ts'
import type { CliDeps } from './deps.ts'
import type { RunningGateway } from './running-gateway.ts'
import { problemOf } from './running-gateway.ts'
import type { Arguments } from './usage.ts'

/** What a verb works with. */
export interface RulesWork {
  readonly given: Arguments
  readonly gateway: RunningGateway
  readonly deps: CliDeps
  /** `?ifRevision=…&by=…` of an edit. */
  readonly editQuery: string
}

/** A rule as it stands in a file. */
interface Found {
  readonly id: string
  readonly text: string
  /** Its place there: line and column of its first key. */
  readonly line: number
  readonly column: number
}

/** The rules of a file, all or none. Throws RULES_INVALID with the places in the file where one is wrong. */
export async function putFile({ given, gateway, deps, editQuery }: RulesWork): Promise<number> {
  const name = given.positionals[0]!
  const rules = rulesIn(await contentOf(resolve(deps.cwd, name), name), name)
  if (rules.length > 1 && given.has('if-revision')) throw new LimenError('BAD_INPUT', `${name} holds ${rules.length} rules, and --if-revision is for one`, { remedy: 'put them one by one' })
  if (rules.length > 1) await checkAll(rules, name, gateway)
  for (const rule of rules) {
    const response = await gateway.call('PUT', `/rules/${encodeURIComponent(rule.id)}${editQuery}`, rule.text)
    if (response.status === 400) throw refusal(rule, { name, body: await response.text() })
    if (!response.ok) throw await problemOf(response)
    const { revision, state } = (await response.json()) as ShownRule
    deps.stderr.write(`${rule.id} ${response.status === 201 ? 'is new' : 'is written'}; revision ${revision}, ${state}\n`)
  }
  return 0
}

/** One by one they are written; one that is wrong is found before the first is. */
async function checkAll(rules: readonly Found[], name: string, gateway: RunningGateway): Promise<void> {
  const wrong: Problem[] = []
  for (const rule of rules) {
    const response = await gateway.call('POST', '/rules/check', rule.text)
    if (!response.ok) throw await problemOf(response)
    const { problems } = (await response.json()) as { problems: readonly Problem[] }
    wrong.push(...problems.map((problem) => inFile(problem, rule, name)))
  }
  if (wrong.length > 0) throw new LimenError('RULES_INVALID', `${name} has errors; nothing of it is written`, { problems: wrong })
}

async function contentOf(path: string, name: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path)
    if (size > yamlLimits.sizeBytes) throw new LimenError('BAD_INPUT', `${name} has ${size} bytes, too many for a file of rules`)
    return await readFile(path)
  } catch (thrown) {
    if (thrown instanceof LimenError) throw thrown
    throw new LimenError('NOT_FOUND', `${name} cannot be read (${(thrown as NodeJS.ErrnoException).code ?? 'error'})`, { cause: thrown, remedy: 'write the path of a file of rules' })
  }
}

/** The same forms as in the gateway's rule files: `rules:` with a list, a list, or one rule. What is in them is for the gateway to judge. */
function rulesIn(content: Uint8Array, name: string): readonly Found[] {
  const { documents, problems, textOf } = parseYaml(content, name)
  if (problems.length > 0) throw new LimenError('RULES_INVALID', `${name} has errors`, { problems })
  const nodes = documents.flatMap((document): readonly DocumentNode[] => {
    if (document.kind === 'list') return document.items
    const list = document.kind === 'map' && !document.entries.some(({ key }) => key === 'id') ? document.entries.find(({ key }) => key === 'rules')?.value : undefined
    if (list?.kind === 'list') return list.items
    return document.kind === 'scalar' && document.value === null ? [] : [document]
  })
  if (nodes.length === 0) throw new LimenError('BAD_INPUT', `${name} holds no rule`, { remedy: 'write one: id: spo2-low, on: …, when: …' })
  const taken = new Map<string, number>()
  return nodes.map((node) => {
    const { line, column } = node.place
    const id = node.kind === 'map' ? node.entries.find(({ key }) => key === 'id')?.value : undefined
    const text = textOf(node)
    const wrong = (message: string, remedy: string): LimenError => new LimenError('RULES_INVALID', `${name} has errors`, { problems: [{ file: name, line, column, path: '', message, remedy }] })
    if (id?.kind !== 'scalar' || id.value === null) throw wrong('a rule without an id', 'write id: and a name that no other rule has')
    const first = taken.get(id.text)
    if (first !== undefined) throw wrong(`the id "${id.text.slice(0, 40)}" is taken by the rule in line ${first}`, 'give one of them another id')
    taken.set(id.text, line)
    if (text === undefined) throw wrong('a rule that leans on another part of the file (*name)', 'write it out')
    return { id: id.text, text, line, column }
  })
}

/** The gateway speaks of lines of the rule; a person looks into the file. */
function refusal(rule: Found, { name, body }: { readonly name: string; readonly body: string }): LimenError {
  const { detail = body.slice(0, 200), problems = [] } = JSON.parse(body) as { detail?: string; problems?: readonly Problem[] }
  const placed = problems.map((problem) => inFile(problem, rule, name))
  return new LimenError('RULES_INVALID', problems.length === 0 ? `the gateway refuses ${rule.id}: ${detail}` : `rule ${rule.id} has errors; it stays as it was`, { problems: placed })
}

function inFile(problem: Problem, rule: Found, name: string): Problem {
  return { ...problem, file: name, line: rule.line + problem.line - 1, column: rule.column + problem.column - 1 }
}
