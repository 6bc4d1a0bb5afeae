import '../style/kpi.css'
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { ask } from '../data/api.ts'
import { gatewayTime, now } from '../data/clock.ts'
import { useLoaded } from '../data/loaded.ts'
import { AsOf } from '../parts/as-of.tsx'
import { absolute, duration } from '../parts/format.ts'
import { Panel } from '../parts/panel.tsx'
import { Age } from '../parts/time.tsx'
import { whenRead } from '../parts/when-read.tsx'
import { route, setQuery } from '../router.ts'
import type { Bar, KpiFigure, KpiReport } from './report.ts'
import { barsOf, figureText, ratingWords } from './report.ts'

const day = 24 * 3_600_000
const periods = [['24h', '24 h', day], ['7d', '7 d', 7 * day], ['30d', '30 d', 30 * day]] as const
const anewMs = 60_000
const mostBars = 120
const mostListed = 10
/** One hour alone is no wall. */
const leastBars = 24

/** How well the alarms perform, against EEMUA 191 and ISA-18.2. */
export function KpiPage() {
  const { query } = route.value
  const [period, , spanMs] = periods.find(([name]) => name === query.get('period')) ?? periods[0]
  const operators = Math.min(99, Math.max(1, Math.round(Number(query.get('operators') ?? 1)) || 1))
  /** Figures that come meanwhile take nothing of what is being written. */
  const [typed, setTyped] = useState<string>()
  const loaded = useLoaded(`kpis ${period} ${operators}`, (signal) => {
    const to = Math.round(gatewayTime())
    return ask<KpiReport>(`kpis?from=${new Date(to - spanMs).toISOString()}&to=${new Date(to).toISOString()}&operators=${operators}`, { signal })
  }, Math.floor(now.value / anewMs))
  return (
    <>
      <header class="title-row">
        <h1>Alarm performance</h1> <AsOf />
        <form class="filters kpi-filters" onSubmit={(event) => event.preventDefault()}>
          <div class="segments" role="group" aria-label="Period">
            {periods.map(([name, words]) => <button key={name} type="button" class="toggle" aria-pressed={name === period} onClick={() => setQuery({ period: name === '24h' ? undefined : name })}>{words}</button>)}
          </div>
          <label class="beside">Operators <input type="number" min={1} max={99} value={typed ?? operators} onInput={(event) => setTyped(event.currentTarget.value)} onChange={() => (setQuery({ operators: typed === '1' ? undefined : typed }), setTyped(undefined))} /></label>
        </form>
      </header>
      {whenRead(loaded, 'The figures', (report) => <Report report={report} />)}
    </>
  )
}

function Report({ report: { from, covered, figures, floods, frequent, chattering, stale, perHour } }: { report: KpiReport }) {
  const floodMs = floods.reduce((sum, flood) => sum + Date.parse(flood.to) - Date.parse(flood.from), 0)
  return (
    <>
      {covered !== undefined && Date.parse(covered.from) > Date.parse(from) && <p class="muted">The journal goes back to {absolute(Date.parse(covered.from))}: averages are over the time since.</p>}
      <ul class="kpis" aria-label="Figures">{figures.map((figure) => <Figure key={figure.id} {...figure} />)}</ul>
      <Panel title="Alarms an hour"><Bars bars={barsOf(perHour, mostBars)} /></Panel>
      <div class="kpi-lists">
        <List title="Most frequent" none="No alarm was announced." count={frequent.length}>
          {frequent.slice(0, mostListed).map(({ rule, key, count, share }) => <Line key={`${rule} ${key}`} of={{ rule, key }}><b>{count}</b> <span class="muted">{figureText(share, '%')}</span></Line>)}
        </List>
        <List title="Chattering" none="None came three times within a minute." count={chattering.length}>
          {chattering.slice(0, mostListed).map(({ rule, key, peakPerMinute }) => <Line key={`${rule} ${key}`} of={{ rule, key }}><b>{peakPerMinute}</b> <span class="muted">a minute</span></Line>)}
        </List>
        <List title="Stale" none="None has stood for more than a day." count={stale.length}>
          {stale.slice(0, mostListed).map(({ id, rule, key, raisedAt }) => <Line key={id} of={{ rule, key }} href={`/alarms/${encodeURIComponent(id)}`}><Age since={Date.parse(raisedAt)} /></Line>)}
        </List>
        <List title="Floods" none="Never ten alarms within ten minutes." count={floods.length} sum={floodMs > 0 ? `, ${duration(floodMs)} in all` : ''}>
          {floods.slice(-mostListed).reverse().map((flood) => <li key={flood.from}><span>{absolute(Date.parse(flood.from))}, {duration(Date.parse(flood.to) - Date.parse(flood.from))}</span><span><b>{flood.alarms}</b> <span class="muted">alarms</span></span></li>)}
        </List>
      </div>
      <p class="muted">Targets and limits: EEMUA 191, ISA-18.2. What is on target is grey.</p>
    </>
  )
}

