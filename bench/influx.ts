/**
 * How fast the log feeds a real InfluxDB 1.6 (influxd on the path), and what that costs the gateway's main thread.
 * node bench/influx.ts [--readings 300000] [--rate 20000] [--seconds 10] [--json FILE]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createInfluxSink } from '../gateway/influx/sink.ts'
import type { InfluxSink } from '../gateway/influx/sink.ts'
import { systemClock } from '../gateway/kernel/clock.ts'
import { silentLogger } from '../gateway/kernel/log.ts'
import type { Series } from '../gateway/kernel/reading.ts'
import { createStore } from '../gateway/store/store.ts'
import type { SqliteStore } from '../gateway/store/store.ts'
import { queryInfluxd, startInfluxd } from '../test/support/servers.ts'
import type { RealServer } from '../test/support/servers.ts'

const { values } = parseArgs({
  options: { readings: { type: 'string', default: '300000' }, rate: { type: 'string', default: '20000' }, seconds: { type: 'string', default: '10' }, json: { type: 'string' } },
})
const backlog = Number(values.readings)
const rate = Number(values.rate)
const seconds = Number(values.seconds)
const series: Series[] = Array.from({ length: 200 }, (_, id) => ({ id, device: `bed-${id >> 2}`, metric: ['heart_rate', 'spo2', 'resp_rate', 'temperature'][id & 3]!, storedId: id + 1 }))
const startMs = Date.UTC(2026, 0, 1)
let count = 0

function append(store: SqliteStore, howMany: number): void {
  for (let i = 0; i < howMany; i++, count++) {
    const ts = startMs + count
    store.appendReading({ series: series[count % series.length]!, value: Math.round(Math.random() * 1_000) / 10, quality: 'good', unit: undefined, ts, tsGiven: true, seq: count, receivedAt: ts, k: 0 }, 60)
  }
}

/** Appends at a steady rate, a few readings each millisecond as sockets bring them. */
async function pace(store: SqliteStore): Promise<void> {
  const began = performance.now()
  let sent = 0
  while (performance.now() - began < seconds * 1_000) {
    const due = Math.floor(((performance.now() - began) / 1_000) * rate)
    append(store, due - sent)
    sent = due
    await sleep(1)
  }
}

/** Runs `work` and tells how the main thread fared meanwhile. */
async function watched(work: () => Promise<void>): Promise<{ seconds: number; mainThread: number; delayP99Ms: number; delayMaxMs: number }> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const before = performance.eventLoopUtilization()
  const began = performance.now()
  delay.enable()
  await work()
  delay.disable()
  // The histogram counts the resolution itself as delay.
  const ms = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - 1)
  return {
    seconds: (performance.now() - began) / 1_000,
    mainThread: performance.eventLoopUtilization(before).active / (performance.now() - began),
    delayP99Ms: ms(delay.percentile(99)),
    delayMaxMs: ms(delay.max),
  }
}

async function drained(sink: InfluxSink, store: SqliteStore): Promise<void> {
  while (sink.ledger().queued > 0 || sink.status().gaps > 0 || sink.ledger().received < count) {
    if (!store.health().writable) throw new Error('the store takes no writes')
    await sleep(5)
  }
}

function sinkOn(store: SqliteStore, server: RealServer): InfluxSink {
  return createInfluxSink(
    { version: 1, url: server.url, database: 'limen', username: undefined, password: undefined, measurement: 'reading' },
    { store, clock: systemClock, logger: silentLogger, onRefused: () => { throw new Error('InfluxDB refused a reading') }, onCondition: () => {} },
  )
}

const server = await startInfluxd()
const directory = mkdtempSync(join(tmpdir(), 'limen-bench-influx-'))
const store = createStore({ directory, commitWindowMs: 50 }, { onFatal: (error) => { throw error } })
const results: Record<string, Record<string, number>> = {}
try {
  await store.start()
  for (const one of series) store.put('series', String(one.storedId), JSON.stringify({ device: one.device, metric: one.metric, labels: { ward: 'east' } }))

  const alone = await watched(() => pace(store))
  results[`ingest alone, ${rate}/s`] = { 'main thread busy %': alone.mainThread * 100, 'loop delay p99 ms': alone.delayP99Ms, 'loop delay max ms': alone.delayMaxMs }

  while (count < backlog) {
    append(store, 500)
    await sleep(1)
  }
  const sink = sinkOn(store, server)
  const drain = await watched(async () => {
    await sink.start()
    await drained(sink, store)
  })
  results['backlog drained'] = {
    readings: count,
    'readings per s': count / drain.seconds,
    'main thread µs per reading': (drain.mainThread * drain.seconds * 1e6) / count,
    'loop delay p99 ms': drain.delayP99Ms,
    'loop delay max ms': drain.delayMaxMs,
  }

  let oldestMs = 0
  const before = sink.ledger().delivered
  const live = await watched(async () => {
    const over = new AbortController()
    const done = pace(store).finally(() => over.abort())
    while (!over.signal.aborted) {
      oldestMs = Math.max(oldestMs, sink.status().lagMs)
      await sleep(20)
    }
    await done
  })
  results[`ingest and sink, ${rate}/s`] = {
    'fed per s': (sink.ledger().delivered - before) / live.seconds,
    'main thread busy %': live.mainThread * 100,
    'main thread µs per reading of the sink': ((live.mainThread - alone.mainThread) * 1e6) / rate,
    'loop delay p99 ms': live.delayP99Ms,
    'loop delay max ms': live.delayMaxMs,
    'newest behind, longest, s': oldestMs / 1_000,
  }
  await drained(sink, store)
  await sink.stop()
  const [row] = await queryInfluxd(server, 'SELECT count(value) FROM reading')
  results['check'] = { appended: count, 'points in InfluxDB': Number(row?.['count']) }
} finally {
  await store.stop()
  await server.remove()
  rmSync(directory, { recursive: true, force: true })
}

for (const [name, samples] of Object.entries(results)) {
  console.log(name)
  for (const [what, value] of Object.entries(samples)) console.log(`  ${what.padEnd(42)} ${value.toLocaleString('en', { maximumFractionDigits: 2 })}`)
}
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(results, null, 2))
