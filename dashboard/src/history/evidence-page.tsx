import type { ComponentChildren } from 'preact'
import type { CloudEvent } from '../../../gateway/kernel/event.ts'
import { marksOf } from '../alarms/chart-span.ts'
import { happeningOf, isAlarmEvent } from '../alarms/happening.ts'
import { chartLimits } from '../alarms/limits.ts'
import { stateWords, subjectOf, titleOf, valueAndLimit } from '../alarms/words.ts'
import { SignalChart } from '../charts/signal-chart.tsx'
import { ask } from '../data/api.ts'
import { useLoaded } from '../data/loaded.ts'
import { download } from '../parts/download.ts'
import { absolute } from '../parts/format.ts'
import { Panel } from '../parts/panel.tsx'
import { formOf, PriorityMark } from '../parts/priority-mark.tsx'
import { whenRead } from '../parts/when-read.tsx'
import { route } from '../router.ts'
import type { Evidence, Said } from './evidence.ts'

/** All there is about one alarm, to be read, printed or saved. */
export function EvidencePage({ id }: { id: string }) {
  const occurrence = route.value.query.get('occurrence')
  const path = `alarms/${encodeURIComponent(id)}/evidence${occurrence === null ? '' : `?occurrence=${encodeURIComponent(occurrence)}`}`
  const loaded = useLoaded(path, (signal) => ask<Evidence>(path, { signal }))
  return (
    <article class="evidence">
      <p class="no-print"><a class="back" href="/history">‹ History</a></p>
      {whenRead(loaded, 'The evidence', (evidence) => <Document id={id} evidence={evidence} />)}
    </article>
  )
}

function Document({ id, evidence }: { id: string; evidence: Evidence }) {
  const { alarm, rule, readings, transitions, deliveries, commands, acknowledgements, comments, truncated } = evidence
  const value = valueAndLimit(alarm)
  return (
    <>
      <header class="title-row">
        <h1><PriorityMark priority={alarm.priority} form={formOf(alarm)} /> {titleOf(alarm)}</h1>
        <span class="end no-print">
          <a class="button" href={`/alarms/${encodeURIComponent(id)}`}>The alarm</a>
          <button type="button" onClick={() => download(`evidence-${id}.json`, { type: 'application/json', text: JSON.stringify(evidence, null, 2) })}>Save as JSON</button>
          <button type="button" onClick={() => print()}>Print</button>
        </span>
      </header>
      <p>{alarm.priority} priority · {subjectOf(alarm)} · {stateWords(alarm)}{value === undefined ? '' : ` · ${value}`} · occurrence {alarm.occurrence} · <code>{id}</code></p>
      <Part title="Rule">
        <p>{alarm.class === 'technical' ? rule.id : <a href={`/rules/${encodeURIComponent(rule.id)}`}>{rule.id}</a>}{rule.revision === null ? '' : `, revision ${rule.revision}`}{rule.version === null ? '' : `, version ${rule.version}`}{rule.assumed === true && ', as it is now: the journal does not say which it was'}</p>
        {rule.text === null ? <p class="muted">What it said then is not kept.</p> : <pre class="diff" tabIndex={0}>{rule.text}</pre>}
      </Part>
      <Part title="Readings">
        {readings.length === 0 && <p class="muted">None are kept from that time.</p>}
        {truncated?.readings === true && <p class="muted">There are more than are told here: the first and the last of them.</p>}
        {readings.map(({ device, metric, unit, from, to, items }) => (
          <figure key={`${device} ${metric}`} class="try-chart">
            <figcaption><b>{metric}</b> of {device} · {items.length} {items.length === 1 ? 'reading' : 'readings'}, {absolute(Date.parse(from))} to {absolute(Date.parse(to))}</figcaption>
            <SignalChart device={device} metric={metric} from={Date.parse(from)} to={Date.parse(to)} height={220} marks={marksOf(transitions)} limits={metric === alarm.metric ? chartLimits(alarm, undefined) : []} given={{ unit, items }} />
          </figure>
        ))}
      </Part>
      <Part title="What happened" count={transitions.length}><List items={transitions} />{truncated?.journal === true && <p class="muted">There is more than is told here.</p>}</Part>
      <Part title="Acknowledged" count={acknowledgements.length}><SaidList said={acknowledgements} /></Part>
      <Part title="Comments" count={comments.length}><SaidList said={comments} /></Part>
      <Part title="Delivered" count={deliveries.length}><List items={deliveries} /></Part>
      <Part title="Commands" count={commands.length}><List items={commands} /></Part>
    </>
  )
}

function Part({ title, count, children }: { title: string; count?: number; children: ComponentChildren }) {
  return <Panel title={title}>{count === 0 ? <p class="muted">None.</p> : children}</Panel>
}

function List({ items }: { items: readonly CloudEvent[] }) {
  return (
    <ol class="happenings">
      {items.map((event, index) => {
        const { subject, what, note } = happeningOf(event)
        return <Line key={index} at={event.time} note={note}>{isAlarmEvent(event) ? '' : `${subject}: `}{what}</Line>
      })}
    </ol>
  )
}

function SaidList({ said }: { said: readonly Said[] }) {
  return <ol class="happenings">{said.map(({ at, by, note }, index) => <Line key={index} at={at} note={note ?? undefined}>by {by ?? 'nobody who is known'}</Line>)}</ol>
}

function Line({ at, note, children }: { at: string; note: string | undefined; children: ComponentChildren }) {
  return <li class="happening evidence-line"><time class="happening-time" dateTime={at}>{absolute(Date.parse(at))}</time><span class="happening-what">{children}{note !== undefined && <q class="note">{note}</q>}</span></li>
}
