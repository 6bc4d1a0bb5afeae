/**
 * The store by itself: cost of an append, throughput with commits, bytes written per reading, commit latency, recovery.
 * node bench/store.ts [--seconds 10] [--rate 1000] [--page 1024] [--wal 2097152] [--level 1] [--vacuum none|incremental]
 *   [--window 50] [--inbound] [--only append,written,recent] [--dir DIR]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Series } from '../gateway/kernel/reading.ts'
import type { SqliteStore } from '../gateway/store/store.ts'
import { createStore } from '../gateway/store/store.ts'
import { bytesWrittenBy, cpuSecondsOf } from './proc.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' }, rate: { type: 'string', default: '1000' }, page: { type: 'string' }, wal: { type: 'string' },
    level: { type: 'string' }, vacuum: { type: 'string' }, window: { type: 'string', default: '50' }, inbound: { type: 'boolean', default: false },
    only: { type: 'string', default: 'append,written,recent' }, dir: { type: 'string', default: '.' },
  },
})
const seconds = Number(values.seconds)
const payloadBytes = 60
const devices = 100
const series: Series[] = Array.from({ length: devices }, (_, id) => ({ id, device: `bed-${id}`, metric: 'heart_rate', storedId: id + 1 }))
const walk = series.map(() => 70)

interface Samples { readonly [name: string]: number | undefined }

function samples(store: SqliteStore): Samples {
  return Object.fromEntries([...store.metrics()].map(({ name, labels, value }) => [labels?.['kind'] === 'other' ? `${name}_other` : name, value]))
}

async function withStore<T>(directory: string, work: (store: SqliteStore) => Promise<T>): Promise<T> {
  const store = createStore({
    directory,
    commitWindowMs: Number(values.window),
    tuning: {
      ...(values.page === undefined ? {} : { pageSize: Number(values.page) }),
      ...(values.wal === undefined ? {} : { walBytes: Number(values.wal) }),
      ...(values.level === undefined ? {} : { zstdLevel: Number(values.level) }),
      ...(values.vacuum === undefined ? {} : { autoVacuum: values.vacuum as 'none' | 'incremental' }),
    },
  }, { onFatal: (error) => { throw error } })
  await store.start()
  for (const one of series) store.put('series', String(one.storedId), JSON.stringify({ device: one.device, metric: one.metric, labels: {} }))
  await settled(store)
  try {
    return await work(store)
  } finally {
    await store.stop()
  }
}

const settled = (store: SqliteStore): Promise<void> => new Promise((resolve, reject) => store.onDisk((error) => (error === null ? resolve() : reject(error))))

let count = 0
function append(store: SqliteStore, now: number, done: (error: Error | null) => void): void {
  const at = count++ % devices
  walk[at] = Math.round((walk[at]! + Math.random() - 0.5) * 10) / 10
  store.appendReading({ series: series[at]!, value: walk[at], quality: 'good', unit: undefined, ts: now, tsGiven: false, seq: undefined, receivedAt: now, k: 0 }, payloadBytes)
  if (values.inbound) store.noteInbound({ clientId: series[at]!.device, messageId: count & 0xffff, hash: Math.floor(Math.random() * 2 ** 53) })
  store.onDisk(done)
}

/** As fast as it goes with so many readings waiting for their commit. */
async function saturate(store: SqliteStore, waitingAtMost: number): Promise<Samples> {
  let waiting = 0
  let acknowledged = 0
  let appendMs = 0
  const done = (): void => {
    waiting--
    acknowledged++
  }
  const began = performance.now()
  const cpuBegan = cpuSecondsOf(process.pid)
  while (performance.now() - began < seconds * 1000) {
    const from = performance.now()
    const now = Date.now()
    const room = Math.min(waitingAtMost - waiting, 500)
    for (let i = 0; i < room; i++) append(store, now, done)
    waiting += room
    appendMs += performance.now() - from
    await new Promise((resolve) => setImmediate(resolve))
  }
  const tookMs = performance.now() - began
  await settled(store)
  return { 'readings per s': acknowledged / (tookMs / 1000), 'µs per append': (appendMs * 1000) / acknowledged, 'processor s per s': (cpuSecondsOf(process.pid) - cpuBegan) / (tookMs / 1000) }
}

/** A steady rate, a few readings each millisecond, as sockets bring them. */
async function pace(store: SqliteStore, rate: number): Promise<Samples> {
  const latencies: number[] = []
  const before = samples(store)
  const writtenBefore = bytesWrittenBy(process.pid)
  const began = performance.now()
  let sent = 0
  while (performance.now() - began < seconds * 1000) {
    const due = Math.floor(((performance.now() - began) / 1000) * rate)
    const from = performance.now()
    for (; sent < due; sent++) append(store, Date.now(), () => latencies.push(performance.now() - from))
    await sleep(1)
  }
  await settled(store)
  const written = bytesWrittenBy(process.pid) - writtenBefore
  const after = samples(store)
  const grown = (name: string): number => after[name]! - before[name]!
  const commits = grown('limen_store_commits_total')
  latencies.sort((a, b) => a - b)
  return {
    'written B per reading': written / sent,
    'written per payload byte': written / sent / payloadBytes,
    'stored B per reading': grown('limen_store_stored_bytes_total') / sent,
    'commits per s': commits / seconds,
    'ms per commit': (grown('limen_store_commit_seconds_total') / commits) * 1000,
    'append to disk p50 ms': latencies[Math.floor(latencies.length * 0.5)],
    'append to disk p99 ms': latencies[Math.floor(latencies.length * 0.99)],
  }
}

async function recent(store: SqliteStore): Promise<Samples> {
  const began = performance.now()
  let readings = 0
  for await (const batch of store.recent({ maxReadings: 500_000, sinceWallMs: 0 })) readings += batch.readings.length
  return { 'readings read back': readings, 'read back ms': performance.now() - began }
}

const results: Record<string, Samples> = {}
const only = values.only.split(',')
// Beside the code, not in /tmp: that may be a tmpfs, which writes nothing.
const directory = mkdtempSync(join(values.dir, '.bench-store-'))
try {
  if (only.includes('written')) {
    results[`${values.rate} readings/s`] = await withStore(join(directory, 'written'), async (store) => {
      await pace(store, Number(values.rate)) // until the file and the write-ahead log have their size
      return pace(store, Number(values.rate))
    })
  }
  if (only.includes('append')) {
    results['2,500 in flight'] = await withStore(join(directory, 'append'), (store) => saturate(store, 2_500))
  }
  if (only.includes('recent')) {
    await withStore(join(directory, 'recent'), (store) => saturate(store, 2_500))
    results['start again'] = await withStore(join(directory, 'recent'), recent)
  }
} finally {
  rmSync(directory, { recursive: true, force: true })
}
for (const [setting, figures] of Object.entries(results)) {
  for (const [name, value] of Object.entries(figures)) console.log(`${setting.padEnd(18)} ${name.padEnd(26)} ${value?.toFixed(value < 10 ? 3 : 1)}`)
}
console.log(JSON.stringify({ at: new Date().toISOString(), options: values, results }))
