import type { ComponentChildren } from 'preact'
import { marksOf } from '../alarms/chart-span.ts'
import { happeningOf } from '../alarms/happening.ts'
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
import type { Evidence, Said } from './evidence.ts'
import { isEvent, msOf, recordWords } from './evidence.ts'

/** All there is about one alarm, to be read, printed or saved. */
export function EvidencePage({ id }: { id: string }) {
  const loaded = useLoaded(`evidence ${id}`, (signal) => ask<Evidence>(`alarms/${encodeURIComponent(id)}/evidence`, { signal }))
  return (
    <article class="evidence">
      <p class="no-print"><a class="back" href="/history">‹ History</a></p>
      {whenRead(loaded, 'The evidence', (evidence) => <Document id={id} evidence={evidence} />)}
    </article>
  )
}

function Document({ id, evidence }: { id: string; evidence: Evidence }) {
  const { alarm, rule, readings, transitions, deliveries, commands, acknowledgements, comments } = evidence
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
        {rule === null ? <p class="muted">It is not kept.</p> : <><p><a href={`/rules/${encodeURIComponent(rule.id)}`}>{rule.id}</a>{rule.revision === null ? '' : `, revision ${rule.revision}`}, version <code>{rule.version}</code></p>{rule.text !== null && <pre class="diff" tabIndex={0}>{rule.text}</pre>}</>}
      </Part>
      <Part title="Readings">
        {readings.length === 0 && <p class="muted">None are kept from that time.</p>}
        {readings.map(({ device, metric, unit, from, to, items }) => (
          <figure key={`${device} ${metric}`} class="try-chart">
            <figcaption><b>{metric}</b> of {device} · {items.length} readings, {absolute(msOf(from))} to {absolute(msOf(to))}</figcaption>
            <SignalChart device={device} metric={metric} from={msOf(from)} to={msOf(to)} height={220} marks={marksOf(transitions)} limits={metric === alarm.metric ? chartLimits(alarm, undefined) : []} given={{ unit, items: items.map((item) => ({ ...item, ts: msOf(item.ts) })) }} />
          </figure>
        ))}
      </Part>
      <Part title="What happened" count={transitions.length}><List items={transitions} /></Part>
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

function List({ items }: { items: readonly unknown[] }) {
  return (
    <ol class="happenings">
      {items.map((item, index) => {
        if (!isEvent(item)) return <li key={index} class="happening-plain">{recordWords(item)}</li>
        const { subject, what, note } = happeningOf(item)
        return <Line key={index} at={Date.parse(item.time)} note={note}>{item.type.startsWith('limen.alarm.') ? '' : `${subject}: `}{what}</Line>
      })}
    </ol>
  )
}

function SaidList({ said }: { said: readonly Said[] }) {
  return <ol class="happenings">{said.map(({ at, by, note, occurrence }, index) => <Line key={index} at={msOf(at)} note={note ?? undefined}>{by === null ? 'by nobody who is known' : `by ${by}`}{occurrence === undefined ? '' : `, occurrence ${occurrence}`}</Line>)}</ol>
}

function Line({ at, note, children }: { at: number; note: string | undefined; children: ComponentChildren }) {
  return <li class="happening evidence-line"><time class="happening-time" dateTime={Number.isFinite(at) ? new Date(at).toISOString() : ''}>{absolute(at)}</time><span class="happening-what">{children}{note !== undefined && <q class="note">{note}</q>}</span></li>
}
