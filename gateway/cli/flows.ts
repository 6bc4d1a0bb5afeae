import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { LimenError } from '../kernel/errors.ts'
import type { FlowsStatus, FlowsVersion } from '../kernel/flows.ts'
import type { CliDeps } from './deps.ts'
import type { RunningGateway } from './running-gateway.ts'
import { findRunning, problemOf } from './running-gateway.ts'
import { writeTable } from './table.ts'
import type { Arguments } from './usage.ts'
import { readArguments, usage } from './usage.ts'

const options = { config: { value: 'FILE' }, data: { value: 'DIR' } } as const
const idForm = /^[0-9TZ-]+$/

/** Versions of the flows of a data directory, whether a gateway runs on it or not. */
interface VersionDesk {
  list(): Promise<readonly FlowsVersion[]>
  /** Undefined: there is none of this id, or none at all. */
  rollback(id: string | undefined): Promise<FlowsVersion | undefined>
  /** What happens with it now. */
  readonly then: string
}

/**
 * `limen flows list | rollback [VERSION] [--config FILE]`: on a running gateway through its HTTP API, on a stopped one (or one
 * whose flows are off) in its data directory. Exit code 1 if there is no such version.
 */
export async function flowsCommand(args: readonly string[], deps: CliDeps): Promise<number> {
  const [verb, ...rest] = args
  switch (verb) {
    case 'list':
      return list(await openVersions(readArguments(rest, { command: 'limen flows list', options }), deps), deps)
    case 'rollback': {
      const given = readArguments(rest, { command: 'limen flows rollback', options, positionals: ['VERSION?'] })
      const [id] = given.positionals
      if (id !== undefined && !idForm.test(id)) throw usage(`"${id.slice(0, 40)}" is no version`, 'write one that limen flows list shows, or none for the newest')
      return rollback(id, { desk: await openVersions(given, deps), deps })
    }
    default:
      throw usage(verb === undefined ? '"limen flows" needs to know what to do' : `"limen flows" cannot "${verb}"`, 'write limen flows list or limen flows rollback [VERSION]')
  }
}

async function openVersions(given: Arguments, deps: CliDeps): Promise<VersionDesk> {
  const data = given.text('data')
  const config = await deps.loadConfig(given.text('config'), data === undefined ? {} : { data })
  const gateway = await findRunning(config.dataDir)
  const running = gateway === undefined ? undefined : await runningDesk(gateway)
  return running ?? stoppedDesk(config, deps)
}

/** Undefined: its flows are off, and nothing runs on their files. */
async function runningDesk(gateway: RunningGateway): Promise<VersionDesk | undefined> {
  const status = await answerOf<FlowsStatus>(await gateway.call('GET', '/flows'))
  if (status.state === 'off') return undefined
  return {
    list: async () => (await answerOf<{ items: readonly FlowsVersion[] }>(await gateway.call('GET', '/flows/versions'))).items,
    async rollback(version) {
      const response = await gateway.call('POST', '/flows/rollback', version === undefined ? {} : { version })
      return response.status === 404 ? undefined : answerOf<FlowsVersion>(response)
    },
    then: 'the flows start anew on it',
  }
}

async function answerOf<T>(response: Response): Promise<T> {
  if (!response.ok) throw await problemOf(response)
  return (await response.json()) as T
}

async function stoppedDesk({ dataDir }: Config, deps: CliDeps): Promise<VersionDesk> {
  const found = await stat(dataDir).catch(() => undefined)
  if (found?.isDirectory() !== true) {
    throw new LimenError('NOT_FOUND', `there is no data directory ${dataDir}`, { remedy: 'name the configuration of the gateway: --config FILE' })
  }
  const directory = join(dataDir, 'flows')
  const { bringBack, findVersion, listVersions } = await import('../flows/versions.ts')
  return {
    list: () => listVersions(directory),
    async rollback(id) {
      const { leftover } = await import('../flows/place.ts')
      const note = await leftover(directory)
      if (note !== undefined) {
        throw new LimenError('CONFLICT', `the flows of a gateway that is gone still run here, as process ${note.pid}`, { remedy: `start the gateway, which ends them, or end them: kill -9 ${note.pid}` })
      }
      const version = await findVersion(directory, id)
      if (version !== undefined) await bringBack(directory, version, deps.clock.wall())
      return version
    },
    then: 'the next start of the gateway runs it',
  }
}

/** The table goes to standard output, words about it to standard error. */
async function list(desk: VersionDesk, deps: CliDeps): Promise<number> {
  const versions = await desk.list()
  if (versions.length === 0) {
    deps.stderr.write('there is no version yet: nothing was deployed\n')
    return 0
  }
  writeTable(deps.stdout, [['version', 'replaced', 'tabs', 'nodes'], ...versions.map(({ id, replacedAt, tabs, nodes }) => [id, replacedAt, String(tabs), String(nodes)])])
  return 0
}

async function rollback(id: string | undefined, { desk, deps }: { readonly desk: VersionDesk; readonly deps: CliDeps }): Promise<number> {
  const version = await desk.rollback(id)
  if (version === undefined) {
    deps.stderr.write(id === undefined ? 'limen: there is no version to go back to: nothing was deployed yet\n' : `limen: there is no version ${id}; limen flows list shows them\n`)
    return 1
  }
  deps.stderr.write(`version ${version.id} (${many(version.tabs, 'tab')}, ${many(version.nodes, 'node')}) is back; ${desk.then}; limen flows rollback takes it back\n`)
  return 0
}

function many(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
