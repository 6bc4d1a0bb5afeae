import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { InfluxTuning } from '../../gateway/influx/options.ts'
import { createSecret } from '../../gateway/kernel/secret.ts'
import { eventually } from '../support/eventually.ts'
import type { FakeClock } from '../support/fake-clock.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import type { SinkBench } from '../support/influx-bench.ts'
import { appendReadings, createSinkBench, nthReading } from '../support/influx-bench.ts'
import type { MemoryStore } from '../support/memory-store.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import type { ScriptedInflux } from '../support/scripted-influx.ts'
import { startScriptedInflux } from '../support/scripted-influx.ts'

let server: ScriptedInflux
let clock: FakeClock
let store: MemoryStore
const running: SinkBench[] = []

beforeEach(async () => {
  server = await startScriptedInflux()
  clock = createFakeClock()
  store = createMemoryStore({ clock })
})
afterEach(async () => {
  for (const { sink } of running.splice(0)) await sink.stop()
  await server.close()
})

function begin(set: { tuning?: Partial<InfluxTuning>; random?: () => number } = {}): SinkBench {
  const options = { version: 2, url: server.url, org: 'o', bucket: 'b', token: createSecret('t'), measurement: 'reading' } as const
  const bench = createSinkBench(store, clock, { options, ...set })
  running.push(bench)
  return bench
}

async function started(set: Parameters<typeof begin>[0] = {}): Promise<SinkBench> {
  const bench = begin(set)
  await bench.sink.start()
  return bench
}

/** The newest waits a second for company. */
const linger = (): Promise<void> => clock.advance(1_001)
const requestCount = (count: number) => eventually(`${count} requests`, () => server.requests.length >= count)
const storedCount = (count: number) => eventually(`${count} points in InfluxDB, not ${server.stored.size}`, () => server.stored.size >= count)

