import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Store, StoreRecovery } from '../../gateway/kernel/contracts.ts'
import type { CloudEvent } from '../../gateway/kernel/event.ts'
import type { Reading, Series } from '../../gateway/kernel/reading.ts'

/** One implementation under test. */
export interface StoreSubject {
  readonly store: Store & StoreRecovery
  /** Ends it and opens what it left behind. */
  crash(): Promise<StoreSubject>
  dispose(): Promise<void>
}

export const seriesOf = (storedId: number, device = `d${storedId}`, metric = 'm'): Series => ({ id: storedId - 1, device, metric, storedId })

export const readingOf = (series: Series, value: Reading['value'], more: Partial<Reading> = {}): Reading => ({
  series, value, quality: 'good', unit: undefined, ts: 1_000, tsGiven: false, seq: undefined, receivedAt: 1_000, k: 0, ...more,
})

export const eventOf = (id: string, more: Partial<CloudEvent> = {}): CloudEvent => ({
  specversion: '1.0', id, type: 'limen.alarm.raised', source: 'site', time: '2026-01-01T00:00:00.000Z', ...more,
})

export const putSeries = (store: Store, series: Series, labels: Record<string, string> = {}): void =>
  store.put('series', String(series.storedId), JSON.stringify({ device: series.device, metric: series.metric, labels }))

/** Resolves when what was put into the store up to now is on disk; rejects if it could not be stored. */
export const stored = (store: Store): Promise<void> =>
  new Promise((resolve, reject) => store.onDisk((error) => (error === null ? resolve() : reject(error))))

