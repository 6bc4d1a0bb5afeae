import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../gateway/kernel/clock.ts'
import { createSecret } from '../../gateway/kernel/secret.ts'
import { eventually } from '../support/eventually.ts'
import type { SinkBench } from '../support/influx-bench.ts'
import { appendReadings, createSinkBench, nthReading } from '../support/influx-bench.ts'
import type { MemoryStore } from '../support/memory-store.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import type { RealServer } from '../support/servers.ts'
import { queryInfluxd, startInfluxd } from '../support/servers.ts'

let server: RealServer
let databases = 0

beforeAll(async () => {
  server = await startInfluxd({ database: null, http: 'max-body-size = 200000' })
})
afterAll(() => server.remove())

const benches: SinkBench[] = []
afterEach(async () => {
  for (const { sink } of benches.splice(0)) await sink.stop()
})

interface Scene extends SinkBench { readonly store: MemoryStore; readonly database: string }

/** A sink on a database of its own, not started. */
async function scene(set: { create?: boolean; at?: RealServer; login?: { username: string; password: string } } = {}): Promise<Scene> {
  const at = set.at ?? server
  const database = `limen-${++databases}`
  if (set.create !== false) await queryInfluxd(at, `CREATE DATABASE "${database}"`)
  const store = createMemoryStore()
  const options = { version: 1, url: at.url, database, username: set.login?.username, password: set.login && createSecret(set.login.password), measurement: 'reading' } as const
  // Short waits between tries; how long they are is tested elsewhere, with a clock that stands still.
  const bench = createSinkBench(store, systemClock, { options, random: () => 0.05, tuning: { lingerMs: 50, refusedRetryMs: 200 } })
  benches.push(bench)
  return { ...bench, store, database }
}

const drained = ({ sink }: SinkBench, count: number) => eventually(`${count} readings to find their end`, () => sink.ledger().received === count && sink.ledger().queued === 0, 60_000)

async function counted({ database }: Scene): Promise<{ count: number; sum: number }> {
  const [row] = await queryInfluxd(server, 'SELECT count(value), sum(value) FROM reading', { database })
  return { count: Number(row?.['count'] ?? 0), sum: Number(row?.['sum'] ?? 0) }
}

