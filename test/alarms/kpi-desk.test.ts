import { describe, expect, it } from 'vitest'
import { createKpis } from '../../gateway/alarms/kpi-desk.ts'
import type { OnQuery } from '../../gateway/kernel/contracts.ts'
import type { CloudEvent } from '../../gateway/kernel/event.ts'
import { silentLogger } from '../../gateway/kernel/log.ts'
import { renderMetrics } from '../../gateway/web/metrics-text.ts'
import { deliveredEvent, journalEvent, journalStartMs } from '../support/alarm-journal.ts'
import { anAlarm, aRule, createAlarmBoard } from '../support/desks.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { openStore } from '../store/open-store.ts'
import { tempDir } from '../support/temp-dir.ts'

const at = (s: number): number => journalStartMs + s * 1_000
const hour = 3_600
const day = 24 * hour

/** A desk on a store in memory; the clock stands `s` seconds after the journal's start. */
function desk(options: Parameters<typeof createKpis>[0] = {}) {
  const clock = createFakeClock()
  const store = createMemoryStore({ clock })
  const board = createAlarmBoard()
  const reads: OnQuery[] = []
  const rules = [aRule('hr-high'), { ...aRule('shadow'), mode: 'shadow' as const }]
  const kpis = createKpis(options, {
    store: { readOn: (query) => (reads.push(query), store.readOn(query)) },
    alarms: board, rules: () => rules, clock, logger: silentLogger,
  })
  async function happen(...events: readonly CloudEvent[]): Promise<void> {
    for (const event of events) {
      const ms = Date.parse(event.time) - clock.wall()
      if (ms > 0) await clock.advance(ms)
      store.appendEvent(event)
      await store.commit()
    }
  }
  const until = (s: number) => clock.advance(Math.max(0, at(s) - clock.wall()))
  const figure = async (id: string, query: { from: number; to: number; operators?: number }) => (await kpis.report({ operators: 1, ...query })).figures.find((one) => one.id === id)?.value
  const scrape = () => renderMetrics([kpis.metrics])
  return { kpis, clock, store, board, reads, happen, until, figure, scrape }
}

