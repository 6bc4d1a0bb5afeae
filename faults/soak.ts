import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDriver } from '../bench/driver.ts'
import { bytesWrittenBy, cpuSecondsOf, memoryOf } from '../bench/proc.ts'
import { benchRules } from '../bench/servers/gateway-config.ts'
import { percentile } from '../bench/statistics.ts'
import { readable, table } from '../bench/table.ts'
import { type GatewayProcess, startGatewayProcess } from '../test/support/gateway-process.ts'
import { type SoakOptions, parseSoakArguments } from './arguments.ts'
import { growthOf } from './growth.ts'

interface Sample {
  /** Since the load began. */
  readonly second: number
  readonly rssBytes: number
  /** How long /healthz took to answer: what the event loop did before it came to it. */
  readonly answerMs: number
  readonly dataBytes: number
  readonly writtenBytes: number
  readonly cpuSeconds: number
}

const connections = 50
const alarmsPerMinute = 6

async function dataBytesOf(dir: string): Promise<number> {
  let bytes = 0
  for (const name of await readdir(dir)) bytes += (await stat(join(dir, name)).catch(() => ({ size: 0 }))).size
  return bytes
}

async function sample(limen: GatewayProcess, second: number): Promise<Sample> {
  const from = performance.now()
  const answer = await fetch(`${limen.httpUrl}/healthz`)
  await answer.body?.cancel()
  const answerMs = performance.now() - from
  return { second, answerMs, rssBytes: memoryOf(limen.pid).rss, dataBytes: await dataBytesOf(join(limen.dir, 'data')), writtenBytes: bytesWrittenBy(limen.pid), cpuSeconds: cpuSecondsOf(limen.pid) }
}

function summary(samples: readonly Sample[]): string {
  const parts = 10
  const rows = Array.from({ length: parts }, (_, part) => {
    const slice = samples.slice(Math.floor((part * samples.length) / parts), Math.floor(((part + 1) * samples.length) / parts))
    const first = slice[0]
    const last = slice.at(-1)
    if (first === undefined || last === undefined) return undefined
    const rss = slice.map((each) => each.rssBytes / 1e6).sort((a, b) => a - b)
    const answers = slice.map((each) => each.answerMs).sort((a, b) => a - b)
    const seconds = Math.max(1, last.second - first.second)
    return [
      `${readable(first.second)} … ${readable(last.second)} s`, readable(rss[0]!), readable(percentile(rss, 0.5)), readable(rss.at(-1)!),
      readable(percentile(answers, 0.5)), readable(percentile(answers, 0.99)), readable(last.dataBytes / 1e6),
      readable((last.writtenBytes - first.writtenBytes) / 1e3 / seconds), readable(((last.cpuSeconds - first.cpuSeconds) / seconds) * 100),
    ]
  }).filter((row) => row !== undefined)
  return table(['time', 'RSS least MB', 'median', 'most', 'answer p50 ms', 'p99', 'data MB', 'written kB/s', 'CPU %'], rows)
}

async function soak({ minutes, rate, json }: SoakOptions): Promise<number> {
  const seconds = minutes * 60
  const limen = await startGatewayProcess({ yaml: 'rules: [rules.yaml]\n', files: { 'rules.yaml': benchRules() } })
  const driver = createDriver()
  const samples: Sample[] = []
  const problems: string[] = []
  try {
    const ended = new AbortController()
    const began = performance.now()
    const load = driver.pace({ port: limen.mqttPort, connections, rate, seconds, noDelay: true, alarms: Math.round(minutes * alarmsPerMinute), run: 'soak', listen: 'rules' }).finally(() => ended.abort())
    load.catch(() => {})
    for (let second = 1; second <= seconds && !ended.signal.aborted; second++) {
      await sleep(Math.max(0, began + second * 1_000 - performance.now()))
      samples.push(await sample(limen, second))
      if (second % 30 === 0) {
        const { rssBytes, answerMs, dataBytes } = samples.at(-1)!
        console.log(`${second} of ${seconds} s: RSS ${readable(rssBytes / 1e6)} MB, /healthz ${readable(answerMs)} ms, data ${readable(dataBytes / 1e6)} MB`)
      }
    }
    const result = await load
    const growth = growthOf(samples.map((each) => each.rssBytes), 1)
    if (result.acknowledged < result.sent) problems.push(`${result.sent - result.acknowledged} of ${result.sent} readings not acknowledged`)
    if (result.lost.length > 0) problems.push(`${result.lost.length} connections lost: ${result.lost[0]}`)
    if (result.alarm.missing + result.command.missing > 0) problems.push(`${result.alarm.missing} alarms and ${result.command.missing} commands missing`)
    if (growth.growing) problems.push(`memory keeps growing: ${readable(growth.overHalfBytes / 1e6)} MB over the second half, ${readable(growth.perHourBytes / 1e6)} MB an hour`)
    const code = await limen.stop()
    if (code !== 0) problems.push(`it ended with ${code} when asked to stop`)

    console.log(`\n${summary(samples)}`)
    console.log(`\n${readable(result.sent)} readings at ${readable(result.sent / result.seconds)}/s; alarm to command p50 ${readable(result.command.p50)} ms, p99 ${readable(result.command.p99)} ms of ${result.command.count}; `
      + `memory over the second half ${readable(growth.overHalfBytes / 1e6)} MB (${readable(growth.perHourBytes / 1e6)} MB an hour, sureness ${readable(growth.sureness)})`)
    const at = new Date().toISOString()
    const file = json ?? join(import.meta.dirname, 'results', `soak-${at.replaceAll(':', '-')}.json`)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, `${JSON.stringify({ at, node: process.version, minutes, rate, growth, result, problems, samples })}\n`)
    console.log(`written to ${file}`)
    for (const problem of problems) console.log(`WRONG: ${problem}`)
    return problems.length === 0 ? 0 : 1
  } finally {
    await driver.stop()
    await limen.remove()
  }
}

// As an exit, so that what was started is ended with it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))

const parsed = parseSoakArguments(process.argv.slice(2))
if (parsed.ok) {
  process.exitCode = await soak(parsed.options)
} else {
  console.error(parsed.problem)
  process.exitCode = 2
}
