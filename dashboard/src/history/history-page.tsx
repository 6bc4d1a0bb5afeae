import '../style/history.css'
import { useEffect, useState } from 'preact/hooks'
import { alarmWhat, alarmWords } from '../alarms/happening.ts'
import type { AlarmStep } from '../alarms/happening.ts'
import { titleOf } from '../alarms/words.ts'
import type { Page } from '../data/api.ts'
import { ask } from '../data/api.ts'
import { gatewayTime } from '../data/clock.ts'
import { onHappened } from '../data/happened.ts'
import { useLoaded } from '../data/loaded.ts'
import { AsOf } from '../parts/as-of.tsx'
import { Choice, Search } from '../parts/choice.tsx'
import { Empty } from '../parts/empty.tsx'
import { absolute } from '../parts/format.ts'
import { PriorityMark } from '../parts/priority-mark.tsx'
import { tellWrong } from '../parts/toasts.tsx'
import { whenRead } from '../parts/when-read.tsx'
import { route, setQuery } from '../router.ts'
import { EvidencePage } from './evidence-page.tsx'
import type { JournalEvent } from './journal.ts'
import { filterKey, isFiltered, journalPath, noFilter, periods } from './journal.ts'

const pageSize = 100
/** A page may be short, or empty, and have a next: so many are read before one has to ask. */
const mostAtOnce = 25
const typedMs = 300

/** The alarm journal; with an id the evidence of one alarm. */
export function HistoryPage({ id }: { id?: string | undefined }) {
  return id === undefined ? <Journal /> : <EvidencePage key={id} id={id} />
}

/** The filters of the address, once nobody types any more. */
function useSettled(query: URLSearchParams): URLSearchParams {
  const [settled, setSettled] = useState(query)
  const key = filterKey(query)
  useEffect(() => {
    if (key === filterKey(settled)) return undefined
    const timer = setTimeout(() => setSettled(query), typedMs)
    return () => clearTimeout(timer)
  }, [key])
  return settled
}

interface Older { readonly key: string; readonly items: readonly JournalEvent[]; readonly next: string | null }

function Journal() {
  const query = useSettled(route.value.query)
  const [round, setRound] = useState(0)
  const [fresh, setFresh] = useState(0)
  const [older, setOlder] = useState<Older | null>(null)
  const key = `journal ${round} ${filterKey(query)}`
  const first = useLoaded(key, (signal) => readPage(query, { signal }))
  useEffect(() => {
    setFresh(0)
    return onHappened(({ event: { type } }) => type.startsWith('limen.alarm.') && setFresh((before) => before + 1))
  }, [key])
  const more = older?.key === key ? older : null
  const begun = first.state === 'ready' ? first.data : { items: [], next: null }
  const items = [...begun.items, ...(more?.items ?? [])]
  const next = more === null ? begun.next : more.next
  const readOlder = (): void => {
    readPage(query, { before: next! }).then((page) => setOlder({ key, items: [...(more?.items ?? []), ...page.items], next: page.next }), tellWrong)
  }
  return (
    <section class="journal" aria-label="History">
      <header class="title-row">
        <h1>History</h1> <AsOf />
        <p class="muted number" role="status">{first.state === 'ready' && (items.length === 0 ? '' : next === null ? `${items.length} in all` : `the newest ${items.length}`)}</p>
        {items.length > 0 && <span class="end no-print"><a class="button" download href={`/api/v1/${journalPath(query, { nowMs: gatewayTime(), format: 'csv' })}`}>Save all as CSV</a> <button type="button" onClick={() => print()}>Print</button></span>}
      </header>
      <Filters />
      {fresh > 0 && <p class="no-print"><button type="button" onClick={() => setRound(round + 1)}>Show what happened since</button></p>}
      {whenRead(first, 'The journal', () => items.length === 0 ? (isFiltered(query) ? <Empty title={next === null ? 'Nothing matches' : 'Nothing of the newest entries matches'}><button type="button" onClick={() => setQuery(noFilter)}>Show all</button></Empty> : <Empty title="No alarm so far" />)
          : <ol class="journal-list">{items.map((event) => <Row key={event.limenposition} event={event} />)}</ol>)}
      {next !== null && <p class="more no-print"><button type="button" onClick={readOlder}>Show older</button></p>}
    </section>
  )
}

