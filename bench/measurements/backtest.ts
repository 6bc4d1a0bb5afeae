import { spawn } from 'node:child_process'
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { stringify } from 'yaml'
import type { BacktestSummary, TrialAnswer } from '../../gateway/kernel/backtest.ts'
import type { Series } from '../../gateway/kernel/reading.ts'
import { createBatchBuilder } from '../../gateway/store/batch.ts'
import { defaultTuning, openForWriting } from '../../gateway/store/database.ts'
import { createLogWriter } from '../../gateway/store/log-writer.ts'
import { startGateway } from '../servers/subjects.ts'
import { withServer } from './context.ts'
import type { Context, Measurement } from './context.ts'

const devices = 100
const metrics = ['temperature', 'humidity', 'power'] as const
const readings = 1_000_000
const dayMs = 86_400_000
const perSecond = 100

/** Ten rules of seven kinds; a reading of temperature meets six of them, others two. A few hundred alarms come of the load. */
const rules = stringify([
  { id: 'level', on: { metric: 'temperature' }, when: { level: { lolo: -60, lo: -50, hi: 74, hihi: 90, hysteresis: 2 } } },
  { id: 'delayed', on: { metric: 'temperature' }, when: { above: 74 }, for: '10s' },
  { id: 'climbs', on: { metric: 'temperature' }, when: { rate: { gt: 500, per: '1s', over: '30s' } } },
  { id: 'mean', on: { metric: 'temperature' }, when: { aggregate: { fn: 'avg', window: { sliding: '1min' }, gt: 74 } } },
  { id: 'often', on: { metric: 'temperature' }, when: { nOfM: { n: 3, m: 5, gt: 78 } } },
  { id: 'humid', on: { metric: 'humidity' }, when: { above: 95, hysteresis: 2 } },
  { id: 'door', on: { metric: 'door' }, when: { equals: true }, for: '1min' },
  { id: 'quiet', on: { device: 'device-*' }, when: { absent: { after: '5min' } } },
  { id: 'both', on: { device: 'device-*' }, when: { all: [{ metric: 'temperature', gt: 70 }, { metric: 'humidity', gt: 90 }] } },
  { id: 'power', on: { metric: 'power' }, when: { above: 3_000 }, priority: 'low' },
])

/** Waves, a decimal each, of another phase for each series. */
function value(metric: (typeof metrics)[number], at: number, of: number): number {
  const wave = Math.sin(at / 500_000 + of)
  return metric === 'power' ? Math.round(1_500 + 1_000 * wave) : Math.round((metric === 'humidity' ? 60 + 30 * wave : 50 + 25 * wave) * 10) / 10
}

const series: readonly (Series & { readonly metric: (typeof metrics)[number] })[] = metrics.flatMap((metric, m) => Array.from({ length: devices }, (_, d) => ({ id: m * devices + d, device: `device-${d}`, metric, storedId: m * devices + d + 1 })))

/**
 * `limen backtest` over lines of JSON, a CSV and a gateway's log, a process each; then `POST rules/backtest` over the last 24 hours
 * of a gateway that took in 100 readings a second.
 */