describe('key figures asked of the journal', () => {
  it('are of the part of the period that the journal covers and that has been', async () => {
    const { kpis, happen, until } = desk()
    await until(10 * day)
    await happen(journalEvent({ s: 10 * day, event: 'raised' }), journalEvent({ s: 10 * day + hour, event: 'raised', key: 'bed-2' }))
    await until(10 * day + 2 * hour)
    const report = await kpis.report({ from: at(9 * day), to: at(11 * day), operators: 1 })
    expect(report).toMatchObject({ from: '2026-01-10T00:00:00.000Z', to: '2026-01-12T00:00:00.000Z', covered: { from: '2026-01-11T00:00:00.000Z', to: '2026-01-11T02:00:00.000Z' }, annunciated: 2 })
    expect(report.figures.find(({ id }) => id === 'annunciated-per-hour')).toMatchObject({ value: 1, rating: 'good' })
    expect(report.figures.find(({ id }) => id === 'annunciated-per-day')).toMatchObject({ value: 24, rating: 'none' })
  })

  it('of a journal with nothing in it are there, too', async () => {
    const { kpis, until } = desk()
    await until(day)
    expect(await kpis.report({ from: at(0), to: at(day), operators: 1 })).toMatchObject({ annunciated: 0, perHour: [], covered: { from: '2026-01-02T00:00:00.000Z', to: '2026-01-02T00:00:00.000Z' } })
  })

  it('of the last day read on from where the last question stopped; those of a longer period while somebody looks at it', async () => {
    const { happen, until, figure, reads } = desk({ pageSize: 2 })
    await happen(...[0, 1, 2, 3, 4].map((n) => journalEvent({ s: n * hour, event: 'raised', key: `bed-${n}` })))
    await until(5 * hour)
    const lastDay = { from: at(5 * hour - day), to: at(5 * hour) }
    expect(await figure('annunciated-per-day', lastDay)).toBe(24)
    await happen(journalEvent({ s: 6 * hour, event: 'raised', key: 'bed-9' }))
    await until(6 * hour + 1)
    reads.length = 0
    expect((await figure('annunciated-per-hour', { from: at(6 * hour - day), to: at(6 * hour + 1) }))).toBeCloseTo(1, 2)
    expect(reads.map(({ after }) => after)).toEqual([0, 5, 6])
    await until(3 * day)
    expect(await figure('annunciated-per-hour', { from: at(3 * day - day), to: at(3 * day) })).toBe(0)
    expect(await figure('annunciated-per-hour', { from: at(0), to: at(4 * hour) })).toBe(1)
    expect(reads.at(-1)!.committedSince).toBe(at(0) - 1_000)
    const began = () => reads.filter(({ after, limit }) => after === 0 && limit === 2).length
    const before = began()
    await happen(journalEvent({ s: 3 * day, event: 'raised', key: 'bed-2' }))
    expect(await figure('annunciated-per-hour', { from: at(hour), to: at(5 * hour) })).toBe(1)
    expect(await figure('peak-10min', { from: at(hour), to: at(3 * day + 1) })).toBe(1)
    expect(began()).toBe(before)
    await until(3 * day + 301)
    expect(await figure('annunciated-per-hour', { from: at(hour), to: at(4 * hour) })).toBe(1)
    expect(began()).toBe(before + 1)
    expect(await figure('annunciated-per-hour', { from: at(-day), to: at(4 * hour) })).toBe(1)
    expect(began()).toBe(before + 2)
  })

  it('count what has stood since before the period, and not what a shadow rule sees or an overlay hides', async () => {
    const { kpis, until, board, happen } = desk()
    await happen(journalEvent({ s: 0, event: 'raised', rule: 'r', key: 'long-over' }))
    const raisedAt = new Date(at(0)).toISOString()
    for (const [id, change] of Object.entries({ standing: {}, seen: { rule: 'shadow' }, hidden: { overlays: ['suppressed' as const] }, over: { active: false } })) board.byId.set(id, anAlarm({ id, key: id, raisedAt, ...change }))
    await until(5 * day)
    expect((await kpis.report({ from: at(4 * day), to: at(5 * day), operators: 1 })).stale.map(({ id }) => id)).toEqual(['standing'])
    expect((await kpis.report({ from: at(2 * day), to: at(3 * day), operators: 1 })).stale.map(({ id }) => id)).toEqual(['standing'])
    expect((await kpis.report({ from: at(-day), to: at(day), operators: 1 })).stale).toEqual([])
  })

  it('are worked out once for all who ask the same within seconds', async () => {
    const { kpis, happen, reads, clock } = desk()
    await happen(journalEvent({ s: 0, event: 'raised' }))
    const asked = { from: at(-day), to: at(day), operators: 1 }
    const [a, b] = await Promise.all([kpis.report(asked), kpis.report(asked)])
    expect(a).toBe(b)
    const read = reads.length
    expect(await kpis.report(asked)).toBe(a)
    expect(reads).toHaveLength(read)
    await clock.advance(10_000)
    expect(await kpis.report(asked)).not.toBe(a)
  })

  it('are refused where there is too much to look through, or too many ask at once; and are there again afterwards', async () => {
    const { kpis, happen, until } = desk({ maxEvents: 5, pageSize: 2 })
    await happen(...[0, 1, 2, 3, 4, 5, 6, 7].map((n) => journalEvent({ s: n, event: 'raised', key: `bed-${n}` })))
    await until(4 * day)
    await expect(kpis.report({ from: at(0), to: at(day), operators: 1 })).rejects.toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining('5 events'), remedy: expect.stringContaining('later') })
    const many = await Promise.allSettled([1, 2, 3, 4, 5, 6].map((operators) => kpis.report({ from: at(3 * day), to: at(4 * day), operators })))
    expect(many.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected'])
    expect(many.at(-1)).toMatchObject({ reason: { code: 'OVERLOADED' } })
    expect(await kpis.report({ from: at(3 * day), to: at(4 * day), operators: 6 })).toMatchObject({ operators: 6 })
  })

  it('follow a clock that is set back', async () => {
    const { kpis, happen, until, clock } = desk()
    await happen(journalEvent({ s: 0, event: 'raised' }), journalEvent({ s: hour, event: 'raised', key: 'bed-2' }))
    clock.stepWall(40 * day * 1_000)
    await kpis.report({ from: clock.wall() - day * 1_000, to: clock.wall(), operators: 1 })
    clock.stepWall(-40 * day * 1_000)
    await until(2 * hour)
    expect(await kpis.report({ from: at(-day), to: at(2 * hour), operators: 1 })).toMatchObject({ annunciated: 2 })
  })
})