/** What every Store keeps to. */
export function storeContract(name: string, create: () => Promise<StoreSubject>): void {
  describe(`a store: ${name}`, () => {
    let subject: StoreSubject
    let store: Store & StoreRecovery
    const a = seriesOf(1, 'bed-1', 'hr')
    const b = seriesOf(2, 'bed-2', 'hr')

    beforeEach(async () => {
      subject = await create()
      store = subject.store
    })
    afterEach(() => subject.dispose())

    async function crash(): Promise<void> {
      subject = await subject.crash()
      store = subject.store
    }

    it('gives positions from 1, dense, over readings, events and marks', async () => {
      const given = [store.appendReading(readingOf(a, 1), 1), store.appendEvent(eventOf('e')), store.appendMark({ kind: 'tick' }), store.appendReading(readingOf(a, 2), 1)]
      expect(given).toEqual([1, 2, 3, 4])
      await stored(store)
      expect([store.firstPosition(), store.lastPosition()]).toEqual([1, 4])
    })

    it('shows nothing before it is committed', async () => {
      store.appendEvent(eventOf('e'))
      store.put('s', 'k', 'v')
      expect(store.lastPosition()).toBe(0)
      expect((await store.read({ after: 0, limit: 10 })).entries.length === 0 || store.lastPosition() === 1).toBe(true)
      await stored(store)
      expect(store.lastPosition()).toBe(1)
      expect(await store.get('s', 'k')).toBe('v')
    })

    it('never closes a batch in the synchronous run that appends', () => {
      const order: string[] = []
      store.onDisk(() => order.push('disk'))
      store.appendEvent(eventOf('e'))
      store.urgent()
      order.push('run ended')
      expect(order).toEqual(['run ended'])
    })

    it('calls back in the order of registration over all batches', async () => {
      const order: number[] = []
      for (let i = 0; i < 50; i++) {
        store.onDisk(() => order.push(i))
        store.appendReading(readingOf(a, i), 200)
        if (i % 7 === 0) store.urgent()
        if (i % 5 === 0) await new Promise((resolve) => setImmediate(resolve))
      }
      await stored(store)
      expect(order).toEqual([...Array(50).keys()])
    })

    it('calls back when there is nothing to store', async () => {
      await stored(store)
      store.put('s', 'k', 'v')
      await stored(store)
      await stored(store)
      expect(store.lastPosition()).toBe(0)
    })

    it('gives every member of a reading back', async () => {
      putSeries(store, a, { ward: 'east', 'naïve "label"': 'ünï,\n' })
      const values: Partial<Reading>[] = [
        { value: 36.7 }, { value: -0.5 }, { value: 0 }, { value: 1e-7 }, { value: 1.7976931348623157e308 }, { value: 123_456_789_012 }, { value: 0.1 + 0.2 },
        { value: true }, { value: false }, { value: null }, { value: 'text "quoted" \n line, ☃ \u0000' }, { value: '' },
        { value: Number.NaN, quality: 'bad' }, { value: Number.NEGATIVE_INFINITY, quality: 'bad' },
        { value: 1, seq: 0 }, { value: 1, seq: 9_007_199_254_740_991 }, { value: 1, k: 7 }, { value: 1, unit: 'mm[Hg]' },
        { value: 1, ts: 5, tsGiven: true, receivedAt: 1_767_225_600_000 }, { value: 1, ts: 8.64e15, tsGiven: true }, { value: 1, ts: -1, tsGiven: true },
        { value: 2, ts: 999, tsGiven: true, receivedAt: 1_001, seq: 3, k: 1, unit: 'Cel', quality: 'bad' },
      ]
      const readings = values.map((more) => readingOf(a, 0, more))
      for (const reading of readings) store.appendReading(reading, 60)
      await stored(store)
      const expected = readings.map(({ series, ...rest }, i) => ({
        position: i + 1, device: series.device, metric: series.metric, labels: { ward: 'east', 'naïve "label"': 'ünï,\n' }, ...rest,
      }))
      const read = await store.read({ after: 0, limit: 100 })
      expect(read.entries.map((entry) => entry.kind === 'reading' && entry.reading)).toEqual(expected)
      await crash()
      const again = await store.read({ after: 0, limit: 100 })
      expect(again.entries.map((entry) => entry.kind === 'reading' && entry.reading)).toEqual(expected)
      expect(await store.readings({ device: 'bed-1', limit: 100 })).toEqual(expected)
    })

    it('keeps events and marks between readings in their order', async () => {
      putSeries(store, a)
      const kinds: string[] = []
      for (let i = 0; i < 40; i++) {
        const kind = (['reading', 'event', 'mark', 'reading', 'reading'] as const)[(i * i) % 5]!
        kinds.push(kind)
        if (kind === 'reading') store.appendReading(readingOf(a, i), 10)
        else if (kind === 'event') store.appendEvent(eventOf(`e${i}`, { data: { i, nested: { '__proto__x': [1, null, 'ü\u2028'] } } }))
        else store.appendMark({ kind: 'timer', i })
        if (i % 9 === 8) await stored(store)
      }
      await stored(store)
      const check = async (): Promise<void> => {
        const { entries, next } = await store.read({ after: 0, limit: 100 })
        expect(entries.map((entry) => entry.kind)).toEqual(kinds)
        expect(entries.map((entry) => entry.position)).toEqual(kinds.map((_, i) => i + 1))
        for (const entry of entries) {
          if (entry.kind === 'reading') expect(entry.reading).toMatchObject({ value: entry.position - 1, position: entry.position })
          else if (entry.kind === 'event') expect(entry.event).toEqual(eventOf(`e${entry.position - 1}`, { data: { i: entry.position - 1, nested: { '__proto__x': [1, null, 'ü\u2028'] } } }))
          else expect(entry.mark).toEqual({ kind: 'timer', i: entry.position - 1 })
        }
        expect(next).toBe(40)
      }
      await check()
      await crash()
      await check()
    })

    it('pages through the log by kind and says where to go on', async () => {
      putSeries(store, a)
      for (let i = 1; i <= 30; i++) {
        if (i % 10 === 0) store.appendEvent(eventOf(`e${i}`))
        else store.appendReading(readingOf(a, i), 10)
        if (i % 4 === 0) await stored(store)
      }
      await stored(store)
      const page = async (kinds: ('reading' | 'event' | 'mark')[] | undefined): Promise<number[]> => {
        const positions: number[] = []
        for (let after = 0; ; ) {
          const { entries, next } = await store.read({ after, limit: 7, ...(kinds === undefined ? {} : { kinds }) })
          positions.push(...entries.map((entry) => entry.position))
          if (next === after) return positions
          expect(next).toBeGreaterThan(after)
          after = next
        }
      }
      const all = [...Array(30).keys()].map((i) => i + 1)
      const check = async (): Promise<void> => {
        expect(await page(undefined)).toEqual(all)
        expect(await page(['event'])).toEqual([10, 20, 30])
        expect(await page(['reading'])).toEqual(all.filter((i) => i % 10 !== 0))
        expect(await page(['mark'])).toEqual([])
        const { entries, next } = await store.read({ after: 3, limit: 2 })
        expect([entries.map((entry) => entry.position), next]).toEqual([[4, 5], 5])
        expect(await store.read({ after: 30, limit: 5 })).toEqual({ entries: [], next: 30 })
      }
      await check()
      await crash()
      await check()
    })

    it('finds readings by device, metric and event time, page by page', async () => {
      const c = seriesOf(3, 'bed-1', 'spo2')
      for (const series of [a, b, c]) putSeries(store, series)
      for (let i = 0; i < 60; i++) {
        store.appendReading(readingOf([a, b, c][i % 3]!, i, { ts: 10_000 - i * 10, tsGiven: true }), 10)
        if (i % 11 === 0) {
          store.appendEvent(eventOf('e'))
          await stored(store)
        }
      }
      await stored(store)
      const values = async (query: object): Promise<unknown[]> => (await store.readings({ limit: 100, ...query })).map((reading) => reading.value)
      const expected = (which: number[], from = -Infinity, to = Infinity): number[] =>
        [...Array(60).keys()].filter((i) => which.includes(i % 3) && 10_000 - i * 10 >= from && 10_000 - i * 10 < to)
      const check = async (): Promise<void> => {
        expect(await values({ device: 'bed-1', metric: 'hr' })).toEqual(expected([0]))
        expect(await values({ device: 'bed-1' })).toEqual(expected([0, 2]))
        expect(await values({ metric: 'hr' })).toEqual(expected([0, 1]))
        expect(await values({})).toEqual(expected([0, 1, 2]))
        expect(await values({ device: 'nobody' })).toEqual([])
        expect(await values({ metric: 'hr', from: 9_600, to: 9_800 })).toEqual(expected([0, 1], 9_600, 9_800))
        expect(await values({ device: 'bed-1', order: 'desc' })).toEqual(expected([0, 2]).toReversed())
        expect(await values({ metric: 'hr', from: 9_600, to: 9_800, order: 'desc', limit: 7 })).toEqual(expected([0, 1], 9_600, 9_800).toReversed().slice(0, 7))
        const paged: unknown[] = []
        for (let after = 0; ; ) {
          const page = await store.readings({ metric: 'hr', after, limit: 3 })
          if (page.length === 0) break
          paged.push(...page.map((reading) => reading.value))
          after = page.at(-1)!.position
        }
        expect(paged).toEqual(expected([0, 1]))
        const back = [await store.readings({ metric: 'hr', limit: 4, order: 'desc' })]
        while (back.at(-1)!.length > 0) back.push(await store.readings({ metric: 'hr', limit: 4, order: 'desc', before: back.at(-1)!.at(-1)!.position }))
        expect(back.flat().map((reading) => reading.value)).toEqual(expected([0, 1]).toReversed())
      }
      await check()
      await crash()
      await check()
    })

    it('gives a reading the labels it was stored with', async () => {
      const relabelled = { ...a, storedId: 9 }
      putSeries(store, a, { ward: 'east' })
      store.appendReading(readingOf(a, 1), 1)
      await stored(store)
      putSeries(store, relabelled, { ward: 'west' })
      store.appendReading(readingOf(relabelled, 2), 1)
      await stored(store)
      expect((await store.readings({ device: 'bed-1', limit: 9 })).map(({ value, labels }) => [value, labels])).toEqual([[1, { ward: 'east' }], [2, { ward: 'west' }]])
    })

    it('keeps the last value of a key, text or bytes, and forgets what is deleted', async () => {
      const bytes = new Uint8Array([0, 255, 7])
      store.put('s', 'k', 'first')
      store.put('s', 'k', 'second')
      store.put('s', 'bytes', bytes)
      bytes[0] = 9
      store.put('s', 'gone', 'x')
      store.put('other', 'k', 'elsewhere')
      await stored(store)
      store.delete('s', 'gone')
      store.put('s', 'back', '1')
      store.delete('s', 'back')
      store.put('s', 'back', '2')
      await stored(store)
      const check = async (): Promise<void> => {
        expect(await store.get('s', 'k')).toBe('second')
        expect([...(await store.get('s', 'bytes') as Uint8Array)]).toEqual([0, 255, 7])
        expect(await store.get('s', 'gone')).toBeUndefined()
        expect(await store.get('s', 'back')).toBe('2')
        expect(await store.get('other', 'k')).toBe('elsewhere')
      }
      await check()
      await crash()
      await check()
    })

    it('lists a space in the order of keys, by prefix, after a key, up to a limit', async () => {
      const keys = ['a', 'a/1', 'a/10', 'a/2', 'b', '%_', 'ä', '\u{1F600}', '\uFFFD', 'a\u0000b', '']
      for (const key of keys) store.put('s', key, `v${key}`)
      store.put('t', 'a/3', 'not mine')
      await stored(store)
      const sorted = keys.toSorted((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)))
      const list = async (query?: { prefix?: string; after?: string; limit?: number }): Promise<string[]> => (await store.list('s', query)).map(([key]) => key)
      expect(await list()).toEqual(sorted)
      expect((await store.list('s')).map(([, value]) => value)).toEqual(sorted.map((key) => `v${key}`))
      expect(await list({ prefix: 'a/' })).toEqual(['a/1', 'a/10', 'a/2'])
      expect(await list({ prefix: 'a/', after: 'a/1', limit: 1 })).toEqual(['a/10'])
      expect(await list({ prefix: '%' })).toEqual(['%_'])
      expect(await list({ prefix: 'a', after: 'a/2' })).toEqual([])
      expect(await list({ limit: 2 })).toEqual(sorted.slice(0, 2))
      expect(await store.list('nothing')).toEqual([])
      for (let i = 0; i < 12_000; i++) store.put('many', String(i).padStart(5, '0'), String(i))
      await stored(store)
      expect((await store.list('many')).map(([, value]) => Number(value))).toEqual([...Array(12_000).keys()])
      expect(await store.list('many', { after: '00999', limit: 7_000 })).toHaveLength(7_000)
    })

    it('tells followers after each commit that appended, until they leave', async () => {
      const told: [number, number | undefined, number][] = []
      const leave = store.follow((last, readings) => told.push([last, readings, store.lastPosition()]))
      store.put('s', 'k', 'no entry')
      await stored(store)
      store.appendReading(readingOf(a, 1), 1)
      store.appendEvent(eventOf('e'))
      await stored(store)
      await new Promise((resolve) => setImmediate(resolve))
      expect(told).toEqual([[2, 1, 2]])
      leave()
      store.appendEvent(eventOf('e'))
      await stored(store)
      await new Promise((resolve) => setImmediate(resolve))
      expect(told).toEqual([[2, 1, 2]])
    })

    it('brings back what is needed to know duplicates, newest batches, oldest first', async () => {
      putSeries(store, a)
      for (let batch = 0; batch < 5; batch++) {
        for (let i = 0; i < 4; i++) store.appendReading(readingOf(a, batch * 4 + i), 1)
        store.appendMark({ kind: 'batch', batch })
        store.noteInbound({ clientId: `client ${batch} ü`, messageId: 65_535 - batch, hash: 2 ** 53 - 1 - batch })
        store.noteInbound({ clientId: 'same', messageId: 0, hash: batch })
        await stored(store)
      }
      await crash()
      const batches = await Array.fromAsync(store.recent({ maxReadings: 12, sinceWallMs: 0 }))
      expect(batches.flatMap((one) => one.readings.map((reading) => reading.value))).toEqual([8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19])
      expect(batches.flatMap((one) => one.marks.map((mark) => mark['batch']))).toEqual([2, 3, 4])
      expect(batches.flatMap((one) => one.inbound)).toEqual(
        [2, 3, 4].flatMap((n) => [{ clientId: `client ${n} ü`, messageId: 65_535 - n, hash: 2 ** 53 - 1 - n }, { clientId: 'same', messageId: 0, hash: n }]),
      )
      expect(await Array.fromAsync(store.recent({ maxReadings: 12, sinceWallMs: Number.MAX_SAFE_INTEGER }))).toEqual([])
    })

    it('remembers inbound messages that brought no entry, and when it was last alive', async () => {
      expect(store.lastAlive()).toBeNull()
      store.noteInbound({ clientId: 'c', messageId: 1, hash: 5 })
      await stored(store)
      const alive = store.lastAlive()
      expect(alive).toEqual({ wallMs: expect.any(Number), monotonicMs: expect.any(Number) })
      await crash()
      expect(store.lastAlive()).toEqual(alive)
      expect(store.lastPosition()).toBe(0)
      expect((await Array.fromAsync(store.recent({ maxReadings: 10, sinceWallMs: 0 }))).flatMap((one) => one.inbound)).toEqual([{ clientId: 'c', messageId: 1, hash: 5 }])
      store.appendEvent(eventOf('e'))
      await stored(store)
      expect(store.lastPosition()).toBe(1)
    })

    it('goes on behind what was committed after a start', async () => {
      store.appendEvent(eventOf('kept'))
      store.put('s', 'kept', '1')
      await stored(store)
      await crash()
      expect(store.appendEvent(eventOf('next'))).toBe(2)
      await stored(store)
      expect((await store.read({ after: 0, limit: 9 })).entries.map((entry) => entry.kind === 'event' && entry.event.id)).toEqual(['kept', 'next'])
    })

    it('commits what is open when it is stopped, refuses what comes later, and may be stopped twice', async () => {
      let told: Error | null | undefined
      store.appendEvent(eventOf('last'))
      store.onDisk((error) => {
        told = error
      })
      await store.stop()
      await store.stop()
      expect(told).toBeNull()
      expect(() => store.appendEvent(eventOf('late'))).toThrow(expect.objectContaining({ code: 'STORE_CLOSED' }))
      expect(store.health().writable).toBe(false)
      await crash()
      expect(store.lastPosition()).toBe(1)
    })
  })
}