function Figure({ id, name, value, unit, target, limit, rating }: KpiFigure) {
  const { sign, words } = ratingWords[rating]
  // "a day" has been said.
  const bare = unit.startsWith('1/') ? '' : unit
  const bounds = [target === null ? '' : `target ${figureText(target, bare)}`, limit === null ? '' : `limit ${figureText(limit, bare)}`].filter((text) => text !== '')
  return (
    <li class={`kpi kpi-${rating}`} data-figure={id}>
      <span class="kpi-name">{name}</span>
      <span class="kpi-value number">{figureText(value, unit)}</span>
      <span class="kpi-rating"><span aria-hidden="true">{sign}</span> {words}</span>
      <span class="kpi-bounds muted number">{bounds.join(', ')}</span>
    </li>
  )
}

function List({ title, none, count, sum = '', children }: { title: string; none: string; count: number; sum?: string; children: ComponentChildren }) {
  return (
    <Panel title={title} aside={count > 0 && <span class="muted number">{count}{sum}</span>}>
      {count === 0 ? <p class="muted">{none}</p> : <ol class="kpi-list">{children}</ol>}
      {count > mostListed && <p class="muted">and {count - mostListed} more</p>}
    </Panel>
  )
}

function Line({ of: { rule, key }, href = `/history?rule=${encodeURIComponent(rule)}&device=${encodeURIComponent(key)}`, children }: { of: { rule: string; key: string }; href?: string; children: ComponentChildren }) {
  return <li><a href={href}>{rule} <span class="muted">{key}</span></a><span class="number">{children}</span></li>
}

/** Grey bars; the highest has its number. */
function Bars({ bars }: { bars: readonly Bar[] }) {
  const top = Math.max(1, ...bars.map(({ count }) => count))
  const total = bars.reduce((sum, { count }) => sum + count, 0)
  const first = bars[0]
  if (first === undefined) return <p class="muted">The journal holds nothing of that time.</p>
  const spanMs = first.to - first.from
  const highest = bars.find(({ count }) => count === top)
  const words = `${total} ${total === 1 ? 'alarm' : 'alarms'}, ${duration(spanMs)} a bar${highest === undefined ? '' : `; most, ${top}, from ${absolute(highest.from)}`}`
  return (
    <figure class="bars">
      <svg viewBox={`0 0 ${Math.max(leastBars, bars.length)} 100`} preserveAspectRatio="none" role="img" aria-label={words}>
        {bars.map(({ from, count }, index) => <rect key={from} x={index + 0.1} width={0.8} y={100 - (100 * count) / top} height={(100 * count) / top}><title>{`${absolute(from)}: ${count}`}</title></rect>)}
      </svg>
      <figcaption class="chart-ends"><span>{absolute(first.from)}</span><span>{words}</span><span>{absolute(bars.at(-1)!.to)}</span></figcaption>
    </figure>
  )
}
