import type { Cancel, Clock } from '../kernel/clock.ts'
import type { AlarmView, StoreReader } from '../kernel/contracts.ts'
import { asError, LimenError } from '../kernel/errors.ts'
import { nudgeMs } from '../kernel/event.ts'
import type { KpiDesk, KpiQuery, KpiReport } from '../kernel/kpis.ts'
import type { Logger } from '../kernel/log.ts'
import type { MetricSource } from '../kernel/metric.ts'
import type { Rule } from '../kernel/rule.ts'
import { kpiMetrics } from './kpi-metrics.ts'
import type { KpiAccumulator } from './kpis.ts'
import { createKpiAccumulator } from './kpis.ts'

export interface KpisOptions {
  /** So many events one question looks through at most. Default 500,000. */
  readonly maxEvents?: number
  /** Events read at once; between two such pages others have their turn. Default 100, some 1 ms. */
  readonly pageSize?: number
}

export interface KpisDeps {
  readonly store: Pick<StoreReader, 'readOn'>
  readonly alarms: AlarmView
  /** Those that run: alarms of shadow rules stand before nobody. */
  readonly rules: () => readonly Rule[]
  readonly clock: Clock
  readonly logger: Logger
}

export interface Kpis extends KpiDesk {
  stop(): void
  /** Of the last 24 h, worked out anew once a minute as long as somebody scrapes; the first scrape only begins it. */
  readonly metrics: MetricSource
}

const dayMs = 86_400_000
/** A day and what a question may be late. */
const keptMs = dayMs + 3_600_000
/** So long the memory of a longer period waits for the next question. */
const longKeptMs = 5 * 60_000
const cachedMs = 10_000
const cachedReports = 20
const maxWaiting = 4
const refreshMs = 60_000
const scrapedWithinMs = 15 * 60_000

interface Reading { readonly kpis: KpiAccumulator; after: number; from: number }

/**
 * Asks the journal for the key figures. Those of the last day come from a memory that is read on from where it stopped; so do those of
 * a longer period while somebody looks at it. One at a time, page by page, so that the pipeline never waits.
 */
export function createKpis(options: KpisOptions, deps: KpisDeps): Kpis {
  const { maxEvents = 500_000, pageSize = 100 } = options
  const { store, clock, logger } = deps
  const cache = new Map<string, { readonly at: number; readonly report: Promise<KpiReport> }>()
  let lastDay: Reading | undefined
  let long: Reading | undefined
  let cancelDrop: Cancel | undefined
  let queue: Promise<unknown> = Promise.resolve()
  let waiting = 0
  let told: KpiReport | undefined
  let scrapedAt = -Infinity
  let fresh = false
  let cancelRefresh: Cancel | undefined
  let stopped = false

  /** One piece of work after the other. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (waiting >= maxWaiting) return Promise.reject(new LimenError('OVERLOADED', 'other key figures are being worked out', { remedy: 'try again in a moment' }))
    waiting++
    const done = queue.then(work).finally(() => waiting--)
    queue = done.catch(() => {})
    return done
  }

  /** Reads on to the end of the log. */
  async function readOn(reading: Reading, mostEvents: number): Promise<void> {
    for (let looked = 0; ; ) {
      const page = await store.readOn({ after: reading.after, limit: pageSize, committedSince: reading.from - nudgeMs })
      for (const entry of page.entries) if (entry.kind === 'event') reading.kpis.feed(entry.event)
      if (page.next === reading.after) return
      reading.after = page.next
      looked += page.entries.length
      if (looked > mostEvents) throw new LimenError('BAD_INPUT', `the journal has more than ${mostEvents} events since then`, { remedy: 'ask for a period that begins later' })
    }
  }

  async function begin(from: number, mostEvents: number): Promise<Reading> {
    const reading: Reading = { kpis: createKpiAccumulator(), after: 0, from }
    await readOn(reading, mostEvents)
    const shadows = new Set(deps.rules().flatMap(({ id, mode }) => (mode === 'shadow' ? [id] : [])))
    for (const alarm of deps.alarms.list()) if (!shadows.has(alarm.rule)) reading.kpis.seed(alarm)
    return reading
  }

  async function upToDate(): Promise<Reading> {
    const from = clock.wall() - keptMs
    // The clock was set back: what was forgotten is wanted again.
    if (lastDay === undefined || lastDay.from > from + refreshMs) lastDay = await begin(from, Infinity)
    else await readOn(lastDay, Infinity)
    if (from > lastDay.from) {
      lastDay.kpis.forget(from)
      lastDay.from = from
    }
    return lastDay
  }

  /** Whoever looks at a long period asks again, and then from a little later. */
  async function longAgo(from: number): Promise<Reading> {
    cancelDrop?.()
    if (long === undefined || from < long.from) {
      long = undefined
      long = await begin(from, maxEvents)
    } else await readOn(long, maxEvents)
    cancelDrop = clock.after(longKeptMs, () => (long = undefined))
    return long
  }

  /** When the journal that is kept begins: an event of ours says so; others have their senders' times. */
  async function journalBegin(): Promise<number> {
    const { entries } = await store.readOn({ after: 0, limit: 100 })
    const first = entries.find((entry) => entry.kind === 'event' && entry.event.type.startsWith('limen.'))
    return first?.kind === 'event' ? Date.parse(first.event.time) : clock.wall()
  }

  async function answer(query: KpiQuery): Promise<KpiReport> {
    const begun = await journalBegin()
    const recent = query.from >= clock.wall() - keptMs ? await upToDate() : undefined
    const { kpis } = recent !== undefined && query.from >= recent.from ? recent : await longAgo(query.from)
    const to = Math.max(query.from, Math.min(query.to, clock.wall()))
    return kpis.report(query, { from: Math.min(to, Math.max(query.from, begun, kpis.completeFrom())), to })
  }

  function report(query: KpiQuery): Promise<KpiReport> {
    const now = clock.monotonic()
    for (const [key, { at }] of cache) if (now - at >= cachedMs || cache.size > cachedReports) cache.delete(key)
    const key = `${query.from} ${query.to} ${query.operators}`
    const known = cache.get(key)
    if (known !== undefined) return known.report
    const made = inTurn(() => answer(query))
    cache.set(key, { at: now, report: made })
    made.catch(() => cache.delete(key))
    return made
  }

  async function refresh(): Promise<void> {
    const to = clock.wall()
    try {
      told = await inTurn(() => answer({ from: to - dayMs, to, operators: 1 }))
    } catch (thrown) {
      if (!stopped) logger.warn({ err: asError(thrown) }, 'the key figures of the alarms could not be worked out')
    }
  }

  async function keepFresh(): Promise<void> {
    // Nobody looks: then nothing is read, and nothing old is told to whoever looks next.
    if (clock.monotonic() - scrapedAt > scrapedWithinMs) {
      fresh = false
      told = undefined
      return
    }
    await refresh()
    if (!stopped) cancelRefresh = clock.after(refreshMs, () => void keepFresh())
  }

  return {
    report,
    stop() {
      stopped = true
      cancelRefresh?.()
      cancelDrop?.()
    },
    *metrics() {
      scrapedAt = clock.monotonic()
      if (!fresh && !stopped) {
        fresh = true
        void keepFresh()
      }
      if (told !== undefined) yield* kpiMetrics(told)
    },
  }
}
