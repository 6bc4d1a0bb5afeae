import { alarmHref } from '../alarms/filter-bar.tsx'
import { happeningOf } from '../alarms/happening.ts'
import { journal } from '../data/state.ts'
import { absolute, timeOfDay } from '../parts/format.ts'
import { Panel } from '../parts/panel.tsx'
import { Age } from '../parts/time.tsx'

const most = 14

/** What happened, in words, the newest first. */
export function RecentPanel() {
  const entries = journal.value.slice(0, most)
  return (
    <Panel title="What happened">
      {entries.length === 0 && <p class="muted">Nothing yet.</p>}
      <ol class="happenings">
        {entries.map(({ position, event }) => {
          const { subject, what, note, alarmId, device } = happeningOf(event)
          const at = Date.parse(event.time)
          const href = alarmId !== undefined ? alarmHref(alarmId) : device !== undefined ? `/devices/${encodeURIComponent(device)}` : undefined
          return (
            <li key={position} class="happening">
              <time class="happening-time" dateTime={event.time} title={absolute(at)}>{timeOfDay(at)}</time>
              <span class="happening-what">{href === undefined ? subject : <a href={href}>{subject}</a>} {what}{note !== undefined && <q class="note">{note}</q>}</span>
              <span class="happening-age muted"><Age since={at} suffix=" ago" /></span>
            </li>
          )
        })}
      </ol>
    </Panel>
  )
}
