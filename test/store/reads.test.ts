import { describe, expect, it, onTestFinished } from 'vitest'
import type { LogEntry } from '../../gateway/kernel/contracts.ts'
import { silentLogger } from '../../gateway/kernel/log.ts'
import type { BatchMessage } from '../../gateway/store/protocol.ts'
import { createReader } from '../../gateway/store/reader.ts'
import { createTail } from '../../gateway/store/tail.ts'
import { putSeries, readingOf, seriesOf, stored } from '../contract/store.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { tempDir } from '../support/temp-dir.ts'
import { openStore } from './open-store.ts'

const batchOf = (first: number, count: number): BatchMessage => ({
  kind: 'commit', first, last: first + count - 1, wallMs: 0, monotonicMs: 0, baseMs: 0, minTs: 0, maxTs: 0, readingCount: count, eventCount: 0, markCount: 0,
  readings: new TextEncoder().encode(`[${Array.from({ length: count }, (_, i) => `[1,0,${first + i}]`).join(',\n')}]`), others: null, series: [1], inboundClients: [], inbound: null, changes: [],
})

describe('the newest entries in memory', () => {
  it('let the oldest go, by bytes and by entries, and say so', () => {
    const tail = createTail({ maxBytes: 1e9, maxEntries: 100, maxDecoded: 20 })
    for (let i = 0; i < 1_000; i++) tail.push(batchOf(1 + i * 10, 10))
    expect(tail.after(9_899)).toBeNull()
    expect(tail.after(9_900)!.map((row) => row.first)).toEqual(Array.from({ length: 10 }, (_, i) => 9_901 + i * 10))
    expect(tail.after(9_955)!.map((row) => row.first)).toEqual([9_951, 9_961, 9_971, 9_981, 9_991])
    const small = createTail({ maxBytes: 3_000, maxEntries: 1e9, maxDecoded: 20 })
    for (let i = 0; i < 1_000; i++) small.push(batchOf(1 + i * 10, 10))
    expect(small.sizeBytes()).toBeLessThanOrEqual(3_000)
    expect(small.after(9_990)).toHaveLength(1)
  })

  it('decode once for several readers, and forget that in time', () => {
    const tail = createTail({ maxBytes: 1e9, maxEntries: 1e9, maxDecoded: 20 })
    for (let i = 0; i < 5; i++) tail.push(batchOf(1 + i * 10, 10))
    const rows = tail.after(0)!
    const name = (): { device: string; metric: string; labels: object } => ({ device: 'd', metric: 'm', labels: {} })
    const first = tail.entries(rows[0]!, name as never)
    expect(tail.entries(rows[0]!, name as never)).toBe(first)
    for (const row of rows) tail.entries(row, name as never)
    expect(rows.filter((row) => row.decoded !== null)).toHaveLength(2)
    expect(tail.entries(rows[0]!, name as never)).toEqual(first)
  })
})

