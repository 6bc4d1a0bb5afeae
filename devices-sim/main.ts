import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { parseSimulateArguments } from './arguments.ts'
import type { SimulateOptions } from './arguments.ts'
import { systemClock } from './clock.ts'
import { createCounters } from './counters.ts'
import { CsvProblem, readCsv } from './csv.ts'
import { createLink } from './link.ts'
import type { Link, LinkDeps, LinkOptions } from './link.ts'
import { createProgress } from './progress.ts'
import type { Progress, Terminal } from './progress.ts'
import { createReplay } from './replay.ts'
import { createRunner } from './runner.ts'

export interface SimulatorIo {
  readonly out: Terminal
  readonly error: (line: string) => void
  /** Aborts: stop cleanly. */
  readonly signal: AbortSignal
}

/**
 * Runs the simulator until its time is up, its file is at the end, or it is told to stop. Gives the exit code:
 * 0, 1 when the broker was never reached or the file is bad, 2 for wrong arguments.
 */
export async function runSimulator(argv: readonly string[], io: SimulatorIo): Promise<number> {
  const parsed = parseSimulateArguments(argv)
  if (!parsed.ok) {
    io.error(`limen simulate: ${parsed.problem}`)
    return 2
  }
  const { options } = parsed
  const login = await readLogin(options.login)
  if (login !== undefined && 'message' in login) {
    io.error(`limen simulate: ${login.message}`)
    return login.exitCode
  }
  const { connect } = await import('mqtt')
  const counters = createCounters()
  const progress = createProgress(counters, { terminal: io.out, clock: systemClock })
  const report = createErrorReport(options.url, progress)
  let reached = false
  const openLink = (link: Omit<LinkOptions, 'url' | 'login'>, handlers: Pick<LinkDeps, 'onCommand' | 'onOnline'>): Link =>
    createLink({ url: options.url, login, ...link }, {
      connect, counters, onError: report, onCommand: handlers.onCommand,
      onOnline() {
        reached = true
        handlers.onOnline()
      },
    })

  const over = options.forMs === undefined ? io.signal : AbortSignal.any([io.signal, AbortSignal.timeout(options.forMs)])
  progress.tell(introduction(options))
  progress.start()
  const failure = options.kind === 'scenario'
    ? await runScenario(options, { counters, openLink, over })
    : await runReplay(options, { counters, openLink, over, progress })
  if (failure !== undefined) {
    progress.end()
    io.error(`limen simulate: ${failure.message}`)
    return failure.exitCode
  }
  progress.stop()
  if (!reached) io.error(`limen simulate: ${options.url} was never reached; start the gateway with npm start, or name another with --url`)
  return reached ? 0 : 1
}

/** The password without the line's end that editors and `echo` leave. */
async function readLogin(login: SimulateOptions['login']): Promise<LinkOptions['login'] | Failure> {
  if (login === undefined) return undefined
  try {
    const password = (await readFile(login.passwordFile, 'utf8')).replace(/\r?\n$/, '')
    if (password === '') return { message: `${login.passwordFile} is empty; write the password of ${login.user} into it`, exitCode: 1 }
    return { username: login.user, password }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return { message: code === 'ENOENT' ? `there is no file ${login.passwordFile}` : `${login.passwordFile} cannot be read (${code ?? 'error'})`, exitCode: 1 }
  }
}

type ScenarioRun = Extract<SimulateOptions, { kind: 'scenario' }>
type CsvRun = Extract<SimulateOptions, { kind: 'csv' }>
interface RunDeps {
  readonly counters: ReturnType<typeof createCounters>
  readonly openLink: (link: Omit<LinkOptions, 'url' | 'login'>, handlers: Pick<LinkDeps, 'onCommand' | 'onOnline'>) => Link
  readonly over: AbortSignal
}

async function runScenario(options: ScenarioRun, { counters, openLink, over }: RunDeps): Promise<undefined> {
  const { scenario, seed, count, faults, rate, slowShare, rejectShare } = options
  const runner = createRunner(
    { devices: scenario.devices({ seed, count, faults }), rate, manners: { seed, slowShare, rejectShare } },
    { clock: systemClock, counters, openLink },
  )
  runner.start()
  if (!over.aborted) await once(over, 'abort')
  await runner.stop()
}

interface Failure { readonly message: string; readonly exitCode: 1 | 2 }

async function runReplay(options: CsvRun, { counters, openLink, over, progress }: RunDeps & { progress: Progress }): Promise<Failure | undefined> {
  let file: FileHandle | undefined
  const link = openLink({ clientId: options.device, commandFilters: [] }, { onCommand: () => undefined, onOnline: () => undefined })
  try {
    file = await open(options.file) // a missing file is told before anything is connected
    const replay = createReplay(readCsv(file.readLines(), { file: options.file, metric: options.metric }), options, {
      clock: systemClock, link, tell: (line) => progress.tell(line),
    })
    over.addEventListener('abort', () => replay.stop(), { once: true })
    if (over.aborted) replay.stop()
    counters.connections = 1
    link.start()
    await replay.run()
    return undefined
  } catch (error) {
    if (error instanceof CsvProblem) return { message: error.message, exitCode: error.fault === 'arguments' ? 2 : 1 }
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return { message: `there is no file ${options.file}`, exitCode: 1 }
    if (code === 'EACCES' || code === 'EISDIR') return { message: `${options.file} cannot be read: ${message}`, exitCode: 1 }
    throw error
  } finally {
    await link.stop()
    await file?.close()
  }
}

/** A broker that is away gives an error a second and connection: each is counted, the first of a kind is told. */
function createErrorReport(url: string, progress: Progress): (message: string) => void {
  const told = new Set<string>()
  return (message) => {
    const kind = message.replaceAll(/\d+/g, '0')
    if (told.has(kind) || told.size >= 20) return
    told.add(kind)
    const away = /ECONNREFUSED/.test(message)
    progress.tell(away ? `nobody listens on ${url}; start the gateway with npm start; trying again every second` : `${url}: ${message}`)
  }
}

function introduction(options: SimulateOptions): string {
  if (options.kind === 'csv') return `${options.file} as ${options.device} to ${options.url} at ${options.speed} × its own pace`
  const { scenario, count, rate, seed } = options
  return `${scenario.name}: ${count} ${scenario.counts} to ${options.url}${rate === undefined ? '' : ` at ${rate} readings/s`}, seed ${seed}`
}

/** For running the simulator by itself: SIGINT and SIGTERM stop it cleanly. */
export async function simulatorProcess(argv: readonly string[]): Promise<number> {
  const stopping = new AbortController()
  const stop = (): void => stopping.abort()
  process.on('SIGINT', stop).on('SIGTERM', stop)
  try {
    return await runSimulator(argv, {
      out: { isTty: process.stdout.isTTY, write: (text) => void process.stdout.write(text) },
      error: (line) => void process.stderr.write(`${line}\n`),
      signal: stopping.signal,
    })
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}

if (import.meta.main) process.exitCode = await simulatorProcess(process.argv.slice(2))
