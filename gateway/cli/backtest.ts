import { createReadStream, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { createLinesBacktest } from '../backtest-lines.ts'
import { runOverLog } from '../backtest-run.ts'
import type { Config } from '../config/config.ts'
import type { BacktestLine } from '../kernel/backtest.ts'
import { createConfiguredDevices } from '../kernel/configured-devices.ts'
import { LimenError, asError } from '../kernel/errors.ts'
import { openLogFile } from '../store/log-file.ts'
import type { BacktestInput } from './backtest-input.ts'
import { csvRows, jsonLines, textLines } from './backtest-input.ts'
import { createBacktestProgress } from './backtest-progress.ts'
import type { GivenRules } from './backtest-rules.ts'
import { loadGivenRules } from './backtest-rules.ts'
import type { CliDeps } from './deps.ts'
import type { Arguments } from './usage.ts'
import { readArguments, usage } from './usage.ts'
import { parseTime, writeOut } from './write-out.ts'

const command = 'limen backtest'

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
  const span = checkForm(given)
  const data = given.text('data')
  const isInput = given.has('input') || given.has('csv')
  const config = isInput && !given.has('config') ? undefined : await deps.loadConfig(given.text('config'), data === undefined ? {} : { data })
  const rules = given.has('rules') ? await loadGivenRules(given.text('rules')!, config, deps) : undefined
  const chunks = isInput ? overInput(given, rules!, deps) : overLog({ config: config!, rules, ...span }, deps)
  await writeOut(chunks, deps.stdout)
  return 0
}

function checkForm(given: Arguments): { from: number; to: number } {
  const sources = ['input', 'csv'].filter((name) => given.has(name))
  const log = given.has('config') || given.has('data')
  if (sources.length > 1) throw usage(`"${command}" takes one input`, 'write --input or --csv')
  if (sources.length === 0 && !log) throw usage(`"${command}" needs something to run over`, 'write --input FILE, --csv FILE --device ID, or --config FILE for the log of a gateway')
  if (sources.length === 1 && !given.has('rules')) throw usage(`"${command}" over an input needs rules`, 'write --rules FILE')
  if (given.has('csv') && !given.has('device')) throw usage(`--csv of "${command}" needs the device the rows are of`, 'write --device ID')
  for (const name of ['device', 'metric']) if (given.has(name) && !given.has('csv')) throw usage(`--${name} of "${command}" goes with --csv`, `leave it out, or write --csv FILE --${name} …`)
  for (const name of ['from', 'to', 'data']) if (given.has(name) && sources.length === 1) throw usage(`--${name} of "${command}" goes with the log of a gateway`, `leave it out, or leave out --${sources[0]}`)
  const [from = -Infinity, to = Infinity] = [parseTime('--from', given.text('from')), parseTime('--to', given.text('to'))]
  if (from >= to) throw usage(`--from of "${command}" is not before --to`, 'write the earlier time as --from')
  return { from, to }
}

/** At SIGINT and SIGTERM. */
const stopped = (): LimenError => new LimenError('STOPPING', 'stopped before the end; what was found until then stands in the output', { remedy: 'run it again for the whole' })

async function* overInput(given: Arguments, site: GivenRules, deps: CliDeps): AsyncGenerator<string> {
  const test = createLinesBacktest(site)
  const progress = createBacktestProgress(deps)
  const source = given.text('csv') ?? given.text('input')!
  const { bytes, share, end } = openInput(source, deps)
  const input: BacktestInput = given.has('csv') ? await csvRows({ file: source, device: given.text('device')!, metric: given.text('metric') }) : jsonLines(source === '-' ? 'standard input' : source)
  let isStopped = false
  const release = deps.onStopSignal(() => {
    isStopped = true
    end()
  })
  let out = ''
  const write = (told: readonly BacktestLine[]): void => {
    for (const one of told) out += `${JSON.stringify(one)}\n`
  }
  try {
    for await (const texts of textLines(bytes)) {
      for (const text of texts) {
        const line = input.line(text)
        if (line === undefined) continue
        try {
          const told = test.line(line)
          if (told instanceof Promise) write(await told)
          else if (told.length > 0) write(told)
        } catch (thrown) {
          throw thrown instanceof LimenError ? new LimenError(thrown.code, `${input.place()}: ${thrown.message}`, { cause: thrown, remedy: thrown.remedy ?? 'see docs/rules/backtest.md for the lines there are' }) : thrown
        }
      }
      progress.look(test.readings(), share())
      if (out !== '') yield out
      out = ''
      if (isStopped) throw stopped()
    }
    input.end()
  } catch (thrown) {
    progress.end()
    // What came before is still worth having.
    if (out !== '') yield out
    throw isStopped ? stopped() : unread(thrown, source)
  } finally {
    release()
  }
  progress.end()
  yield `${JSON.stringify({ summary: test.summary() })}\n`
}

interface OpenInput { readonly bytes: AsyncIterable<string | Uint8Array>; readonly share: () => number | undefined; readonly end: () => void }

function openInput(source: string, { stdin, cwd }: CliDeps): OpenInput {
  if (source === '-') return { bytes: stdin, share: () => undefined, end: () => 'destroy' in stdin && (stdin as NodeJS.ReadStream).destroy() }
  const path = resolve(cwd, source)
  const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  const stream = createReadStream(path, { highWaterMark: 256 * 1024 })
  return { bytes: stream as AsyncIterable<Uint8Array>, share: () => (sizeBytes > 0 ? Math.min(1, stream.bytesRead / sizeBytes) : undefined), end: () => stream.destroy() }
}

function unread(thrown: unknown, source: string): Error {
  const { code } = asError(thrown) as NodeJS.ErrnoException
  if (code === 'ENOENT') return new LimenError('NOT_FOUND', `there is no file ${source}`, { cause: thrown, remedy: 'mend the path; it is relative to the working directory' })
  if (code === 'EISDIR' || code === 'EACCES') return new LimenError('NOT_FOUND', `${source} cannot be read (${code})`, { cause: thrown, remedy: 'name a file that may be read' })
  return asError(thrown)
}

async function* overLog({ config, rules, from, to }: { readonly config: Config; readonly rules: GivenRules | undefined; readonly from: number; readonly to: number }, deps: CliDeps): AsyncGenerator<string> {
  const log = openLogFile(config.dataDir)
  const progress = createBacktestProgress(deps)
  let isStopped = false
  const release = deps.onStopSignal(() => { isStopped = true })
  try {
    const run = runOverLog(log, { rules: rules?.rules, from, to, configured: createConfiguredDevices(config.devices) })
    if (run.beginsAt !== undefined) deps.stderr.write(`limen: the log begins at ${new Date(run.beginsAt).toISOString()}, what was before is past its retention: windows, delays and alarms begin anew there\n`)
    for (const lines of run.lines()) {
      progress.look(run.readings(), run.share())
      if (lines.length > 0) yield lines.map((line) => `${JSON.stringify(line)}\n`).join('')
      // Signals are heard between turns only.
      await setImmediate()
      if (isStopped) throw stopped()
    }
    progress.end()
    if (log.damagedRows() > 0) deps.stderr.write(`limen: ${log.damagedRows()} damaged rows of the log were passed over\n`)
    yield `${JSON.stringify({ summary: run.summary() })}\n`
  } finally {
    progress.end()
    release()
    log.close()
  }
}
