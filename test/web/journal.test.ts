import { describe, expect, it } from 'vitest'
import { alarmCsvHeader } from '../../gateway/kernel/csv.ts'
import { silentLogger } from '../../gateway/kernel/log.ts'
import { createEventCsv } from '../../gateway/web/event-csv.ts'
import { createEventFilter } from '../../gateway/web/event-filter.ts'
import { createEventPages } from '../../gateway/web/event-pages.ts'
import { journalEvent, journalStartMs } from '../support/alarm-journal.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { tempDir } from '../support/temp-dir.ts'
import { webScene } from '../support/web-scene.ts'
import { openStore } from '../store/open-store.ts'

const url = '/api/v1/events'

interface Page { items: { id: string; limenposition: number }[]; next: string | null }

describe('the alarm journal', () => {
  it('is searched by rule, priority, who, words and time, in both orders', async () => {
    const { call, store, clock } = webScene()
    await clock.advance(300_000)
    const happened = [
      journalEvent({ s: 0, event: 'raised', rule: 'hr-high', key: 'bed-1', priority: 'high', message: 'Heart rate 140 on bed-1' }),
      journalEvent({ s: 60, event: 'acked', rule: 'hr-high', key: 'bed-1', priority: 'high', message: 'Heart rate 140 on bed-1', by: 'Ada', note: 'Calling the physician' }),
      journalEvent({ s: 120, event: 'raised', rule: 'spo2-low', key: 'bed-2', device: 'bed-2', priority: 'medium', message: 'SpO₂ 88% on bed-2' }),
      journalEvent({ s: 180, event: 'rejected', rule: 'spo2-low', key: 'bed-2', device: 'bed-2', priority: 'medium', message: 'SpO₂ 88% on bed-2', by: 'bob', reason: 'still active' }),
      { ...journalEvent({ s: 240, event: 'raised' }), type: 'door.opened', data: { message: 'Heart of the house', by: 'ada' } },
      journalEvent({ s: 300, event: 'cleared', rule: 'spo2-low', key: 'bed-2', device: 'bed-2', priority: 'low', message: 'SpO₂ 97% on bed-2' }),
    ]
    for (const one of happened) store.appendEvent(one)
    await store.commit()
    const found = async (query: string) => {
      const asked = async (order: string) => (await call({ url: `${url}?${query}&order=${order}` })).json<Page>().items.map(({ limenposition }) => limenposition)
      const rising = await asked('asc')
      expect((await asked('desc')).toReversed()).toEqual(rising)
      return rising
    }
    expect(await found('rule=hr-high&type=limen.alarm.*')).toEqual([1, 2])
    expect(await found('rule=hr-*,spo2-low&type=limen.alarm.raised')).toEqual([1, 3])
    expect(await found('priority=high,low')).toEqual([1, 2, 6])
    expect(await found('by=ADA')).toEqual([2, 5])
    expect(await found('by=ADA&type=limen.alarm.*')).toEqual([2])
    expect(await found('q=heart%20bed-1')).toEqual([1, 2])
    expect(await found('q=PHYSICIAN')).toEqual([2])
    expect(await found('q=active')).toEqual([4])
    expect(await found('q=spo₂%20nothing')).toEqual([])
    expect(await found('from=2026-01-01T00:01:00Z&to=2026-01-01T00:05:00Z')).toEqual([2, 3, 4, 5])
    expect(await found('from=2026-01-01T00:01:00Z&to=2026-01-01T00:05:00Z&type=limen.alarm.*&device=bed-2')).toEqual([3, 4])
    expect(await found(`from=${Date.UTC(2026, 0, 1, 0, 5)}`)).toEqual([6])
  })

  it('is told as CSV, all of it or as much as is asked for, with the columns of the export', async () => {
    const { call, store } = webScene()
    for (let s = 0; s < 2_500; s++) store.appendEvent(s % 10 === 9 ? { ...journalEvent({ s, event: 'raised' }), type: 'door.opened' } : journalEvent({ s, event: 'acked', by: 'ada', note: `"seen", ${s}`, message: 'HR high' }))
    await store.commit()
    const answer = await call({ url: `${url}?format=csv` })
    expect(answer.headers).toMatchObject({ 'content-type': 'text/csv; charset=utf-8', 'content-disposition': 'attachment; filename="alarms.csv"' })
    const lines = answer.body.split('\n')
    expect(lines[0]).toBe(alarmCsvHeader)
    expect(lines[1]).toMatch(/^2026-01-01T00:00:00\.000Z,acked,hr-high\.bed-1,process,.*,ada,"""seen"", 0",/)
    expect(lines).toHaveLength(2 + 2_250)
    const byAccept = await call({ url: `${url}?order=desc&limit=2&q=seen`, headers: { accept: 'text/csv' } })
    expect(byAccept.body.split('\n').slice(1, -1).map((line) => line.slice(0, 24))).toEqual(['2026-01-01T00:41:38.000Z', '2026-01-01T00:41:37.000Z'])
    expect((await call({ url: `${url}?format=csv&type=door.opened` })).json()).toMatchObject({ status: 400, errors: [{ member: 'type' }] })
    const head = await call({ method: 'HEAD', url: `${url}?format=csv` })
    expect([head.statusCode, head.headers['content-type'], head.body]).toEqual([200, 'text/csv; charset=utf-8', ''])
    expect((await call({ url: `${url}?format=csv&rule=none` })).body).toBe(`${alarmCsvHeader}\n`)
    expect((await call({ url: `${url}?format=json&limit=1`, headers: { accept: 'text/csv' } })).json<Page>().items).toHaveLength(1)
  })

  it('is told as CSV to two at once; one whose reader has gone makes room', async () => {
    const { store } = webScene()
    store.appendEvent(journalEvent({ s: 0, event: 'raised' }))
    await store.commit()
    const csv = createEventCsv({ pages: createEventPages({ store, site: 's' }), clock: createFakeClock() })
    const begin = () => csv.stream(createEventFilter({}), { order: 'asc', from: 0, limit: Infinity })
    const first = begin()
    begin()
    expect(begin).toThrow(expect.objectContaining({ code: 'OVERLOADED' }))
    first.destroy()
    await new Promise((resolve) => first.once('close', resolve))
    expect((await begin().toArray()).join('')).toMatch(/^time,event/)
  })
})

describe('the journal on disk', () => {
  it('is searched page by page, from a time on without looking at what came before, and to its end where few match', async () => {
    const clock = createFakeClock({ wallMs: journalStartMs, monotonicMs: 0 })
    const store = await openStore({ directory: tempDir(), commitWindowMs: 1 }, { clock, logger: silentLogger, lastingMs: () => 0 })
    const commit = async (s: number, ...of: readonly Parameters<typeof journalEvent>[0][]) => {
      await clock.advance(Math.max(1, journalStartMs + s * 1_000 - clock.wall()))
      for (const line of of) store.appendEvent(journalEvent(line))
      store.urgent()
      const done = new Promise((resolve) => store.onDisk(resolve))
      await clock.advance(100)
      await done
    }
    for (let minute = 0; minute < 40; minute++) {
      // What fell due at one moment long ago, while the gateway was down, is told with its own time in a later commit.
      await commit(minute * 60, { s: minute * 60, event: 'raised', key: `bed-${minute}` }, { s: minute * 60, event: 'acked', key: `bed-${minute}`, by: minute % 20 === 3 ? 'ada' : 'bob' }, ...(minute === 30 ? [{ s: 5, event: 'unshelved' as const, key: 'late' }] : []))
    }
    const pages = createEventPages({ store, site: 's' })
    async function all(options: Parameters<typeof createEventFilter>[0], limit: number): Promise<string[]> {
      const filter = createEventFilter({ types: 'limen.alarm.*', ...options })
      const down: string[] = []
      for (let before: number = Infinity; ; ) {
        const { items, next } = await pages.newestFirst(filter, { before, limit })
        down.push(...items.map(({ data }) => (data as { key: string }).key))
        if (next === null) break
        expect(Number(next)).toBeLessThan(before)
        before = Number(next)
      }
      const up: string[] = []
      for (let after = 0; ; ) {
        const { items, next } = await pages.oldestFirst(filter, { after, limit })
        up.push(...items.map(({ data }) => (data as { key: string }).key))
        if (next === null) break
        expect(Number(next)).toBeGreaterThan(after)
        after = Number(next)
      }
      expect(down.toReversed()).toEqual(up)
      return up
    }
    for (const limit of [1, 3, 100]) {
      expect(await all({ by: 'ada' }, limit)).toEqual(['bed-3', 'bed-23'])
      expect(await all({ from: journalStartMs, to: journalStartMs + 60_000 }, limit)).toEqual(['bed-0', 'bed-0', 'late'])
      expect(await all({ from: journalStartMs + 38 * 60_000 }, limit)).toEqual(['bed-38', 'bed-38', 'bed-39', 'bed-39'])
      expect(await all({ from: journalStartMs + 99 * 60_000 }, limit)).toEqual([])
    }
  })
})