describe('InfluxDB 1.6', () => {
  it('has 50,000 readings, each once, although it was killed again and again', async () => {
    const one = await scene()
    await one.sink.start()
    for (let n = 0; n < 50_000; n += 500) {
      await appendReadings(one.store, n, n + 500)
      await new Promise((resolve) => setTimeout(resolve, 4))
      if (n % 10_000 === 4_000) await server.kill()
      if (n % 10_000 === 8_000) await server.start()
    }
    await drained(one, 50_000)
    expect(await counted(one)).toEqual({ count: 50_000, sum: (50_000 * 49_999) / 2 })
    expect(one.sink.ledger()).toEqual({ received: 50_000, delivered: 50_000, queued: 0, deadLettered: 0, dropped: { unwritable: 0, quota: 0 } })
    expect(one.refused).toEqual([])
  })

  it('has what came while it was not there at the start', async () => {
    const one = await scene()
    await server.kill()
    await one.sink.start()
    await appendReadings(one.store, 0, 12_000)
    await eventually('the sink to see it', () => one.sink.status().state === 'away')
    await server.start()
    await drained(one, 12_000)
    expect((await counted(one)).count).toBe(12_000)
  })

  it('has each reading once although the gateway was killed after the answer and before the cursor was stored', async () => {
    const one = await scene()
    await one.sink.start()
    await appendReadings(one.store, 0, 3_000)
    await drained(one, 3_000)
    const crashed = one.store.crash()
    await one.sink.stop()
    const again = createSinkBench(crashed, systemClock, {
      options: { version: 1, url: server.url, database: one.database, username: undefined, password: undefined, measurement: 'reading' },
      tuning: { lingerMs: 50 },
    })
    benches.push(again)
    await again.sink.start()
    await drained(again, 3_000)
    expect((await counted(one)).count).toBe(3_000)
  })

  const texts = ['plain', 'a b', 'a,b', 'a=b', 'a"b', "it's", "it\\'s", 'C:\\temp', 'a\\,b', 'a\\ b', 'a\\\\,b', 'ünï☃😀', '#h', ' lead', 'trail ', '\\x', '=', 'nul\u0000x', 'a\\nb']

  it.each(texts)('gives %j back from every tag', async (text) => {
    const one = await scene()
    one.store.put('series', '7', JSON.stringify({ labels: { [`key ${text}`]: text, empty: '' } }))
    one.store.appendReading(nthReading(7, { device: text, metric: text }), 10)
    await one.store.commit()
    await one.sink.start()
    await drained(one, 1)
    expect(await queryInfluxd(server, 'SELECT * FROM reading', { database: one.database })).toEqual([
      { time: '2026-01-01T00:00:00.007Z', device: text, metric: text, [`key ${text}`]: text, value: 7 },
    ])
  })

  it.each([['ends in \\', 'ends in %5C'], ['\\\\', '\\%5C'], ['two\nlines', 'two\\nlines'], ['a\rb\tc', 'a\\rb\\tc']])(
    'is told %j, which the line protocol cannot say in a tag, as %j', async (text, told) => {
      const one = await scene()
      one.store.appendReading(nthReading(7, { device: text, metric: text }), 10)
      one.store.appendReading(nthReading(8), 10)
      await one.store.commit()
      await one.sink.start()
      await drained(one, 2)
      expect(await queryInfluxd(server, 'SELECT device, metric, value FROM reading', { database: one.database })).toMatchObject([
        { device: told, metric: told, value: 7 }, { device: 'bed-8', metric: 'heart_rate', value: 8 },
      ])
    },
  )

  it('gives every text and number back as it was', async () => {
    const values = [...texts, '', 'a\\', '\\', '\\"', 'two\nlines\r\n', '"', 0.1 + 0.2, -0.5, 1e21, 5e-324, Number.MAX_SAFE_INTEGER, 1.7976931348623157e308, true, false]
    const one = await scene()
    for (const [n, value] of values.entries()) one.store.appendReading(nthReading(n, { value }), 10)
    await one.store.commit()
    await one.sink.start()
    await drained(one, values.length)
    expect(one.refused).toEqual([])
    const rows = await queryInfluxd(server, 'SELECT text, value FROM reading', { database: one.database })
    expect(rows.map(({ text, value }) => text ?? value)).toEqual(values.map((value) => (typeof value === 'boolean' ? Number(value) : value)))
  })

  it('keeps readings of one millisecond apart by their nanoseconds', async () => {
    const one = await scene()
    for (let k = 0; k < 3; k++) one.store.appendReading(nthReading(1, { k, value: k }), 10)
    await one.store.commit()
    await one.sink.start()
    await drained(one, 3)
    const rows = await queryInfluxd(server, 'SELECT value FROM reading', { database: one.database })
    expect(rows.map(({ time }) => time)).toEqual(['2026-01-01T00:00:00.001Z', '2026-01-01T00:00:00.001000001Z', '2026-01-01T00:00:00.001000002Z'])
  })

  it('refuses what does not fit, and only that', async () => {
    const one = await scene()
    for (let n = 0; n < 200; n++) one.store.appendReading(nthReading(n), 10)
    one.store.appendReading(nthReading(200, { ts: 8_640_000_000_000_000 }), 10)
    one.store.appendReading(nthReading(201, { device: 'd'.repeat(65_535) }), 10)
    await one.store.commit()
    await one.sink.start()
    await drained(one, 202)
    expect((await counted(one)).count).toBe(200)
    expect(one.refused.map(({ reading, answer }) => [reading.value, answer.slice(0, 4)])).toEqual([[200, '400 '], [201, '400 ']])
    expect(one.refused[0]!.answer).toMatch(/time|timestamp|unable to parse/)
    expect(one.refused[1]!.answer).toMatch(/max key length exceeded/)
  })

  it('refuses readings where the field already has another type, with its words', async () => {
    const one = await scene()
    await fetch(`${server.url}/write?db=${one.database}`, { method: 'POST', body: 'reading,device=x value="text" 1767225600000000000' })
    await appendReadings(one.store, 0, 30)
    await one.sink.start()
    await drained(one, 30)
    expect(one.sink.ledger()).toMatchObject({ delivered: 0, deadLettered: 30 })
    expect(one.refused[0]!.answer).toMatch(/^400 partial write: field type conflict: input field "value" .* is type float, already exists as type string/)
  })

  it('takes bodies no larger than it likes', async () => {
    const one = await scene()
    await one.sink.start()
    await appendReadings(one.store, 0, 10_000)
    await drained(one, 10_000)
    expect((await counted(one)).count).toBe(10_000)
    expect([...one.sink.metrics()].find(({ labels }) => labels?.['status'] === '413')?.value).toBeGreaterThan(0)
  })

  it('without the database says how to create it, and has everything once it is there', async () => {
    const one = await scene({ create: false })
    await appendReadings(one.store, 0, 100)
    await one.sink.start()
    await eventually('the alarm', () => one.conditions.length > 0)
    expect(one.conditions[0]).toMatchObject({ active: true, message: `InfluxDB refuses us: 404 database not found: "${one.database}". Create the database: influx -execute 'CREATE DATABASE "${one.database}"'.` })
    await queryInfluxd(server, `CREATE DATABASE "${one.database}"`)
    await drained(one, 100)
    expect((await counted(one)).count).toBe(100)
    expect(one.conditions.at(-1)).toMatchObject({ active: false })
  })

  it('that asks for a login has everything once it is right', async () => {
    const locked = await startInfluxd({ database: null, http: 'auth-enabled = true' })
    onTestFinished(() => locked.remove())
    await queryInfluxd(locked, `CREATE USER boss WITH PASSWORD 'p:w ü' WITH ALL PRIVILEGES`)
    const stranger = await scene({ at: locked, create: false, login: { username: 'boss', password: 'wrong' } })
    await appendReadings(stranger.store, 0, 100)
    await stranger.sink.start()
    await eventually('the alarm', () => stranger.conditions.length > 0)
    expect(stranger.conditions[0]!.message).toMatch(/^InfluxDB refuses us: 401 .*Set influx\.username and influx\.password\.$/)
    await stranger.sink.stop()

    const query = (q: string) => fetch(`${locked.url}/query?${new URLSearchParams({ u: 'boss', p: 'p:w ü', db: stranger.database, q }).toString()}`, { method: 'POST' }).then((response) => response.text())
    await query(`CREATE DATABASE "${stranger.database}"`)
    const options = { version: 1, url: locked.url, database: stranger.database, username: 'boss', password: createSecret('p:w ü'), measurement: 'reading' } as const
    const known = createSinkBench(stranger.store, systemClock, { options, tuning: { lingerMs: 50 } })
    benches.push(known)
    await known.sink.start()
    await drained(known, 100)
    expect(await query('SELECT count(value) FROM reading')).toContain(',100]')
  })
})
