import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createKpiAccumulator } from '../../gateway/alarms/kpis.ts'
import type { Alarm } from '../../gateway/kernel/alarm.ts'
import type { CloudEvent } from '../../gateway/kernel/event.ts'
import type { KpiId, KpiRating, KpiReport } from '../../gateway/kernel/kpis.ts'
import type { JournalLine } from '../support/alarm-journal.ts'
import { deliveredEvent, journalEvent, journalStartMs, someJournal } from '../support/alarm-journal.ts'
import { anAlarm } from '../support/desks.ts'
import { kpisByHand } from './kpi-by-hand.ts'

const at = (s: number): number => journalStartMs + s * 1_000
const valuesOf = (report: KpiReport): Record<string, number | null> => Object.fromEntries(report.figures.map(({ id, value }) => [id, value]))

function reportOf(events: readonly CloudEvent[], { from, to, operators = 1, alarms = [] }: { from: number; to: number; operators?: number; alarms?: readonly Alarm[] }): KpiReport {
  const kpis = createKpiAccumulator()
  for (const event of events) kpis.feed(event)
  for (const alarm of alarms) kpis.seed(alarm)
  return kpis.report({ from, to, operators }, { from, to })
}

/* ------------------------------------------------------------ golden cases --- */

type CaseLine = JournalLine | { readonly s: number; readonly delivered: { readonly tookS: number } } | { readonly stands: Partial<Alarm> }

interface Expected {
  /** Seconds after the journal's start. */
  readonly from: number
  readonly to: number
  readonly operators?: number
  readonly figures: Readonly<Partial<Record<KpiId, readonly [value: number | null, rating: KpiRating]>>>
  readonly report?: Readonly<Record<string, unknown>>
}

const root = join(import.meta.dirname, '../cases/kpis')
const cases = readdirSync(root).sort()

describe('golden cases of the key figures', () => {
  it.each(cases)('%s', (name) => {
    const lines = readFileSync(join(root, name, 'input.jsonl'), 'utf8').split('\n').filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as CaseLine)
    const { from, to, operators = 1, figures, report } = JSON.parse(readFileSync(join(root, name, 'expected.json'), 'utf8')) as Expected
    const events = lines.flatMap((line) => ('stands' in line ? [] : [{ s: line.s, event: 'delivered' in line ? deliveredEvent({ s: line.s, tookS: line.delivered.tookS }) : journalEvent(line) }]))
    const alarms = lines.flatMap((line) => ('stands' in line ? [anAlarm(line.stands)] : []))
    const found = reportOf(events.map(({ event }) => event), { from: at(from), to: at(to), operators, alarms })
    expect(Object.fromEntries(found.figures.filter(({ id }) => id in figures).map(({ id, value, rating }) => [id, [value, rating]]))).toEqual(figures)
    if (report !== undefined) expect(found).toMatchObject(report)
  })
})

/* -------------------------------------------------------------- properties --- */

const period = fc.tuple(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 5 }))

/** A period that begins and ends anywhere within the journal, on or between its steps. */
function periodIn(events: readonly CloudEvent[], [a, b, operators]: readonly [number, number, number]): { from: number; to: number; operators: number } {
  const last = Date.parse(events.at(-1)?.time ?? new Date(journalStartMs).toISOString())
  const times = [journalStartMs, ...events.map(({ time }) => Date.parse(time)), last + 3_600_000]
  const [x, y] = [times[a % times.length]! + (a % 3) - 1, times[b % times.length]! + (b % 3) - 1].sort((p, q) => p - q)
  return { from: x!, to: Math.max(y!, x! + 1), operators }
}

describe('the key figures of any journal', () => {
  it('are what the definitions say', () => {
    fc.assert(fc.property(someJournal, period, ({ events }, numbers) => {
      const asked = periodIn(events, numbers)
      const report = reportOf(events, asked)
      const byHand = kpisByHand(events, asked)
      expect(valuesOf(report)).toEqual(byHand.values)
      expect(report.floods.map(({ from, to }) => [Date.parse(from), Date.parse(to)])).toEqual(byHand.floods)
      expect(report.stale.map(({ id }) => id).sort()).toEqual(byHand.stale.sort())
      expect(report.perHour.reduce((sum, { count }) => sum + count, 0)).toBe(report.annunciated)
      expect(report.priorities.low + report.priorities.medium + report.priorities.high).toBe(report.annunciated)
      // Ten, of which four may have been counted for the flood before.
      for (const flood of report.floods) expect(flood.alarms).toBeGreaterThanOrEqual(6)
      expect(report.floods.reduce((sum, flood) => sum + flood.alarms, 0)).toBeLessThanOrEqual(report.annunciated)
    }), { numRuns: 150 })
  })

  it('are of journals in which there is something to find', () => {
    const found = fc.sample(fc.tuple(someJournal, period), { numRuns: 150, seed: 1 }).map(([{ events }, numbers]) => kpisByHand(events, periodIn(events, numbers)))
    expect(found.filter(({ floods }) => floods.length > 0).length).toBeGreaterThan(10)
    expect(found.filter(({ stale }) => stale.length > 0).length).toBeGreaterThan(10)
    for (const id of ['chattering', 'ack-p95', 'delivery-p95'] as const) expect(found.filter(({ values }) => (values[id] ?? 0) > 0).length, id).toBeGreaterThan(10)
  })

  it('are the same whether kept up to date, with the past forgotten, or worked out anew from the period and how things stand', () => {
    fc.assert(fc.property(someJournal, period, fc.nat(), ({ events, alarms }, numbers, forgetEvery) => {
      const asked = periodIn(events, numbers)
      const running = createKpiAccumulator()
      for (const [index, event] of events.entries()) {
        running.feed(event)
        if (index % (1 + (forgetEvery % 20)) === 0) running.forget(Math.min(asked.from, Date.parse(event.time) - 60_000))
      }
      const anew = createKpiAccumulator()
      for (const event of events) if (Date.parse(event.time) >= asked.from) anew.feed(event)
      for (const alarm of alarms) anew.seed(alarm)
      expect(running.report(asked, asked)).toEqual(anew.report(asked, asked))
    }), { numRuns: 150 })
  })

  it('are finite, and in step with each other, where the clock was set back and forth', () => {
    fc.assert(fc.property(someJournal, fc.array(fc.integer({ min: -100_000, max: 100_000 }), { minLength: 1 }), period, ({ events, alarms }, steps, numbers) => {
      const moved = events.map((event, index) => ({ ...event, time: new Date(Date.parse(event.time) + 1_000 * steps[Math.floor(index / 10) % steps.length]!).toISOString() }))
      const report = reportOf(moved, { ...periodIn(moved, numbers), alarms })
      for (const { value } of report.figures) if (value !== null) expect(value).toBeGreaterThanOrEqual(0)
      expect(report.perHour.reduce((sum, { count }) => sum + count, 0)).toBe(report.annunciated)
    }), { numRuns: 60 })
  })
})

