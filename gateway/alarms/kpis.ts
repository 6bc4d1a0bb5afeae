import type { Alarm } from '../kernel/alarm.ts'
import type { CloudEvent } from '../kernel/event.ts'
import type { KpiId, KpiQuery, KpiReport } from '../kernel/kpis.ts'
import type { Priority } from '../kernel/priority.ts'
import { alarmFactOf, deliveryFactOf, isAnnouncement } from './kpi-facts.ts'
import { figuresOf } from './kpi-figures.ts'
import { createStandingAlarms } from './kpi-standing.ts'
import { floodsIn, floodWindowMs, nearestRank, peakIn } from './kpi-windows.ts'

/**
 * Key figures of the alarms (docs/decisions/kpis.md), out of the journal. Pure: what it says of a period depends on the events of
 * that period and on nothing that was fed before them, so that a memory kept up to date and one made anew say the same.
 */
export interface KpiAccumulator {
  /** Every event of the journal, in its order; those it has no use for are passed over. */
  feed(event: CloudEvent): void
  /** An alarm as it stands, of which the journal that was fed may say nothing, because nothing has happened to it since. */
  seed(alarm: Alarm): void
  /** Nobody will ask for periods that begin before this any more. */
  forget(before: number): void
  /** All that was announced from here on is remembered (ms since 1970); -Infinity: nothing had to be left out. */
  completeFrom(): number
  /** `covered`: the part of the period that the journal covers and that is not in the future; all figures are of it. */
  report(query: KpiQuery, covered: { readonly from: number; readonly to: number }): KpiReport
}

interface Name { readonly id: string; readonly rule: string; readonly key: string }
interface Announced { readonly time: number; readonly alarm: Name; readonly priority: Priority }
/** `announcedAt`: undefined where it lies before what was fed. */
interface Acknowledged { readonly time: number; readonly announcedAt: number | undefined; readonly raisedAt: number }
interface Delivered { readonly time: number; readonly tookMs: number }

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const chatteringWindowMs = 60_000
const chatteringFrom = 3
const mostFrequent = 10
const listed = 100

/** At most so many announcements are remembered (some 15 MB); then the oldest tenth goes. */
const rememberedAnnouncements = 200_000