describe('key figures as metrics', () => {
  it('are of the last day, worked out once a minute while somebody scrapes, and silent after nobody did', async () => {
    const { happen, until, scrape, reads, clock, kpis } = desk()
    await happen(journalEvent({ s: 0, event: 'raised' }), journalEvent({ s: 5, event: 'acked', from: 'unacked', state: 'acked', raisedAt: new Date(at(0)).toISOString() }), deliveredEvent({ s: 6, tookS: 0.5 }))
    await until(day)
    expect(scrape()).toBe('')
    await clock.advance(0)
    const text = scrape()
    expect(text).toContain('# TYPE limen_kpi_annunciated_per_day gauge\nlimen_kpi_annunciated_per_day 1\n')
    expect(text).toContain('limen_kpi_priority_percent{priority="high"} 100\n')
    expect(text).toContain('limen_kpi_ack_seconds{quantile="0.95"} 5\n')
    expect(text).toContain('limen_kpi_delivery_seconds{quantile="0.5"} 0.5\n')
    const read = reads.length
    for (let n = 0; n < 5; n++) {
      await clock.advance(5_000)
      scrape()
    }
    expect(reads).toHaveLength(read)
    await happen(journalEvent({ s: day + 30, event: 'raised', key: 'bed-2' }))
    await clock.advance(60_000)
    expect(scrape()).toContain('limen_kpi_peak_10min 1\n')
    await clock.advance(16 * 60_000)
    const last = reads.length
    await clock.advance(60 * 60_000)
    expect(reads).toHaveLength(last)
    expect(scrape()).toBe('')
    kpis.stop()
    await clock.advance(5 * 60_000)
    expect(reads.length).toBeLessThanOrEqual(last + 4)
  })

  it('tell no rate of a day while the journal is younger', async () => {
    const { happen, until, scrape, clock } = desk()
    await happen(journalEvent({ s: 0, event: 'raised' }))
    await until(2 * hour)
    scrape()
    await clock.advance(0)
    expect(scrape()).toContain('limen_kpi_annunciated_per_hour 0.5\n')
    expect(scrape()).not.toContain('per_day')
    expect(scrape()).not.toContain('limen_kpi_ack_seconds')
  })
})

describe('key figures of a journal on disk', () => {
  it('are the same before and after a start', async () => {
    const directory = tempDir()
    const clock = createFakeClock({ wallMs: Date.now(), monotonicMs: 0 })
    const now = clock.wall()
    const ask = async (): Promise<unknown> => {
      const store = await openStore({ directory })
      const kpis = createKpis({}, { store, alarms: createAlarmBoard(), rules: () => [], clock, logger: silentLogger })
      const report = await kpis.report({ from: now - 86_400_000, to: now, operators: 1 })
      await store.stop()
      return report
    }
    const store = await openStore({ directory })
    for (let n = 0; n < 3_000; n++) {
      const time = new Date(now - 80_000_000 + n * 25_000).toISOString()
      store.appendEvent({ ...journalEvent({ s: 0, event: n % 2 === 0 ? 'raised' : 'acked', key: `bed-${n % 7}`, raisedAt: time }), time })
      if (n % 50 === 0) await new Promise((resolve) => { store.urgent(); store.onDisk(resolve) })
    }
    await store.stop()
    const first = await ask()
    expect(first).toMatchObject({ annunciated: 1_500 })
    expect(await ask()).toEqual(first)
  })
})
