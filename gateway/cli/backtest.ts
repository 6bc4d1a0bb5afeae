import { createReadStream } from 'node:fs'
import { relative, resolve } from 'node:path'
import { createLinesBacktest } from '../backtest-lines.ts'
import { runOverLog } from '../backtest-run.ts'
import type { Config } from '../config/config.ts'
import type { DeviceFacts } from '../kernel/contracts.ts'
import { createConfiguredDevices } from '../kernel/configured-devices.ts'
import { LimenError, asError } from '../kernel/errors.ts'
import type { Rule } from '../kernel/rule.ts'
import { loadRules } from '../rules/load.ts'
import { kindSchemas } from '../rules/schemas.ts'
import { openLogFile } from '../store/log-file.ts'
import { linesOf, readInputLines } from './backtest-input.ts'
import { createBacktestProgress } from './backtest-progress.ts'
import type { CliDeps } from './deps.ts'
import type { Arguments } from './usage.ts'
import { readArguments, usage } from './usage.ts'
import { parseTime, writeOut } from './write-out.ts'

const command = 'limen backtest'

/** What `--rules` named. */
interface Given { readonly rules: readonly Rule[]; readonly devices: Config['devices'] }

/**
 * `limen backtest`: the live engine with a virtual clock, over lines of JSON, a CSV, or the gateway's own log. One line of JSON a
 * transition on standard output, a summary as the last. Exit 1 where rules or input are wrong, with the place.
 */
export async function backtestCommand(args: readonly string[], deps: CliDeps): Promise<number> {
  const value = (name: string): { value: string } => ({ value: name })
  const given = readArguments(args, {
    command,
    options: {
      rules: value('FILE'), input: value('FILE|-'), csv: value('FILE'), device: value('ID'), metric: value('M'),
      config: value('FILE'), data: value('DIR'), from: value('T'), to: value('T'),
    },
  })
  checkForm(given)
  const rules = given.has('rules') ? await loadGiven(given.text('rules')!, deps) : undefined
  const chunks = given.has('input') || given.has('csv') ? overInput(given, rules!, deps) : overLog(given, rules, deps)
  await writeOut(chunks, deps.stdout)
  return 0
}

function checkForm(given: Arguments): void {
  const sources = ['input', 'csv'].filter((name) => given.has(name))
  if (sources.length > 1) throw usage(`"${command}" takes one input`, 'write --input or --csv')
  if (sources.length === 0 && !given.has('config') && !given.has('data')) throw usage(`"${command}" needs something to run over`, 'write --input FILE, --csv FILE --device ID, or --config FILE for the log of a gateway')
  if (sources.length === 1 && !given.has('rules')) throw usage(`"${command}" over an input needs rules`, 'write --rules FILE')
  if (given.has('csv') && !given.has('device')) throw usage(`--csv of "${command}" needs the device the rows are of`, 'write --device ID')
  for (const name of ['device', 'metric']) if (given.has(name) && !given.has('csv')) throw usage(`--${name} of "${command}" goes with --csv`, `leave it out, or write --csv FILE --${name} …`)
  for (const name of ['from', 'to']) if (given.has(name) && sources.length === 1) throw usage(`--${name} of "${command}" goes with --config`, 'leave it out')
}

/** A rule file; or a configuration, whose rules and devices are taken. */
async function loadGiven(file: string, deps: CliDeps): Promise<Given> {
  const path = resolve(deps.cwd, file)
  const isConfig = /(^|[/\\])limen\.ya?ml$/i.test(path)
  const config = isConfig ? await deps.loadConfig(file) : undefined
  const place = { file, line: 0, column: 0 }
  const { rules, problems } = await loadRules(config?.rules ?? [{ kind: 'files', pattern: path, place, path: '' }], {
    baseDir: config?.baseDir ?? deps.cwd,
    cwd: deps.cwd,
    kinds: kindSchemas,
    targets: anyTarget,
    ...(config === undefined ? {} : { devices: config.devices }),
  })
  if (problems.length > 0) throw new LimenError('RULES_INVALID', `the rules of ${relative(deps.cwd, path) || file} have errors`, { problems })
  return { rules, devices: config?.devices ?? new Map() }
}

/** Nobody is told: what a rule names need not be there. */
const anyTarget: ReadonlySet<string> = Object.assign(new Set<string>(), { has: () => true })

async function* overInput(given: Arguments, { rules, devices }: Given, deps: CliDeps): AsyncGenerator<string> {
  const configured = createConfiguredDevices(devices)
  const factsOf = (id: string): DeviceFacts => {
    const [under, over] = [configured.defaults(id), configured.of(id)]
    return { type: over?.type ?? under.type, labels: { ...under.labels, ...over?.labels }, settings: { ...under.settings, ...over?.settings } }
  }
  const test = createLinesBacktest(rules, factsOf)
  const progress = createBacktestProgress(deps)
  const source = given.text('csv') ?? given.text('input')!
  const bytes = source === '-' ? deps.stdin : createReadStream(resolve(deps.cwd, source), { highWaterMark: 1024 * 1024 })
  const lines = given.has('csv')
    ? linesOf(bytes, { file: source, device: given.text('device')!, metric: given.text('metric') })
    : readInputLines(bytes, source === '-' ? 'standard input' : source)
  let out = ''
  try {
    for await (const batch of lines) {
      for (const { line, place } of batch) {
        let told
        try {
          const answer = test.line(line)
          told = Array.isArray(answer) ? answer : await answer
        } catch (thrown) {
          throw thrown instanceof LimenError ? new LimenError(thrown.code, `${place}: ${thrown.message}`, { cause: thrown, remedy: thrown.remedy ?? 'see docs/integrator.md for the lines there are' }) : thrown
        }
        for (const one of told) out += `${JSON.stringify(one)}\n`
      }
      progress.look(test.readings())
      if (out !== '') yield out
      out = ''
    }
  } catch (thrown) {
    if (out !== '') yield out
    progress.end()
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') throw new LimenError('NOT_FOUND', `there is no file ${source}`, { cause: thrown, remedy: 'mend the path; it is relative to the working directory' })
    throw asError(thrown)
  }
  progress.end()
  yield `${JSON.stringify({ summary: test.summary() })}\n`
}

async function* overLog(given: Arguments, rules: Given | undefined, deps: CliDeps): AsyncGenerator<string> {
  const data = given.text('data')
  const config = await deps.loadConfig(given.text('config'), data === undefined ? {} : { data })
  const log = openLogFile(config.dataDir)
  const progress = createBacktestProgress(deps)
  let stopped = false
  const release = deps.onStopSignal(() => { stopped = true })
  try {
    const run = runOverLog(log, {
      rules: rules?.rules,
      from: parseTime('--from', given.text('from')) ?? -Infinity,
      to: parseTime('--to', given.text('to')) ?? Infinity,
      progress({ readings, share }) {
        progress.look(readings, share)
        return !stopped
      },
    })
    for (const lines of run.lines()) yield lines.map((line) => `${JSON.stringify(line)}\n`).join('')
    progress.end()
    if (stopped) throw new LimenError('STOPPING', 'stopped before the end of the log', { remedy: 'narrow it down with --from and --to' })
    if (log.damagedRows() > 0) deps.stderr.write(`limen: ${log.damagedRows()} damaged rows of the log were passed over\n`)
    yield `${JSON.stringify({ summary: run.summary() })}\n`
  } finally {
    release()
    log.close()
  }
}