/* ------------------------------------------------------------------- edges --- */

describe('a memory of announcements that is full', () => {
  it('forgets the oldest, and says from when on it is complete', () => {
    const kpis = createKpiAccumulator({ remembered: 100 })
    expect(kpis.completeFrom()).toBe(-Infinity)
    for (let s = 0; s < 150; s++) kpis.feed(journalEvent({ s, event: 'raised', key: `bed-${s}` }))
    const from = kpis.completeFrom()
    expect(from).toBeGreaterThan(at(0))
    const report = kpis.report({ from: at(0), to: at(150), operators: 1 }, { from, to: at(150) })
    expect(report.annunciated).toBe(150 - Math.ceil((from - at(0)) / 1_000))
    expect(report.covered.from).toBe(new Date(from).toISOString())
  })

  it('stays bounded where everything happens at one moment', () => {
    const kpis = createKpiAccumulator({ remembered: 100 })
    for (let i = 0; i < 1_000; i++) kpis.feed(journalEvent({ s: 5, event: 'raised', key: `bed-${i}` }))
    expect(kpis.report({ from: at(0), to: at(10), operators: 1 }, { from: at(0), to: at(10) }).annunciated).toBeLessThanOrEqual(100)
  })
})

describe('a report', () => {
  it('of nothing says nothing, and rates nothing that it does not know', () => {
    const report = reportOf([], { from: at(0), to: at(86_400) })
    expect(report).toMatchObject({ annunciated: 0, floods: [], frequent: [], chattering: [], stale: [], priorities: { low: 0, medium: 0, high: 0 } })
    expect(report.perHour).toHaveLength(24)
    expect(valuesOf(report)).toMatchObject({ 'annunciated-per-day': 0, 'peak-10min': 0, 'top-ten-share': null, 'priority-low': null, 'ack-median': null, 'delivery-p95': null })
    expect(report.figures.filter(({ rating }) => rating !== 'good').map(({ id, rating }) => [id, rating])).toEqual(
      ['top-ten-share', 'priority-low', 'priority-medium', 'priority-high', 'ack-median', 'ack-p95', 'delivery-median', 'delivery-p95'].map((id) => [id, 'none']),
    )
  })

  it('lists no more than a hundred of anything', () => {
    const raised = Array.from({ length: 300 }, (_, i) => journalEvent({ s: i / 1_000, event: 'raised', key: `bed-${i}` }))
    const chattering = Array.from({ length: 900 }, (_, i) => journalEvent({ s: 100 + i / 1_000, event: 'raised', key: `door-${i % 300}` }))
    const report = reportOf([...raised, ...chattering], { from: at(0), to: at(3 * 86_400) })
    expect([report.stale.length, report.chattering.length, report.frequent.length]).toEqual([100, 100, 10])
    expect(valuesOf(report)).toMatchObject({ stale: 600, chattering: 300 })
  })

  it('takes no notice of events that are not of alarms', () => {
    const odd: CloudEvent[] = [
      { specversion: '1.0', id: '1', type: 'limen.alarm.raised', source: 's', time: 'never', data: { id: 'a', rule: 'r', key: 'k' } },
      { specversion: '1.0', id: '2', type: 'limen.alarm.raised', source: 's', time: '2026-01-01T00:00:01Z' },
      { specversion: '1.0', id: '3', type: 'limen.delivery.delivered', source: 's', time: '2026-01-01T00:00:01Z', data: { event: 'limen.alarm.raised' } },
      { specversion: '1.0', id: '4', type: 'limen.delivery.delivered', source: 's', time: '2026-01-01T00:00:01Z', data: null },
      { specversion: '1.0', id: '5', type: 'door.opened', source: 's', time: '2026-01-01T00:00:01Z', data: { id: 'a', rule: 'r', key: 'k' } },
    ]
    expect(reportOf(odd, { from: at(0), to: at(60) })).toEqual(reportOf([], { from: at(0), to: at(60) }))
  })
})
