import { LimenError } from '../kernel/errors.ts'
import type { RuleDiff, RuleRevision, ShownRule } from '../kernel/rule-desk.ts'
import type { CliDeps } from './deps.ts'
import type { RunningGateway } from './running-gateway.ts'
import { findRunning, problemOf } from './running-gateway.ts'
import type { RulesWork } from './rules-put.ts'
import { putFile } from './rules-put.ts'
import { writeTable } from './table.ts'
import type { Arguments, ArgumentSpec } from './usage.ts'
import { readArguments, usage } from './usage.ts'

const place = { config: { value: 'FILE' }, data: { value: 'DIR' } } as const
const ifRevision = { 'if-revision': { value: 'R' } } as const
const forms = 'limen rules list, show ID, history ID, diff ID [--from R] [--to R], put FILE, delete ID or rollback ID --to R'

interface Verb { readonly takes: Omit<ArgumentSpec, 'command'>; readonly run: (work: RulesWork) => Promise<number> }

const verbs: Readonly<Record<string, Verb>> = {
  list: { takes: { options: place }, run: list },
  show: { takes: { options: place, positionals: ['ID'] }, run: show },
  history: { takes: { options: place, positionals: ['ID'] }, run: history },
  diff: { takes: { options: { ...place, from: { value: 'R' }, to: { value: 'R' } }, positionals: ['ID'] }, run: diff },
  put: { takes: { options: { ...place, ...ifRevision }, positionals: ['FILE'] }, run: putFile },
  delete: { takes: { options: { ...place, ...ifRevision }, positionals: ['ID'] }, run: remove },
  rollback: { takes: { options: { ...place, ...ifRevision, to: { value: 'R' } }, positionals: ['ID'] }, run: rollback },
}

/** `limen rules …`: the rules of a running gateway, through its HTTP API. Exit code 1 where there is none of this id, or it is refused. */
export async function rulesCommand(args: readonly string[], deps: CliDeps): Promise<number> {
  const [name, ...rest] = args
  const verb = name !== undefined && Object.hasOwn(verbs, name) ? verbs[name] : undefined
  if (verb === undefined) throw usage(name === undefined ? '"limen rules" needs to know what to do' : `"limen rules" cannot "${name.slice(0, 40)}"`, `write ${forms}`)
  const given = readArguments(rest, { ...verb.takes, command: `limen rules ${name}` })
  const numbers = { from: revisionIn(given, 'from', 0), to: revisionIn(given, 'to', 1), if: revisionIn(given, 'if-revision', 0) }
  const [id] = verb.takes.positionals?.[0] === 'ID' ? given.positionals : []
  // As a part of an address these would lead elsewhere.
  if (id !== undefined && /^\.{0,2}$/.test(id)) throw usage(`"${id}" is the id of no rule`, 'write its id; limen rules list shows them')
  if (name === 'rollback' && numbers.to === undefined) {
    throw usage('"limen rules rollback" needs to know where to', `write limen rules rollback ${given.positionals[0]} --to R; limen rules history ${given.positionals[0]} shows the revisions`)
  }
  const data = given.text('data')
  const config = await deps.loadConfig(given.text('config'), data === undefined ? {} : { data })
  const gateway = await findRunning(config.dataDir)
  if (gateway === undefined) throw new LimenError('NOT_FOUND', `no gateway runs on ${config.dataDir}`, { remedy: 'start it, or name its configuration: --config FILE; while it stands, change its rule files' })
  const by = encodeURIComponent(`${deps.env['USER'] ?? 'somebody'} on the command line`)
  return verb.run({ given, gateway, deps, editQuery: `?by=${by}${numbers.if === undefined ? '' : `&ifRevision=${numbers.if}`}` })
}

function revisionIn(given: Arguments, option: string, least: number): number | undefined {
  const written = given.text(option)
  if (written === undefined) return undefined
  const number = /^\d{1,10}$/.test(written) ? Number(written) : -1
  if (number < least) throw usage(`--${option} is not "${written.slice(0, 40)}"`, 'write the number of a revision; limen rules history ID shows them')
  return number
}

async function list({ gateway, deps }: RulesWork): Promise<number> {
  const rules = await Array.fromAsync(allPages<ShownRule>(gateway, '/rules'))
  if (rules.length === 0) deps.stderr.write('no rules run\n')
  else writeTable(deps.stdout, [['id', 'state', 'revision', 'written', 'by'], ...rules.map(({ id, state, revision, changedAt, changedBy }) => [id, state, String(revision), changedAt, changedBy])])
  return 0
}

async function show({ given, gateway, deps }: RulesWork): Promise<number> {
  const { text, state, fault, revision, changedAt, changedBy } = await answerOf<ShownRule>(await gateway.call('GET', `/rules/${idIn(given)}`))
  deps.stdout.write(text)
  deps.stderr.write(`revision ${revision}, ${state}${fault === null ? '' : ` (${fault})`}, written ${changedAt} by ${changedBy}\n`)
  return 0
}

async function history({ given, gateway, deps }: RulesWork): Promise<number> {
  const versions = await Array.fromAsync(allPages<RuleRevision>(gateway, `/rules/${idIn(given)}/versions`))
  writeTable(deps.stdout, [['revision', 'action', 'written', 'by', 'version'], ...versions.map(({ revision, action, at, by, version }) => [String(revision), action, at, by, version ?? ''])])
  return 0
}

async function diff({ given, gateway, deps }: RulesWork): Promise<number> {
  const query = ['from', 'to'].flatMap((name) => (given.text(name) === undefined ? [] : [`${name}=${given.text(name)}`])).join('&')
  const found = await answerOf<RuleDiff>(await gateway.call('GET', `/rules/${idIn(given)}/diff${query === '' ? '' : `?${query}`}`))
  deps.stdout.write(found.diff)
  if (found.diff === '') deps.stderr.write(`revisions ${found.from} and ${found.to} say the same\n`)
  return 0
}

async function remove({ given, gateway, deps, editQuery }: RulesWork): Promise<number> {
  const response = await gateway.call('DELETE', `/rules/${idIn(given)}${editQuery}`)
  if (!response.ok) throw await problemOf(response)
  deps.stderr.write(`${given.positionals[0]} is removed; limen rules history ${given.positionals[0]} shows what it said\n`)
  return 0
}

async function rollback({ given, gateway, deps, editQuery }: RulesWork): Promise<number> {
  const rule = await answerOf<ShownRule>(await gateway.call('POST', `/rules/${idIn(given)}/rollback${editQuery}`, { revision: Number(given.text('to')) }))
  deps.stderr.write(`${rule.id} says again what it said in revision ${given.text('to')}; that is revision ${rule.revision}, ${rule.state}\n`)
  return 0
}

const idIn = (given: Arguments): string => encodeURIComponent(given.positionals[0]!)

async function answerOf<T>(response: Response): Promise<T> {
  if (!response.ok) throw await problemOf(response)
  return (await response.json()) as T
}

async function* allPages<T>(gateway: RunningGateway, path: string): AsyncIterable<T> {
  for (let after: string | null = null; ; ) {
    const page: { items: readonly T[]; next: string | null } = await answerOf(await gateway.call('GET', `${path}?limit=100${after === null ? '' : `&after=${encodeURIComponent(after)}`}`))
    yield* page.items
    if (page.next === null) return
    after = page.next
  }
}
