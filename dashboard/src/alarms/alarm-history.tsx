import { useEffect, useState } from 'preact/hooks'
import type { CloudEvent } from '../../../gateway/kernel/event.ts'
import type { Page } from '../data/api.ts'
import { ask } from '../data/api.ts'
import { onHappened } from '../data/happened.ts'
import type { Loaded } from '../data/loaded.ts'
import { useLoaded } from '../data/loaded.ts'
import type { JournalEntry } from '../data/state.ts'
import { ErrorState, Loading } from '../parts/empty.tsx'
import { absolute, timeOfDay } from '../parts/format.ts'
import { isWide } from '../parts/media.ts'
import { Age } from '../parts/time.tsx'
import { concerns, happeningOf, isAlarmEvent } from './happening.ts'

const most = 200

export interface AlarmHistoryState { readonly loaded: Loaded<unknown> & { readonly reload: () => void }; readonly entries: readonly JournalEntry[]; readonly cut: boolean }

/** What the log says of this alarm, newest first; what comes while one looks is added. */
export function useAlarmHistory(id: string): AlarmHistoryState {
  const [live, setLive] = useState<readonly JournalEntry[]>([])
  useEffect(() => {
    setLive([])
    return onHappened((entry) => concerns(entry.event, id) && setLive((before) => [entry, ...before]))
  }, [id])
  const loaded = useLoaded(`history ${id}`, (signal) => ask<Page<CloudEvent & { limenposition: number }>>(`events?order=desc&limit=${most}&alarm=${encodeURIComponent(id)}`, { signal }))
  const read = loaded.state === 'ready' ? loaded.data.items.map(({ limenposition, ...event }) => ({ position: limenposition, event: event as CloudEvent })) : []
  const known = new Map([...read, ...live].map((entry) => [entry.position, entry]))
  return { loaded, entries: [...known.values()].sort((a, b) => b.position - a.position), cut: loaded.state === 'ready' && loaded.data.next !== null }
}

/** Transitions, commands, deliveries and comments, the newest first. */
export function AlarmHistory({ history: { loaded, entries, cut } }: { history: AlarmHistoryState }) {
  const Heading = isWide.value ? 'h3' : 'h2'
  return (
    <section class="history" aria-labelledby="history-title">
      <Heading id="history-title">What happened</Heading>
      {loaded.state === 'failed' && entries.length === 0 && <ErrorState title="The journal cannot be read" detail={loaded.reason} onRetry={loaded.reload} />}
      {loaded.state === 'loading' && entries.length === 0 && <Loading />}
      {loaded.state === 'ready' && entries.length === 0 && <p class="muted">The journal no longer holds anything of this alarm.</p>}
      <ol class="happenings">
        {entries.map(({ position, event }) => <HistoryItem key={position} event={event} />)}
      </ol>
      {cut && <p class="muted">Older entries are not shown.</p>}
    </section>
  )
}

function HistoryItem({ event }: { event: CloudEvent }) {
  const { subject, what, note } = happeningOf(event)
  const at = Date.parse(event.time)
  const own = isAlarmEvent(event)
  return (
    <li class={own ? 'happening' : 'happening happening-effect'}>
      <time class="happening-time" dateTime={event.time} title={absolute(at)}>{timeOfDay(at)}</time>
      <span class="happening-what">
        {own ? '' : `${subject}: `}{what}
        {note !== undefined && <q class="note">{note}</q>}
      </span>
      <span class="happening-age muted"><Age since={at} suffix=" ago" /></span>
    </li>
  )
}
