import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../gateway/kernel/clock.ts'
import { createSecret } from '../../gateway/kernel/secret.ts'
import { eventually } from '../support/eventually.ts'
import { appendReadings, createSinkBench, nthReading } from '../support/influx-bench.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import type { RealServer } from '../support/servers.ts'
import { startVictoriaMetrics } from '../support/servers.ts'

let server: RealServer

beforeAll(async () => {
  server = await startVictoriaMetrics()
})
afterAll(() => server.remove())

function scene(measurement: string) {
  const store = createMemoryStore()
  const options = { version: 2, url: server.url, org: 'o', bucket: 'b', token: createSecret('t'), measurement } as const
  const bench = createSinkBench(store, systemClock, { options, random: () => 0.05, tuning: { lingerMs: 50 } })
  onTestFinished(() => bench.sink.stop())
  return { ...bench, store }
}

interface Series { readonly metric: Readonly<Record<string, string>>; readonly values: readonly number[]; readonly timestamps: readonly number[] }

/** Every sample it holds of one measurement. */
async function exported(measurement: string): Promise<readonly Series[]> {
  await fetch(`${server.url}/internal/force_flush`)
  const match = encodeURIComponent(`{__name__="${measurement}_value"}`)
  const text = await (await fetch(`${server.url}/api/v1/export?match[]=${match}&start=0`)).text()
  return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Series)
}

describe('VictoriaMetrics, as an InfluxDB 2', () => {
  it('has 50,000 readings, each once, although it was restarted again and again', async () => {
    const { sink, store, refused } = scene('restarted')
    await sink.start()
    for (let n = 0; n < 50_000; n += 500) {
      await appendReadings(store, n, n + 500)
      await new Promise((resolve) => setTimeout(resolve, 4))
      // SIGTERM: it answers 204 before data is on disk, so a SIGKILL would lose what it has acknowledged.
      if (n % 20_000 === 2_000) await server.stop()
      if (n % 20_000 === 7_000) await server.start()
    }
    await eventually('everything to be sent', () => sink.ledger().received === 50_000 && sink.ledger().queued === 0, 60_000)
    const series = await exported('restarted')
    expect(series).toHaveLength(10)
    expect(series.reduce((sum, { values }) => sum + values.length, 0)).toBe(50_000)
    expect(series.reduce((sum, { values }) => sum + values.reduce((a, b) => a + b, 0), 0)).toBe((50_000 * 49_999) / 2)
    expect(sink.ledger()).toMatchObject({ delivered: 50_000, deadLettered: 0 })
    expect(refused).toEqual([])
  })

  it.each(['plain', 'a b', 'a,b', 'a=b', 'a"b', 'C:\\temp', 'ünï☃😀', 'trail '])('gives %j back from every tag', async (text) => {
    const { sink, store } = scene('tags')
    store.appendReading(nthReading(7, { device: text, metric: 'tagged' }), 10)
    await store.commit()
    await sink.start()
    await eventually('it to be sent', () => sink.ledger().delivered === 1)
    expect((await exported('tags')).filter(({ metric }) => metric['device'] === text)).toMatchObject([
      { metric: { __name__: 'tags_value', device: text, metric: 'tagged' }, values: [7], timestamps: [Date.UTC(2026, 0, 1) + 7] },
    ])
  })
})