describe('the sink', () => {
  it('writes what is committed, once it has waited a second for company', async () => {
    const { sink } = await started()
    await appendReadings(store, 0, 3)
    await clock.advance(900)
    expect(server.requests).toEqual([])
    await clock.advance(200)
    await storedCount(3)
    expect(server.requests[0]!.lines).toEqual([0, 1, 2].map((n) => `reading,device=bed-${n},metric=heart_rate value=${n} ${Date.UTC(2026, 0, 1) + n}000000`))
    expect(sink.ledger()).toEqual({ received: 3, delivered: 3, queued: 0, deadLettered: 0, dropped: { unwritable: 0, quota: 0 } })
  })

  it('waits no longer than a full batch takes', async () => {
    await started({ tuning: { batchLines: 100 } })
    await appendReadings(store, 0, 250)
    await storedCount(200)
    expect(server.requests.map(({ lines }) => lines.length)).toEqual([100, 100])
    await linger()
    await storedCount(250)
  })

  it('sends nothing that is not committed', async () => {
    await started()
    for (let n = 0; n < 5; n++) store.appendReading(nthReading(n), 60)
    await linger()
    await linger()
    expect(server.requests).toEqual([])
  })

  it('keeps two readings of one millisecond apart', async () => {
    await started()
    for (let k = 0; k < 3; k++) store.appendReading(nthReading(1, { k, value: k }), 60)
    await store.commit()
    await linger()
    await storedCount(3)
  })

  it('drops what cannot be written, and counts it', async () => {
    const { sink } = await started()
    for (const change of [{ value: null }, { value: NaN, quality: 'bad' as const }, { value: 1 }, { value: 'x' }]) store.appendReading(nthReading(1, change), 60)
    await store.commit()
    await linger()
    await eventually('an empty queue', () => sink.ledger().queued === 0)
    expect(sink.ledger()).toMatchObject({ received: 4, delivered: 2, dropped: { unwritable: 2 } })
  })

  it('writes the cursor every so often, not with every batch', async () => {
    const { sink } = await started({ tuning: { batchLines: 10 } })
    let commits = 0
    const put = store.put.bind(store)
    store.put = (space, ...rest) => {
      if (space === 'cursor') commits++
      put(space, ...rest)
    }
    await appendReadings(store, 0, 500)
    await eventually('an empty queue', () => sink.ledger().queued === 0)
    expect(server.requests).toHaveLength(50)
    expect(commits).toBeLessThanOrEqual(1)
    await clock.advance(2_000)
    expect(commits).toBe(1)
  })

  it('holds the log until the cursor that passed it is on disk', async () => {
    const { sink } = await started()
    await appendReadings(store, 0, 20)
    await linger()
    await storedCount(20)
    expect(sink.pin.position()).toBe(0)
    await clock.advance(2_000)
    expect(sink.pin.position()).toBe(0)
    await store.commit()
    expect(sink.pin.position()).toBe(20)
  })

  it('sends what was in the log before it was connected', async () => {
    await appendReadings(store, 0, 40)
    const { sink } = await started({ tuning: { batchLines: 15 } })
    await storedCount(40)
    await eventually('the books', () => sink.ledger().delivered === 40)
    expect(sink.ledger()).toMatchObject({ received: 40, queued: 0 })
  })

  it('splits long texts over several requests', async () => {
    await started({ tuning: { batchChars: 100_000, pageEntries: 5 } })
    for (let n = 0; n < 60; n++) store.appendReading(nthReading(n, { value: 'x'.repeat(10_000) }), 10_000)
    await store.commit()
    await linger()
    await storedCount(60)
    expect(Math.max(...server.requests.map(({ lines }) => lines.join('\n').length))).toBeLessThan(160_000)
  })

  it('stops with a request under way, and has that batch sent again by the next start', async () => {
    const bench = await started()
    await appendReadings(store, 0, 10)
    server.queue('hang')
    await linger()
    await requestCount(1)
    const stopped = bench.sink.stop()
    await clock.advance(3_000)
    await stopped
    await store.commit()
    store = store.crash()
    const { sink } = await started()
    await storedCount(10)
    await eventually('the books', () => sink.ledger().delivered === 10)
    expect(sink.ledger()).toMatchObject({ received: 10, queued: 0 })
  })

  it('can be stopped before it was started, and twice', async () => {
    const { sink } = begin()
    await sink.stop()
    await sink.start()
    await sink.stop()
    await appendReadings(createMemoryStore(), 0, 1)
    expect(server.requests).toEqual([])
  })

  it('goes on when reading the log fails for a while', async () => {
    const read = store.read.bind(store)
    let failures = 2
    store.read = async (query) => {
      if (failures-- > 0) throw new Error('disk I/O error')
      return read(query)
    }
    await started()
    await appendReadings(store, 0, 5)
    await linger()
    await eventually('points', async () => {
      await clock.advance(500)
      return server.stored.size === 5
    })
  })

  it('counts by reading where the store does not say how many there are', async () => {
    const follow = store.follow.bind(store)
    store.follow = (listener) => follow((last) => listener(last))
    server.script(() => ({ status: 503 }))
    const { sink } = await started()
    await appendReadings(store, 0, 30)
    store.appendEvent({ specversion: '1.0', id: '1', type: 't', source: 's', time: '2026-01-01T00:00:00Z' })
    await store.commit()
    await appendReadings(store, 30, 40)
    await eventually('the count', () => sink.ledger().queued === 40)
    server.script(() => undefined)
    await eventually('points', async () => {
      await clock.advance(1_000)
      return server.stored.size === 40
    })
    expect(sink.ledger()).toMatchObject({ received: 40, delivered: 40, queued: 0 })
  })

  it('shows itself to Prometheus', async () => {
    const { sink } = await started()
    await appendReadings(store, 0, 5)
    await linger()
    await eventually('the books', () => sink.ledger().delivered === 5)
    const samples = [...sink.metrics()].map(({ name, labels, value }) => `${name}${labels === undefined ? '' : JSON.stringify(labels)} ${value}`)
    expect(samples).toEqual([
      'limen_influx_readings_total{"outcome":"delivered"} 5', 'limen_influx_readings_total{"outcome":"dead_lettered"} 0',
      'limen_influx_readings_total{"outcome":"dropped_unwritable"} 0', 'limen_influx_readings_total{"outcome":"dropped_quota"} 0',
      'limen_influx_queued 0', 'limen_influx_up 1', 'limen_influx_lag_seconds 0', 'limen_influx_gaps 0', 'limen_influx_requests_total{"status":"204"} 1',
    ])
  })
})
