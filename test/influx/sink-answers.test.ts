import { describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { appendReadings } from '../support/influx-bench.ts'
import { influxScene } from '../support/influx-scene.ts'

/** Bad is every reading whose value is one of these. */
function badValues(...values: readonly number[]): (line: string) => boolean {
  return (line) => values.some((value) => line.includes(` value=${value} `))
}

describe.each([1, 2] as const)('InfluxDB %d answers', (version) => {
  it('204: the readings are delivered', async () => {
    const { server, clock, store, start } = await influxScene()
    const { sink, conditions } = await start({ version })
    await appendReadings(store(), 0, 10)
    await clock.advance(1_001)
    await eventually('the books', () => sink.ledger().delivered === 10)
    expect(server.stored.size).toBe(10)
    expect(conditions).toEqual([{ rule: 'technical.influx', active: false, message: 'InfluxDB takes readings' }])
  })

  it.each([400, 422])('%d: finds the bad lines, dead-letters them with the server’s words, and stores the rest', async (status) => {
    const { server, clock, store, start } = await influxScene()
    const { sink, refused } = await start({ version })
    const bad = badValues(0, 17, 18, 99)
    server.script(({ lines }) => (lines.some(bad) ? { status, body: `{"error":"unable to parse, ${lines.filter(bad).length} bad","message":"unable to parse, ${lines.filter(bad).length} bad"}` } : undefined))
    await appendReadings(store(), 0, 100)
    await clock.advance(1_001)
    await eventually('the books', () => sink.ledger().queued === 0)
    expect(server.stored.size).toBe(96)
    expect(sink.ledger()).toMatchObject({ received: 100, delivered: 96, deadLettered: 4 })
    expect(refused.map(({ reading }) => reading.value)).toEqual([0, 17, 18, 99])
    expect(refused[1]).toMatchObject({ answer: `${status} unable to parse, 1 bad`, line: `reading,device=bed-7,metric=heart_rate value=17 ${Date.UTC(2026, 0, 1) + 17}000000` })
    expect(server.requests.length).toBeLessThan(2 * 4 * Math.ceil(Math.log2(100)) + 2)
    expect(sink.status().state).toBe('good')
  })

  it('201 with errors: as 400', async () => {
    const { server, clock, store, start } = await influxScene()
    const { sink, refused } = await start({ version })
    const bad = badValues(3)
    server.script(({ lines }) => (lines.some(bad) ? { status: 201, body: '{"error":"partial write of line protocol occurred"}', headers: { 'content-type': 'application/json' } } : undefined))
    await appendReadings(store(), 0, 8)
    await clock.advance(1_001)
    await eventually('the books', () => sink.ledger().queued === 0)
    expect(refused).toMatchObject([{ reading: { value: 3 }, answer: '201 partial write of line protocol occurred' }])
    expect(server.stored.size).toBe(7)
  })

  it('413: sends half as much, and goes on doing so', async () => {
    const { server, clock, store, start } = await influxScene()
    const { sink, refused } = await start({ version })
    server.script(({ lines }) => (lines.length > 30 ? { status: 413 } : undefined))
    await appendReadings(store(), 0, 100)
    await clock.advance(1_001)
    await eventually('the books', () => sink.ledger().delivered === 100)
    const failed = server.requests.length
    await appendReadings(store(), 100, 200)
    await clock.advance(1_001)
    await eventually('the books', () => sink.ledger().delivered === 200)
    expect(server.requests.slice(failed).map(({ lines }) => lines.length)).toEqual([25, 25, 25, 25])
    expect(refused).toEqual([])
  })

  it('413 for a single line: dead letter', async () => {
    const { server, clock, store, start } = await influxScene()
    const { sink, refused } = await start({ version })
    server.script(({ lines }) => (lines.some(badValues(5)) ? { status: 413, body: 'too big' } : undefined))
    await appendReadings(store(), 0, 9)
    await clock.advance(1_001)
    await eventually('the books', () => sink.ledger().queued === 0)
    expect(refused).toMatchObject([{ reading: { value: 5 }, answer: '413 too big' }])
    expect(server.stored.size).toBe(8)
  })

  it.each([
    [401, version === 1 ? 'influx.username' : 'influx.token'],
    [403, version === 1 ? 'GRANT WRITE ON "limen" TO "w"' : 'bucket "b"'],
    [404, version === 1 ? `influx -execute 'CREATE DATABASE "limen"'` : 'influx bucket create --org "o" --name "b"'],
    [405, `Is http://127.0.0.1`],
  ])('%d: keeps everything, tries slowly, raises the alarm that says what to do (%s)', async (status, remedy) => {
    const { server, clock, store, start } = await influxScene()
    const { sink, conditions, refused } = await start({ version })
    server.script(() => ({ status, body: '{"error":"no, because","message":"no, because"}' }))
    await appendReadings(store(), 0, 10)
    await clock.advance(1_001)
    await eventually('the refusal', () => sink.status().state === 'refused')
    for (let i = 0; i < 10; i++) await clock.advance(10_000)
    await eventually('a few tries', () => server.requests.length >= 5)
    expect(server.requests.length).toBeLessThanOrEqual(11)
    expect(sink.ledger()).toMatchObject({ received: 10, delivered: 0, queued: 10 })
    expect(conditions).toHaveLength(1)
    expect(conditions[0]).toMatchObject({ rule: 'technical.influx', active: true })
    expect(conditions[0]!.message).toMatch(new RegExp(`^InfluxDB refuses us: ${status} no, because\\. `))
    expect(conditions[0]!.message).toContain(remedy)

    server.script(() => undefined)
    await clock.advance(20_000)
    await eventually('the books', () => sink.ledger().delivered === 10)
    expect(conditions.at(-1)).toMatchObject({ active: false })
    expect(refused).toEqual([])
  })

  it.each([
    [429, '30', 30_000], [503, '7', 7_000], [503, 'Thu, 01 Jan 2026 00:01:00 GMT', 58_900], [429, '999999999', 3_600_000],
  ])('%d with Retry-After %s: waits so long, and a jittered bit', async (status, header, waitMs) => {
    const { server, clock, store, start } = await influxScene()
    const { sink } = await start({ version, random: () => 0.5 })
    server.queue({ status, headers: { 'retry-after': header } })
    await appendReadings(store(), 0, 10)
    await clock.advance(1_100)
    await eventually('the answer', () => sink.status().state === 'away')
    await clock.advance(waitMs)
    expect(server.requests).toHaveLength(1)
    await clock.advance(500)
    await eventually('the books', () => sink.ledger().delivered === 10)
    expect(server.requests).toHaveLength(2)
  })

  it.each([500, 502, 504, 'cut', 'cut-in-answer'] as const)('%s: backs off longer each time, to a minute at most, and loses nothing', async (answer) => {
    const { server, clock, store, start } = await influxScene()
    server.script(() => (typeof answer === 'number' ? { status: answer } : answer))
    const { sink, conditions } = await start({ version, random: () => 0.999_999 })
    const tries = () => [...sink.metrics()].filter(({ name }) => name === 'limen_influx_requests_total').reduce((sum, { value }) => sum + value, 0)
    await appendReadings(store(), 0, 10)
    await clock.advance(1_100)
    for (const [i, waitS] of [1, 2, 4, 8, 16, 32, 60, 60].entries()) {
      await eventually(`try ${i + 1}`, () => tries() === i + 1)
      await clock.advance(waitS * 990)
      expect(server.requests).toHaveLength(i + 1)
      await clock.advance(waitS * 10)
    }
    await eventually('the ninth try', () => tries() === 9)
    expect(conditions).toMatchObject([{ active: true, message: expect.stringContaining('InfluxDB is away') }])
    expect(sink.ledger()).toMatchObject({ received: 10, queued: 10 })
    server.script(() => undefined)
    await clock.advance(60_000)
    await eventually('the books', () => sink.ledger().delivered === 10)
    expect(server.stored.size).toBe(10)
    expect(conditions.at(-1)).toMatchObject({ active: false })
  })

  it('nothing although it stored the batch: the batch comes again, each point once', async () => {
    const { server, clock, store, start, pass } = await influxScene()
    server.queue('store-and-cut', 'store-and-cut')
    const { sink } = await start({ version })
    await appendReadings(store(), 0, 10)
    await clock.advance(1_001)
    await pass('the books', () => sink.ledger().delivered === 10)
    expect(server.requests).toHaveLength(3)
    expect(server.stored.size).toBe(10)
  })

  it('nothing at all: gives up after the time-out and tries again', async () => {
    const { server, clock, store, start, pass } = await influxScene()
    server.queue('hang')
    const { sink } = await start({ version, tuning: { requestTimeoutMs: 50 } })
    await appendReadings(store(), 0, 10)
    await clock.advance(1_001)
    await pass('the books', () => sink.ledger().delivered === 10)
  })
})

describe('a dead letter', () => {
  it('is handed over again when its batch could not be stored', async () => {
    const { server, clock, store, start } = await influxScene()
    const { sink, refused } = await start()
    server.script(() => ({ status: 400, body: 'no' }))
    await appendReadings(store(), 0, 1)
    await clock.advance(1_001)
    await eventually('the refusal', () => refused.length === 1)
    store().failNextCommit(new Error('disk full'))
    await store().commit()
    await clock.advance(2_001)
    expect(refused).toHaveLength(2)
    await store().commit()
    await clock.advance(10_000)
    expect(refused).toHaveLength(2)
    expect(sink.ledger()).toMatchObject({ received: 1, deadLettered: 1 })
  })

  it('is in the same batch of the store as the cursor that passes it', async () => {
    const { server, clock, store, start, crash } = await influxScene()
    const first = await start()
    server.script(() => ({ status: 400, body: 'no' }))
    await appendReadings(store(), 0, 1)
    await clock.advance(1_001)
    await eventually('the refusal', () => first.refused.length === 1)
    await crash(first)
    const second = await start()
    await clock.advance(1_001)
    await eventually('the refusal once more', () => second.refused.length === 1)
    await store().commit()
    await crash(second)
    const third = await start()
    await clock.advance(5_000)
    expect(third.refused).toEqual([])
    expect(third.sink.ledger()).toMatchObject({ received: 1, deadLettered: 1, queued: 0 })
  })

  it('can be sent again', async () => {
    const { server, clock, store, start } = await influxScene()
    const { sink, refused } = await start()
    expect(await (await influxScene()).start().then((idle) => idle.sink.resend('m value=1 1'))).toEqual({ kind: 'accepted' })
    server.queue({ status: 400, body: 'no' }, { status: 400, body: 'still no' }, { status: 429, headers: { 'retry-after': '3' } }, { status: 401 })
    await appendReadings(store(), 0, 1)
    await clock.advance(1_001)
    await eventually('the refusal', () => refused.length === 1)
    const { line } = refused[0]!
    expect(await sink.resend(line)).toEqual({ kind: 'refused', reason: '400 still no' })
    expect(await sink.resend(line)).toEqual({ kind: 'retry', reason: '429', afterMs: 3_000 })
    expect(await sink.resend(line)).toEqual({ kind: 'retry', reason: '401', afterMs: 20_000 })
    expect(await sink.resend(line)).toEqual({ kind: 'accepted' })
    expect(server.stored.size).toBe(1)
    expect(sink.ledger()).toMatchObject({ received: 1, delivered: 1, deadLettered: 0 })
  })
})