export function createKpiAccumulator(options: { readonly remembered?: number } = {}): KpiAccumulator {
  const { remembered = rememberedAnnouncements } = options
  let announced: Announced[] = []
  let acknowledged: Acknowledged[] = []
  let delivered: Delivered[] = []
  const standing = createStandingAlarms()
  let names = new Map<string, Name>()
  /** Since when an alarm waits to be acknowledged. */
  const waiting = new Map<string, number>()
  let completeFrom = -Infinity

  function nameOf({ id, rule, key }: Name): Name {
    const known = names.get(id) ?? { id, rule, key }
    names.set(id, known)
    return known
  }

  function keepBounded(): void {
    if (announced.length + acknowledged.length + delivered.length <= 3 * remembered && announced.length <= remembered) return
    const times = announced.map(({ time }) => time).sort((a, b) => a - b)
    const before = times[Math.ceil(times.length / 10) - 1]! + 1
    completeFrom = Math.max(completeFrom, before)
    forget(before)
  }

  function forget(before: number): void {
    announced = announced.filter(({ time }) => time >= before)
    acknowledged = acknowledged.filter(({ time }) => time >= before)
    delivered = delivered.filter(({ time }) => time >= before)
    names = new Map(announced.map(({ alarm }) => [alarm.id, alarm]))
    standing.forget(before)
  }

  return {
    feed(event) {
      const sent = deliveryFactOf(event)
      if (sent !== undefined) delivered.push(sent)
      const fact = alarmFactOf(event)
      if (fact === undefined) return
      standing.feed(fact)
      const { id, time, priority, raisedAt } = fact
      if (isAnnouncement(fact)) {
        announced.push({ time, alarm: nameOf(fact), priority })
        // A rise of what nobody has acknowledged yet is announced, but the operator has been called since before.
        if (fact.event !== 'level-changed' || fact.from === 'acked') waiting.set(id, time)
        keepBounded()
      } else if (fact.event === 'acked') {
        acknowledged.push({ time, announcedAt: waiting.get(id), raisedAt: raisedAt ?? time })
        waiting.delete(id)
      } else if (fact.state !== 'unacked' && fact.state !== 'rtn-unacked' && fact.state !== 'latched-unacked') waiting.delete(id)
    },
    seed({ id, rule, key, active, overlays, raisedAt }) {
      if (active && overlays.length === 0 && raisedAt !== null) standing.seed({ id, rule, key, raisedAt: Date.parse(raisedAt) })
    },
    forget,
    completeFrom: () => completeFrom,
    report({ from, to, operators }, covered) {
      const within = <T extends { readonly time: number }>(items: readonly T[]): readonly T[] =>
        items.filter(({ time }) => time >= covered.from && time < covered.to).sort((a, b) => a.time - b.time)
      const alarms = within(announced)
      const times = alarms.map(({ time }) => time)
      const lengthMs = Math.max(0, covered.to - covered.from)
      const floods = floodsIn(times, covered.to)
      const byAlarm = groupByAlarm(alarms)
      const frequent = [...byAlarm.values()].map((all) => ({ rule: all[0]!.alarm.rule, key: all[0]!.alarm.key, count: all.length }))
        .sort((a, b) => b.count - a.count || compare(a, b)).slice(0, mostFrequent)
      const chattering = [...byAlarm.values()].map((all) => ({ rule: all[0]!.alarm.rule, key: all[0]!.alarm.key, peakPerMinute: peakIn(all.map(({ time }) => time), chatteringWindowMs) }))
        .filter(({ peakPerMinute }) => peakPerMinute >= chatteringFrom).sort((a, b) => b.peakPerMinute - a.peakPerMinute || compare(a, b))
      const stale = standing.staleAt(covered.to)
      const priorities = { low: 0, medium: 0, high: 0 }
      for (const { priority } of alarms) priorities[priority]++
      const ackTimes = within(acknowledged).map(({ time, announcedAt = -Infinity, raisedAt }) => Math.max(0, time - (announcedAt >= covered.from ? announcedAt : raisedAt))).sort((a, b) => a - b)
      const deliveryTimes = within(delivered).map(({ tookMs }) => tookMs).sort((a, b) => a - b)

      const rate = (unitMs: number): number | null => (lengthMs === 0 ? null : (alarms.length * unitMs) / lengthMs / operators)
      const share = (part: number, whole: number): number | null => (whole === 0 ? null : (100 * part) / whole)
      const seconds = (sorted: readonly number[], p: number): number | null => {
        const ms = nearestRank(sorted, p)
        return ms === null ? null : ms / 1_000
      }
      const unrated = new Set<KpiId>()
      // A rate told for a longer time than was looked at is a guess.
      if (lengthMs < dayMs) unrated.add('annunciated-per-day')
      if (lengthMs < hourMs) unrated.add('annunciated-per-hour')
      if (lengthMs < floodWindowMs) unrated.add('annunciated-per-10min')
      // Of ten alarms the ten most frequent are all, whatever they do.
      if (byAlarm.size <= mostFrequent) unrated.add('top-ten-share')
      const values: Record<KpiId, number | null> = {
        'annunciated-per-day': rate(dayMs),
        'annunciated-per-hour': rate(hourMs),
        'annunciated-per-10min': rate(floodWindowMs),
        'peak-10min': peakIn(times, floodWindowMs),
        'flood-share': share(floods.reduce((sum, flood) => sum + (flood.to - flood.from), 0), lengthMs),
        'top-ten-share': share(frequent.reduce((sum, { count }) => sum + count, 0), alarms.length),
        chattering: chattering.length,
        stale: stale.length,
        'priority-low': share(priorities.low, alarms.length),
        'priority-medium': share(priorities.medium, alarms.length),
        'priority-high': share(priorities.high, alarms.length),
        'ack-median': seconds(ackTimes, 0.5),
        'ack-p95': seconds(ackTimes, 0.95),
        'delivery-median': seconds(deliveryTimes, 0.5),
        'delivery-p95': seconds(deliveryTimes, 0.95),
      }
      return {
        from: iso(from),
        to: iso(to),
        operators,
        covered: { from: iso(covered.from), to: iso(covered.to) },
        annunciated: alarms.length,
        figures: figuresOf(values, unrated),
        floods: greatest(floods).map((flood) => ({ ...flood, from: iso(flood.from), to: iso(flood.to) })),
        frequent: frequent.map((one) => ({ ...one, share: share(one.count, alarms.length)! })),
        chattering: chattering.slice(0, listed),
        stale: stale.slice(0, listed).map(({ raisedAt, ...name }) => ({ ...name, raisedAt: iso(raisedAt) })),
        priorities,
        perHour: perHour(times, covered),
      }
    },
  }
}

function groupByAlarm(alarms: readonly Announced[]): ReadonlyMap<string, readonly Announced[]> {
  const groups = new Map<string, Announced[]>()
  for (const one of alarms) {
    const group = groups.get(one.alarm.id)
    if (group === undefined) groups.set(one.alarm.id, [one])
    else group.push(one)
  }
  return groups
}

function compare(a: Omit<Name, 'id'>, b: Omit<Name, 'id'>): number {
  const [x, y] = [`${a.rule}\0${a.key}`, `${b.rule}\0${b.key}`]
  return x < y ? -1 : x > y ? 1 : 0
}

/** Those with the most alarms, in the order of time. */
function greatest<F extends { readonly from: number; readonly alarms: number }>(floods: readonly F[]): readonly F[] {
  return floods.length <= listed ? floods : [...floods].sort((a, b) => b.alarms - a.alarms).slice(0, listed).sort((a, b) => a.from - b.from)
}

function perHour(times: readonly number[], { from, to }: { readonly from: number; readonly to: number }): KpiReport['perHour'] {
  const hours = new Map<number, number>()
  for (let start = Math.floor(from / hourMs) * hourMs; start < to; start += hourMs) hours.set(start, 0)
  for (const time of times) {
    const start = Math.floor(time / hourMs) * hourMs
    hours.set(start, (hours.get(start) ?? 0) + 1)
  }
  return [...hours].sort(([a], [b]) => a - b).map(([start, count]) => ({ start: iso(start), count }))
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
