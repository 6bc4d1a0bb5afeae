import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { appendReadings, nthReading } from '../support/influx-bench.ts'
import { influxScene } from '../support/influx-scene.ts'

const tuning = { batchLines: 100, pageEntries: 50 }

/** The readings' numbers that a request holds, first and last. */
function span(lines: readonly string[]): [number, number] {
  const numbers = lines.map((line) => Number(/ value=(\d+) /.exec(line)![1]))
  return [numbers[0]!, numbers.at(-1)!]
}

describe('when InfluxDB was away', () => {
  it('sends the newest first, and then makes up for the gap', async () => {
    const { server, clock, store, start, pass } = await influxScene()
    const { sink } = await start({ tuning })
    await appendReadings(store(), 0, 10)
    await clock.advance(1_001)
    await eventually('a first batch', () => sink.ledger().delivered === 10)
    server.script(() => ({ status: 503 }))
    await appendReadings(store(), 10, 1_000)
    await pass('an outage', () => sink.status().state === 'away')
    for (let i = 0; i < 20; i++) await clock.advance(10_000)
    expect(sink.ledger()).toMatchObject({ received: 1_000, delivered: 10, queued: 990 })

    // At the moment it answers again, new readings come too.
    await appendReadings(store(), 1_000, 1_005)
    const before = server.requests.length
    server.script(() => undefined)
    await pass('the batch that was under way', () => sink.ledger().delivered >= 110, 100)
    expect(sink.status().gaps).toBe(1)
    await appendReadings(store(), 1_005, 1_010)
    await pass('everything', () => sink.ledger().queued === 0, 100)

    const spans = server.requests.slice(before).map(({ lines }) => span(lines))
    const newest = spans.findIndex(([, last]) => last === 1_009)
    const gapBegins = spans.findIndex(([first]) => first === 110)
    expect(newest).toBeGreaterThanOrEqual(0)
    expect(newest).toBeLessThan(gapBegins)
    expect(server.stored.size).toBe(1_010)
    expect(sink.ledger()).toMatchObject({ received: 1_010, delivered: 1_010, queued: 0 })
    expect(sink.status().gaps).toBe(0)
  })

  it('never leaves the newest more than 5 s behind while a long gap drains slowly', async () => {
    const { server, clock, store, start, pass } = await influxScene()
    server.script(() => ({ status: 503 }))
    const { sink } = await start({ tuning })
    await appendReadings(store(), 0, 5_000)
    await pass('an outage', () => sink.status().state === 'away')
    await clock.advance(60_000)

    // Every request now takes two seconds, and 20 readings come in each second: too many for the gap to drain soon.
    const arrivedAt = new Map<number, number>()
    const lags: number[] = []
    server.script(({ lines }) => {
      for (let n = span(lines)[0]; n <= span(lines)[1]; n++) if (arrivedAt.has(n)) lags.push(clock.monotonic() - arrivedAt.get(n)!)
      return { status: 204, delayed: true }
    })
    let next = 5_000
    for (let second = 0; second < 60; second++) {
      for (let n = next; n < next + 20; n++) arrivedAt.set(n, clock.monotonic())
      await appendReadings(store(), next, next + 20)
      next += 20
      await clock.advance(1_000)
      if (second % 2 === 1) server.release()
      // There is always something to send; only right after a jump it waits for the newest.
      await pass('the next request', () => server.held() === 1 || sink.ledger().delivered < 300, 20)
    }
    const settled = lags.slice(200)
    expect(settled.length).toBeGreaterThan(300)
    expect(Math.max(...settled)).toBeLessThanOrEqual(5_000)
  })

  it('rests after a gap’s batch for as long as that took, but not for long', async () => {
    const { server, clock, store, start } = await influxScene()
    await appendReadings(store(), 0, 1_000)
    server.script(() => ({ status: 204, delayed: true }))
    const { sink } = await start({ tuning })
    for (const [tookMs, restMs] of [[100, 100], [2_000, 250]] as const) {
      await eventually('a request', () => server.held() === 1)
      const { length } = server.requests
      const { delivered } = sink.ledger()
      await clock.advance(tookMs)
      server.release()
      await eventually('its answer', () => sink.ledger().delivered > delivered)
      await clock.advance(restMs - 1)
      expect(server.requests).toHaveLength(length)
      await clock.advance(1)
    }
    await eventually('the next', () => server.requests.length === 3)
    server.release()
  })

  it('keeps both positions over a kill -9 in the middle of a gap', async () => {
    const { server, clock, store, start, crash, pass } = await influxScene()
    server.script(() => ({ status: 503 }))
    const first = await start({ tuning })
    await appendReadings(store(), 0, 1_000)
    await pass('an outage', () => first.sink.status().state === 'away')
    await clock.advance(60_000)
    let answers = 0
    server.script(() => (++answers <= 4 ? undefined : { status: 503 }))
    await pass('part of the gap', () => first.sink.status().state === 'away' && answers > 4)
    await clock.advance(2_001)
    await store().commit()
    await crash(first)

    server.script(() => undefined)
    const before = server.requests.length
    const second = await start({ tuning })
    expect(second.sink.ledger()).toMatchObject({ received: 1_000, delivered: 400, queued: 600 })
    await pass('everything', () => second.sink.ledger().queued === 0)
    expect(server.stored.size).toBe(1_000)
    expect(server.requests.slice(before).reduce((sum, { lines }) => sum + lines.length, 0)).toBe(600)
  })

  it('counts over a start what was appended after the cursor was last written', async () => {
    const { server, clock, store, start, crash, pass } = await influxScene()
    server.script(() => ({ status: 503 }))
    const first = await start({ tuning })
    await appendReadings(store(), 0, 120)
    await clock.advance(2_001)
    await store().commit()
    await appendReadings(store(), 120, 300)
    await crash(first)
    const second = await start({ tuning })
    await eventually('the count', () => second.sink.ledger().received === 300)
    expect(second.sink.ledger()).toMatchObject({ received: 300, queued: 300, delivered: 0 })
    server.script(() => undefined)
    await pass('everything', () => second.sink.ledger().delivered === 300)
  })

  it('holds no more than a batch in memory, however long the gap', async () => {
    const { server, store, start, pass } = await influxScene()
    server.script(() => ({ status: 503 }))
    const { sink } = await start({ tuning })
    let read = 0
    const original = store().read.bind(store())
    store().read = async (query) => {
      const page = await original(query)
      read += page.entries.length
      return page
    }
    await appendReadings(store(), 0, 3_000)
    await pass('an outage', () => sink.status().state === 'away')
    await pass('a while', () => server.requests.length > 5)
    expect(read).toBeLessThanOrEqual(100)
  })

  it('counts as dropped what the disk quota took', async () => {
    const { server, store, start, pass } = await influxScene()
    server.script(() => ({ status: 503 }))
    const { sink } = await start({ tuning })
    await appendReadings(store(), 0, 1_000)
    await pass('an outage', () => sink.status().state === 'away')
    const read = store().read.bind(store())
    // The log still begins where it did: an old alarm is kept there.
    store().read = (query) => read({ ...query, after: Math.max(400, query.after) })
    sink.pin.dropped(400, 400)
    expect(sink.ledger()).toMatchObject({ received: 1_000, queued: 600, dropped: { quota: 400 } })
    server.script(() => undefined)
    await pass('everything', () => sink.ledger().queued === 0)
    const { received, delivered, dropped } = sink.ledger()
    expect(received).toBe(1_000)
    // The batch that was under way when they were removed had been read before.
    expect(delivered + dropped['quota']!).toBe(1_000)
    expect(server.stored.size).toBe(700)
  })
})

