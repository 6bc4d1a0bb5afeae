import * as nodeModule from 'node:module'
import { systemClock } from '../kernel/clock.ts'
import { asError, LimenError } from '../kernel/errors.ts'
import { compareProblems, formatProblem } from '../kernel/problem.ts'
import { suggestion } from '../kernel/suggest.ts'
import type { CommandEntry } from './commands.ts'
import { commands } from './commands.ts'
import type { CliDeps } from './deps.ts'
import { usage } from './usage.ts'

/** How long after the start compiled code is written to the cache: a gateway that is killed later has it all the same. */
const cacheFlushMs = 10_000

/** What is left open after `limen start` has ended may end by itself for so long. */
const lingerMs = 1_000

/** sysexits.h EX_SOFTWARE: a fault of Limen's own. */
const unexpected = 70

/** Runs the process's own command line and sets its exit code. */
export async function runProcess(): Promise<void> {
  const deps: CliDeps = {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    env: process.env,
    cwd: process.cwd(),
    clock: systemClock,
    async loadConfig(path, overrides) {
      const { loadConfig } = await import('../config/load.ts')
      return loadConfig({ path, overrides, env: process.env, cwd: process.cwd() })
    },
    onStopSignal(listener) {
      const signals = ['SIGINT', 'SIGTERM'] as const
      const listeners = signals.map((signal) => ({ signal, call: () => listener(signal) }))
      for (const { signal, call } of listeners) process.on(signal, call)
      return () => {
        for (const { signal, call } of listeners) process.off(signal, call)
      }
    },
  }
  // `limen export | head`: the reader has gone, which is no fault of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  const cancelFlush = systemClock.after(cacheFlushMs, () => nodeModule.flushCompileCache())
  process.exitCode = await runCommandLine(process.argv.slice(2), deps)
  cancelFlush()
  // A part that did not stop in time must not keep the process: whoever stopped it waits for its end.
  if (process.argv[2] === 'start') systemClock.after(lingerMs, () => process.exit())
}

/** Finds the command, runs it, prints what went wrong. Gives the exit code; never throws. */
export async function runCommandLine(args: readonly string[], deps: CliDeps): Promise<number> {
  try {
    const [name, ...rest] = args
    if (name === undefined) throw usage('no command given', 'write limen start, or limen --help for all of them')
    if (name === '--help' || name === '-h' || name === 'help') return printHelp(rest[0], deps)
    if (name === '--version' || name === '-v') return await printVersion(deps)
    const entry = findCommand(name)
    const options = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest
    if (options.includes('--help') || options.includes('-h')) return printHelp(name, deps)
    if (entry.load === null) throw notBuilt(entry)
    const command = await entry.load()
    return await command(rest, entry.needsSecrets === true ? deps : { ...deps, loadConfig: (path, overrides) => deps.loadConfig(path, { ...overrides, withoutSecrets: true }) })
  } catch (thrown) {
    return report(thrown, deps)
  }
}

function findCommand(name: string): CommandEntry {
  const entry = commands.find((candidate) => candidate.name === name)
  if (entry !== undefined) return entry
  throw usage(name.startsWith('-') ? `unknown option ${name}` : `unknown command "${name}"`, suggestion(name, commands.map((candidate) => candidate.name)))
}

function notBuilt(entry: CommandEntry): LimenError {
  return new LimenError('NOT_IN_THIS_VERSION', `limen ${entry.name} is not in this version`, { remedy: 'limen --help lists the commands that are' })
}

function printHelp(name: string | undefined, deps: CliDeps): number {
  if (name === undefined) {
    const width = Math.max(...commands.map((entry) => entry.name.length))
    const lines = commands.map((entry) => `  ${entry.name.padEnd(width)}  ${entry.summary}${entry.load === null ? ' (not in this version)' : ''}`)
    deps.stdout.write(`limen COMMAND [OPTIONS]\n\n${lines.join('\n')}\n\nlimen COMMAND --help says more of one.\n`)
    return 0
  }
  const entry = findCommand(name)
  const absent = entry.load === null ? '\n\nNot in this version.' : ''
  deps.stdout.write(`limen ${entry.name} ${entry.form}\n\n${entry.help}${absent}\n`)
  return 0
}

async function printVersion(deps: CliDeps): Promise<number> {
  const { readFile } = await import('node:fs/promises')
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  deps.stdout.write(`limen ${(JSON.parse(text) as { version: string }).version}\n`)
  return 0
}

/** Expected failures in words, with what to do next; a stack only for a fault of our own. */
function report(thrown: unknown, deps: CliDeps): number {
  if (!(thrown instanceof LimenError)) {
    deps.stderr.write(`limen: unexpected failure, please report it\n${asError(thrown).stack ?? String(thrown)}\n`)
    return unexpected
  }
  if (thrown.code === 'USAGE' || thrown.code === 'NOT_IN_THIS_VERSION') {
    deps.stderr.write(`limen: ${thrown.message}${thrown.remedy === undefined ? '' : `; ${thrown.remedy}`}\n`)
    return 2
  }
  deps.stderr.write(`limen: ${thrown.message}\n`)
  for (const problem of [...thrown.problems].sort(compareProblems)) deps.stderr.write(`  ${formatProblem(problem)}\n`)
  if (thrown.remedy !== undefined) deps.stderr.write(`  ${thrown.remedy}\n`)
  return 1
}