async function readPage(query: URLSearchParams, { before, signal }: { before?: string; signal?: AbortSignal }): Promise<Page<JournalEvent>> {
  const items: JournalEvent[] = []
  let next = before ?? null
  for (let pages = 0; pages < mostAtOnce; pages++) {
    const page: Page<JournalEvent> = await ask<Page<JournalEvent>>(journalPath(query, { nowMs: gatewayTime(), limit: pageSize, ...(next === null ? {} : { before: next }) }), signal === undefined ? {} : { signal })
    items.push(...page.items)
    next = page.next
    if (next === null || items.length >= pageSize) break
  }
  return { items, next }
}

function Row({ event }: { event: JournalEvent }) {
  const step = event.data as AlarmStep
  const { id, priority, key, device, from, state, by, note, reason, rule } = step
  const href = encodeURIComponent(id)
  const name = event.type.slice('limen.alarm.'.length)
  return (
    <li class="journal-row" data-event={name} data-position={event.limenposition}>
      <time class="journal-time" dateTime={event.time}>{absolute(Date.parse(event.time))}</time>
      <span class="journal-event"><PriorityMark priority={priority} form="outlined" label={`${priority} priority`} /> <b>{alarmWhat(name, step)}</b></span>
      <span class="journal-alarm"><a href={`/alarms/${href}`}>{titleOf(step)}</a> <span class="muted">{device ?? key} · {rule}</span></span>
      <span class="journal-step muted">{from === undefined || from === state ? '' : `${from} → `}{state}{step.shadow && ' · shadow'}</span>
      <span class="journal-who">{by === null || by === undefined ? '' : `by ${by}`}</span>
      <span class="journal-note">{[note, reason].filter((text) => typeof text === 'string' && text !== '').map((text) => <q key={text}>{text}</q>)}</span>
      <a class="journal-evidence no-print" href={`/history/${href}?occurrence=${step.occurrence}`} aria-label={`Evidence of ${titleOf(step)}`}>Evidence</a>
    </li>
  )
}

function Filters() {
  const { query } = route.value
  const custom = query.get('period') === 'own' || query.has('from') || query.has('to')
  const word = (name: string, label: string) => <input type="search" class="word-filter" aria-label={label} placeholder={label} value={query.get(name) ?? ''} onInput={(event) => setQuery({ [name]: event.currentTarget.value })} />
  const moment = (name: string, label: string) => <label class="beside">{label} <input type="datetime-local" value={query.get(name) ?? ''} onChange={(event) => setQuery({ [name]: event.currentTarget.value })} /></label>
  return (
    <form class="filters no-print" role="search" onSubmit={(event) => event.preventDefault()}>
      <Search label="Search the journal" placeholder="Search message, key, note, reason" />
      {word('rule', 'Rule')}
      {word('device', 'Device or key')}
      {word('by', 'Who')}
      <Choice name="priority" label="Priority" all="any priority" options={[['high'], ['medium'], ['low']]} />
      <Choice name="event" label="Event" all="any event" options={Object.keys(alarmWords).map((name) => [name, name.replaceAll('-', ' ')])} />
      <select aria-label="Time" value={custom ? 'own' : (query.get('period') ?? '')} onChange={(event) => setQuery({ period: event.currentTarget.value, from: undefined, to: undefined })}>
        <option value="">any time</option>
        {periods.map(([name, words]) => <option key={name} value={name}>the last {words}</option>)}
        <option value="own">from … to …</option>
      </select>
      {custom && moment('from', 'From')}
      {custom && moment('to', 'To')}
    </form>
  )
}