describe('whatever happens', () => {
  it('every committed reading is in InfluxDB once in the end, and the books balance', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant('append' as const), count: fc.integer({ min: 1, max: 80 }), bad: fc.boolean() }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('answer' as const), with: fc.constantFrom(204, 503, 500, 401, 413, 'cut' as const, 'store-and-cut' as const) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 10, max: 5_000 }) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('crash' as const, 'fail-commit' as const) }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const { server, clock, store, start, crash, pass } = await influxScene()
        const isBad = (line: string): boolean => line.includes(' text=')
        let mode: number | 'cut' | 'store-and-cut' = 204
        server.script(({ lines }) => {
          if (mode === 413) return lines.length > 7 ? { status: 413 } : lines.some(isBad) ? { status: 400 } : undefined
          if (mode === 'store-and-cut' && lines.some(isBad)) return 'cut'
          if (mode === 204) return lines.some(isBad) ? { status: 400, body: 'text' } : undefined
          return typeof mode === 'number' ? { status: mode } : mode
        })
        const small = { batchLines: 20, pageEntries: 8 }
        let bench = await start({ tuning: small })
        let appended = 0
        let good = 0
        for (const one of steps) {
          if (one.do === 'append') {
            for (let i = 0; i < one.count; i++, appended++) {
              const bad = one.bad && i === 3
              store().appendReading(nthReading(appended, bad ? { value: 'x' } : {}), 60)
              if (!bad) good++
            }
            await store().commit()
          } else if (one.do === 'answer') mode = one.with
          else if (one.do === 'pass') {
            await clock.advance(one.ms)
            await new Promise((resolve) => setTimeout(resolve, 3))
          } else if (one.do === 'crash') {
            await crash(bench)
            bench = await start({ tuning: small })
          } else {
            store().failNextCommit(new Error('disk full'))
            await store().commit()
          }
          const line = bench.sink.ledger()
          expect(line.received).toBe(line.delivered + line.queued + line.deadLettered + line.dropped['unwritable']! + line.dropped['quota']!)
        }
        mode = 204
        await pass('everything', () => bench.sink.ledger().queued === 0 && bench.sink.ledger().received === appended)
        expect([...server.stored.values()].filter((value) => value.startsWith('value='))).toHaveLength(good)
        expect(bench.sink.ledger()).toMatchObject({ received: appended, delivered: good, deadLettered: appended - good, queued: 0 })
        await bench.sink.stop()
      }),
      { numRuns: 40 },
    )
  })
})