describe('reading the log from disk', () => {
  it('answers a small question while a large one is under way, and commits go on beside both', async () => {
    const directory = tempDir()
    const filling = await openStore({ directory })
    const series = [seriesOf(1), seriesOf(2)]
    for (const one of series) putSeries(filling, one)
    filling.put('s', 'k', 'v')
    for (let row = 0; row < 300; row++) {
      for (let i = 0; i < 400; i++) filling.appendReading(readingOf(series[i % 2]!, Math.random(), { ts: row * 400 + i }), 60)
      filling.urgent()
      await stored(filling)
    }
    await filling.stop()

    const store = await openStore({ directory })
    const order: string[] = []
    const large = store.readings({ metric: 'm', limit: 1e6 }).then((found) => {
      order.push('large')
      return found.length
    })
    await store.get('s', 'k')
    order.push('small')
    store.appendReading(readingOf(seriesOf(3, 'other', 'x'), 1), 60)
    await stored(store)
    order.push('commit')
    expect(await large).toBe(120_000)
    expect(order.at(-1)).toBe('large')
    // By time and series, through the summaries of many rows.
    const some = await store.readings({ device: 'd2', from: 60_000, to: 60_100, limit: 1e6 })
    expect(some.map((reading) => reading.ts)).toEqual(Array.from({ length: 50 }, (_, i) => 60_001 + i * 2))
  })

  it('goes on in the middle of a batch that no page can hold, whoever else reads meanwhile', async () => {
    const directory = tempDir()
    const filling = await openStore({ directory })
    const series = seriesOf(1)
    putSeries(filling, series)
    for (let batch = 0; batch < 3; batch++) {
      for (let i = 0; i < 700; i++) {
        filling.appendReading(readingOf(series, i), 60)
        if (i % 3 === 0) filling.appendEvent({ specversion: '1.0', id: `${batch}/${i}`, type: 'limen.test', source: 's', time: 'x', data: { text: ',1]\n"}' } })
        if (i % 50 === 0) filling.appendMark({ kind: 'test', text: '}]', i })
      }
      await stored(filling)
    }
    await filling.stop()
    const store = await openStore({ directory })
    const wanted: readonly (readonly LogEntry['kind'][] | undefined)[] = [undefined, ['reading'], ['reading', 'mark'], ['event'], ['mark']]
    const readers = wanted.map((kinds) => ({ kinds, after: 0, entries: [] as LogEntry[], ended: false }))
    // Turn and turn about, so that each finds the batch another one was in.
    while (readers.some(({ ended }) => !ended)) {
      for (const reader of readers.filter(({ ended }) => !ended)) {
        const { entries, next } = await store.read({ after: reader.after, limit: 90, ...(reader.kinds === undefined ? {} : { kinds: reader.kinds }) })
        reader.entries.push(...entries)
        reader.ended = next === reader.after
        reader.after = next
      }
    }
    const { entries: all } = await store.read({ after: 0, limit: 1e9 })
    expect(all).toHaveLength(3 * (700 + 234 + 14))
    expect(all.map(({ position }) => position)).toEqual(all.map((_, i) => all[0]!.position + i))
    for (const { kinds, entries } of readers) expect(entries).toEqual(all.filter(({ kind }) => kinds?.includes(kind) ?? true))
  })

  it('reads half a million readings back', async () => {
    const directory = tempDir()
    const filling = await openStore({ directory })
    const series = seriesOf(1)
    putSeries(filling, series)
    for (let row = 0; row < 1_000; row++) {
      for (let i = 0; i < 500; i++) filling.appendReading(readingOf(series, 36 + i / 10), 60)
      if (row % 2 === 1) await stored(filling)
    }
    await filling.stop()
    const store = await openStore({ directory })
    let count = 0
    for await (const batch of store.recent({ maxReadings: 500_000, sinceWallMs: 0 })) count += batch.readings.length
    expect(count).toBe(500_000)
  })

  it('lets its thread go when nobody has asked for 2 s, and starts another when somebody does', async () => {
    const clock = createFakeClock()
    const directory = tempDir()
    const store = await openStore({ directory })
    store.put('s', 'k', 'v')
    store.urgent()
    await stored(store)
    const reader = createReader(directory, { clock, logger: silentLogger })
    onTestFinished(() => reader.stop())
    const ask = (): Promise<unknown> => reader.ask({ kind: 'get', space: 's', key: 'k' })
    expect(reader.isRunning()).toBe(false)
    expect(await ask()).toBe('v')
    await clock.advance(1_900)
    expect(await ask()).toBe('v')
    await clock.advance(1_900)
    expect(reader.isRunning()).toBe(true)
    await clock.advance(200)
    expect(reader.isRunning()).toBe(false)
    expect(await ask()).toBe('v')
    await reader.stop()
    await expect(ask()).rejects.toMatchObject({ code: 'STORE_CLOSED' })
  })
})
