import type { CloudEvent } from '../../../gateway/kernel/event.ts'
import type { Counts, Priority } from '../data/alarm-list.ts'
import { isUnacked } from '../data/alarm-list.ts'
import type { Page } from '../data/api.ts'
import { ask } from '../data/api.ts'
import { now } from '../data/clock.ts'
import { useLoaded } from '../data/loaded.ts'
import { alarms, counts, gateway, journal, setAside, standing } from '../data/state.ts'
import { hourAndMinute } from '../parts/format.ts'
import { PriorityMark } from '../parts/priority-mark.tsx'
import { isWall } from '../router.ts'
import { countsAt, mergeNewestFirst, trendWords } from './trend.ts'

const priorities: readonly Priority[] = ['high', 'medium', 'low']
const hourMs = 3_600_000
const stepMs = 5 * 60_000
const steps = 36

interface Trend { readonly counts: readonly Counts[]; /** To compare with, and when that was. */ readonly then: Counts; readonly when: string }

/** What the journal shows of the last three hours; of what lies before its beginning nothing is said. */
function useTrend(): Trend | undefined {
  const loaded = useLoaded('trend', (signal) => ask<Page<CloudEvent & { limenposition: number }>>('events?order=desc&limit=1000&type=limen.alarm.*', { signal }))
  const minute = Math.floor(now.value / 60_000) * 60_000
  if (loaded.state !== 'ready') return undefined
  const { items, next } = loaded.data
  const oldest = items.at(-1)
  // A log that still has its beginning shows what was since this gateway was started, too.
  const started = next === null ? Date.parse(gateway.value?.started ?? '') : Number.NaN
  const since = Math.min(...[oldest === undefined ? Number.NaN : Date.parse(oldest.time), started, now.value].filter(Number.isFinite))
  const live = journal.value.filter(({ event }) => event.type.startsWith('limen.alarm.'))
  const events = mergeNewestFirst(live, items.map((event) => ({ position: event.limenposition, event })))
  const times = Array.from({ length: steps }, (_, index) => minute - (steps - 1 - index) * stepMs).filter((time) => time >= since)
  const compared = Math.max(since, minute - hourMs)
  const stood = countsAt([compared, ...times].sort((a, b) => a - b), alarms.value.values(), events)
  const index = times.filter((time) => time < compared).length
  return { counts: stood.toSpliced(index, 1), then: stood[index]!, when: compared === since ? `at ${hourAndMinute(since)}` : 'an hour ago' }
}

/** How many stand, by priority, and how it was before; and what is set aside, always. */
export function CountTiles() {
  const trend = useTrend()
  return (
    <section class="tiles" aria-label="Alarms by priority">
      {priorities.map((priority) => <Tile key={priority} priority={priority} trend={trend} />)}
      <AsideTile />
    </section>
  )
}

function Tile({ priority, trend }: { priority: Priority; trend: Trend | undefined }) {
  const number = counts.value[priority]
  const own = standing.value.filter((alarm) => alarm.priority === priority)
  const unacked = own.filter(isUnacked).length
  const technical = own.filter((alarm) => alarm.class === 'technical').length
  const series = trend?.counts.map((one) => one[priority]) ?? []
  return (
    <TileFrame href={`/alarms?priority=${priority}`} kind={number === 0 ? 'tile' : `tile tile-${priority}`}>
      <span class="tile-head"><PriorityMark priority={priority} form={unacked > 0 ? 'filled' : 'outlined'} /> <span class="tile-word">{priority}</span></span>
      <span class={`tile-number number${number > 999 ? ' is-long' : ''}`}>{number}</span>
      <span class="tile-words">
        <span>{number === 0 ? 'none' : unacked === 0 ? 'all acknowledged' : `${unacked} not acknowledged`}</span>
        {technical > 0 && <span class="technical-word"><PriorityMark priority="technical" /> {technical} technical</span>}
      </span>
      {!isWall.value && trend !== undefined && (
        <span class="tile-trend muted">
          <Sparkline series={[...series, number]} />
          {trendWords(number, trend.then[priority], trend.when)}
        </span>
      )}
    </TileFrame>
  )
}

function AsideTile() {
  const of = (overlay: 'shelved' | 'suppressed' | 'out-of-service'): number => setAside.value.filter(({ overlays }) => overlays.includes(overlay)).length
  const rows = [['shelved', of('shelved')], ['suppressed', of('suppressed')], ['out of service', of('out-of-service')]] as const
  return (
    <TileFrame href="/alarms?view=aside" kind="tile tile-aside">
      <span class="tile-head"><span class="tile-word">Set aside</span></span>
      <span class="tile-aside-rows">
        {rows.map(([word, number]) => <span key={word}><b class="number">{number}</b> {word}</span>)}
      </span>
    </TileFrame>
  )
}

function TileFrame({ href, kind, children }: { href: string; kind: string; children: preact.ComponentChildren }) {
  return isWall.value ? <div class={kind}>{children}</div> : <a class={kind} href={href}>{children}</a>
}

/** Steps, since a count does not slide from one number to the next. */
function Sparkline({ series }: { series: readonly number[] }) {
  if (series.length < 2) return null
  const top = Math.max(1, ...series)
  const x = (index: number): string => ((index / series.length) * 100).toFixed(1)
  const y = (value: number): string => (21 - (value / top) * 19).toFixed(1)
  const path = series.map((value, index) => (index === 0 ? `M0 ${y(value)}` : `H${x(index)}V${y(value)}`)).join('')
  return <svg class="sparkline" viewBox="0 0 100 22" preserveAspectRatio="none" aria-hidden="true"><path d={`${path}H100`} /></svg>
}
