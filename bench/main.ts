import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, release, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { measurementNames, parseBenchArguments } from './arguments.ts'
import type { BenchOptions, MeasurementName } from './arguments.ts'
import { createDriver } from './driver.ts'
import { createNotebook } from './figures.ts'
import type { Figure } from './figures.ts'
import { measureAlarms } from './measurements/alarms.ts'
import { measureBacktest } from './measurements/backtest.ts'
import type { Measurement } from './measurements/context.ts'
import { measureDashboards } from './measurements/dashboards.ts'
import { measureDisk } from './measurements/disk.ts'
import { measureFlows } from './measurements/flows.ts'
import { measureLatency } from './measurements/latency.ts'
import { measureMemory } from './measurements/memory.ts'
import { measureStart } from './measurements/start.ts'
import { measureInFlight, measureThroughput } from './measurements/throughput.ts'
import { machineBusySeconds } from './proc.ts'
import { mosquittoVersion } from './servers/subjects.ts'
import { figureTable, verdictTable } from './table.ts'
import { verdicts } from './targets.ts'

const measurements: Readonly<Record<MeasurementName, Measurement>> = {
  throughput: measureThroughput, inflight: measureInFlight, latency: measureLatency, memory: measureMemory, disk: measureDisk, start: measureStart, alarms: measureAlarms,
  dashboards: measureDashboards, flows: measureFlows, backtest: measureBacktest,
}

async function bench(options: BenchOptions): Promise<number> {
  const mosquitto = mosquittoVersion()
  const machine = {
    processor: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryBytes: totalmem(), system: `${process.platform} ${release()}`,
    node: process.version, mosquitto: mosquitto ?? 'not on the path',
  }
  console.log(`${machine.cores} × ${machine.processor}, Node ${machine.node}, Mosquitto ${machine.mosquitto}; ${options.runs} runs of ${options.seconds} s`)
  const figures: Figure[] = []
  const warnings: string[] = []
  const failures: string[] = []
  const warn = (name: string, line: string): void => {
    warnings.push(`${name}: ${line}`)
    console.log(`  WARNING ${line}`)
  }
  for (const name of measurementNames.filter((each) => options.only.includes(each))) {
    const others = await coresInUse()
    const notebook = createNotebook(name)
    // a generator a measurement: none of them pays for the garbage of the one before
    const driver = createDriver()
    console.log(`\n${name}`)
    if (others > 0.2) warn(name, `other programs use ${others.toFixed(1)} of ${cpus().length} cores: these figures are worse than the gateway's own`)
    try {
      await measurements[name]({
        driver, notebook, runs: options.runs, seconds: options.seconds, subjects: options.subjects.filter((subject) => subject !== 'mosquitto' || mosquitto !== undefined),
        tell: (line) => console.log(`  ${line}`),
        warn: (line) => warn(name, line),
      })
    } catch (error) {
      failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
      console.error(`  FAILED ${failures.at(-1)}`)
    }
    await driver.stop()
    figures.push(...notebook.figures())
  }
  const judged = verdicts(figures)
  console.log(`\n${figureTable(figures)}\n\n${verdictTable(judged)}`)
  const at = new Date().toISOString()
  const file = options.json ?? join(import.meta.dirname, 'results', `${at.replaceAll(':', '-')}.json`)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, `${JSON.stringify({ at, machine, options, figures, verdicts: judged, warnings, failures }, null, 2)}\n`)
  console.log(`\nwritten to ${file}`)
  return failures.length === 0 ? 0 : 1
}

/** How many cores are busy while nothing of the bench runs. */
async function coresInUse(): Promise<number> {
  const before = { at: performance.now(), busy: machineBusySeconds() }
  await sleep(1_000)
  return (machineBusySeconds() - before.busy) / ((performance.now() - before.at) / 1_000)
}

// as an exit, so that what was started is ended with it
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))

const parsed = parseBenchArguments(process.argv.slice(2))
if (parsed.ok) {
  process.exitCode = await bench(parsed.options)
} else {
  console.error(parsed.problem)
  process.exitCode = 2
}