export const measureBacktest: Measurement = async (context) => {
  if (!context.subjects.includes('limen')) return
  const directory = await mkdtemp(join(tmpdir(), 'limen-bench-backtest-'))
  try {
    await writeFile(join(directory, 'rules.yaml'), rules)
    await writeLines(join(directory, 'lines.jsonl'))
    await writeCsv(join(directory, 'rows.csv'))
    writeLog(join(directory, 'log'), { count: readings, perSecond: 4_000, rowMs: 50 })
    for (let run = 0; run < context.runs; run++) {
      await runs(context, { directory, setting: 'lines of JSON, one reading each', args: ['--input', 'lines.jsonl'] })
      await runs(context, { directory, setting: 'CSV, three metrics a row', args: ['--csv', 'rows.csv', '--device', 'device-1'] })
      await runs(context, { directory, setting: 'log of a gateway', args: ['--data', 'log'] })
    }
    writeLog(join(directory, 'site', 'data'), { count: (dayMs / 1_000) * perSecond, perSecond, rowMs: 50 })
    await withServer(startGateway({ directory: join(directory, 'site'), rules: stringify({ rules: [] }), readyWithinMs: 300_000 }), async ({ httpPort }) => {
      for (let run = 0; run < context.runs; run++) {
        await trial(context, httpPort!, { setting: 'last 24 h of 100 readings/s, a rule for one device', rule: { id: 'one', on: { metric: 'temperature', device: 'device-7' }, when: { above: 74 } } })
        await trial(context, httpPort!, { setting: 'last 24 h of 100 readings/s, a rule for a third of all readings', rule: { id: 'third', on: { metric: 'temperature' }, when: { above: 74 }, for: '1min' } })
      }
    })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function runs(context: Context, { directory, setting, args }: { readonly directory: string; readonly setting: string; readonly args: readonly string[] }): Promise<void> {
  const began = performance.now()
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../gateway/main.ts'), 'backtest', '--rules', 'rules.yaml', ...args], { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => { out = (out + chunk).slice(-4_000) })
  let threadMs = 0
  const look = setInterval(() => { threadMs = mainThreadMs(child.pid!) ?? threadMs }, 50)
  const code = await new Promise((resolve) => child.once('close', resolve))
  clearInterval(look)
  if (code !== 0) throw new Error(`limen backtest ended with ${String(code)}`)
  const seconds = (performance.now() - began) / 1_000
  const { summary } = JSON.parse(out.trimEnd().split('\n').at(-1)!) as { summary: BacktestSummary }
  if (summary.readings < readings || summary.alarms === 0) throw new Error(`${summary.readings} readings and ${summary.alarms} alarms are not what was written`)
  context.notebook.note({ setting, subject: 'limen', quantity: 'gone through, start and all', unit: '/s', value: summary.readings / seconds })
  // What a machine without other work would give, or nearly: nothing is waited for.
  context.notebook.note({ setting, subject: 'limen', quantity: "per second of its main thread's processor time", unit: '/s', value: summary.readings / (threadMs / 1_000) })
  context.tell(`${setting}: ${summary.readings.toLocaleString('en')} readings in ${seconds.toFixed(1)} s, ${summary.alarms} alarms`)
}

/** Undefined: it has ended. */
function mainThreadMs(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/task/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
    return (Number(fields[11]) + Number(fields[12])) * 10
  } catch {
    return undefined
  }
}

async function trial(context: Context, httpPort: number, { setting, rule }: { readonly setting: string; readonly rule: object }): Promise<void> {
  const began = performance.now()
  const response = await fetch(`http://127.0.0.1:${httpPort}/api/v1/rules/backtest`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ rules: [rule] }) })
  const answer = (await response.json()) as TrialAnswer
  const seconds = (performance.now() - began) / 1_000
  if (answer.truncated) context.warn(`${setting}: time was up at ${answer.until}`)
  if (!response.ok || answer.summary.alarms === 0) throw new Error(`a trial was answered ${response.status}, ${JSON.stringify(answer).slice(0, 200)}`)
  context.notebook.note({ setting, subject: 'limen', quantity: 'trial', unit: 's', value: seconds })
  context.tell(`${setting}: ${seconds.toFixed(1)} s, ${answer.summary.readings.toLocaleString('en')} readings concern it, ${answer.summary.alarms} alarms`)
}

async function writeLines(file: string): Promise<void> {
  const out = createWriteStream(file)
  let text = ''
  for (let i = 0; i < readings; i++) {
    const { device, metric, id } = series[(i * 7) % series.length]!
    text += `{"at":${i * 10},"device":"${device}","metric":"${metric}","value":${value(metric, i * 10, id)}}\n`
    if (text.length < 1_000_000) continue
    out.write(text)
    text = ''
  }
  out.end(text)
  await finished(out)
}

async function writeCsv(file: string): Promise<void> {
  let text = `time,${metrics.join(',')}\n`
  for (let i = 0; i < readings / metrics.length + 1; i++) text += `${1_700_000_000_000 + i * 1_000},${metrics.map((metric, of) => value(metric, i * 1_000, of)).join(',')}\n`
  await writeFile(file, text)
}

/** As the store writes it, a row each `rowMs`, but for the syncs; it ends now. */
function writeLog(directory: string, { count, perSecond: rate, rowMs }: { readonly count: number; readonly perSecond: number; readonly rowMs: number }): void {
  const now = Date.now()
  const startMs = now - (count / rate) * 1_000
  mkdirSync(directory, { recursive: true })
  const db = openForWriting(directory, defaultTuning)
  db.exec('PRAGMA synchronous = OFF')
  const writer = createLogWriter(db, defaultTuning)
  const builder = createBatchBuilder(1)
  builder.appendMark({ kind: 'start', at: 0, wallMs: startMs, aliveAt: null, aliveWallMs: null, version: '0' })
  for (const { storedId, device, metric } of series) builder.change('series', String(storedId), JSON.stringify({ device, metric, labels: {} }))
  for (let d = 0; d < devices; d++) {
    builder.appendMark({ kind: 'device', at: 0, wallMs: startMs, device: `device-${d}`, facts: { type: null, labels: {}, settings: {} } })
    builder.change('device', `device-${d}`, JSON.stringify({ type: null, labels: {}, settings: {}, status: 'unknown', firstSeen: startMs, lastSeen: startMs }))
  }
  const commit = (t: number): void => void writer.write(builder.close({ wallMs: t, monotonicMs: t - startMs }).message)
  let dueMs = startMs + rowMs
  for (let i = 0; i < count; i++) {
    const t = Math.floor(startMs + (i * 1_000) / rate)
    if (t >= dueMs) {
      commit(t)
      dueMs = t + rowMs
    }
    const of = series[(i * 7) % series.length]!
    builder.appendReading({ series: of, value: value(of.metric, t - startMs, of.id), quality: 'good', unit: undefined, ts: t, tsGiven: false, seq: undefined, receivedAt: t, k: 0 }, 60)
  }
  commit(now)
  db.close()
}
