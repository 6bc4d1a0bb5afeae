import { useEffect, useRef } from 'preact/hooks'
import type { Alarm } from '../data/alarm-list.ts'
import { alarms } from '../data/state.ts'
import { AsOf } from '../parts/as-of.tsx'
import { ErrorState } from '../parts/empty.tsx'
import { absolute } from '../parts/format.ts'
import { isWide } from '../parts/media.ts'
import { lazy } from '../parts/lazy.tsx'
import { formOf, PriorityMark } from '../parts/priority-mark.tsx'
import { Age } from '../parts/time.tsx'
import { AlarmHistory, useAlarmHistory } from './alarm-history.tsx'
import { Chips } from './alarm-row.tsx'
import { ActionBar, MoreActions } from './buttons.tsx'
import { listHref } from './filter-bar.tsx'
import { lastOpen } from './use-alarm-keys.ts'
import { useDetailKeys } from './use-detail-keys.ts'
import { levelWord, placeOf, stateWord, stateWords, subjectOf, titleOf, valueAndLimit } from './words.ts'

const AlarmChart = lazy(async () => (await import('../pages/more.ts')).AlarmChart)

/** One alarm: what it is, what can be done, what happened. */
export function AlarmDetail({ id }: { id: string }) {
  // All alarms there ever were are known.
  const alarm = alarms.value.get(id)
  if (alarm !== undefined) return <Detail alarm={alarm} />
  return (
    <section class="panel detail">
      <BackLink />
      <ErrorState title="There is no such alarm" detail={id} />
    </section>
  )
}

function BackLink() {
  return <a class="back" href={listHref()}>{isWide.value ? 'Close' : '‹ Alarms'}</a>
}

function Detail({ alarm }: { alarm: Alarm }) {
  const heading = useRef<HTMLHeadingElement>(null)
  const history = useAlarmHistory(alarm.id)
  const Heading = isWide.value ? 'h2' : 'h1'
  useDetailKeys(alarm, !isWide.value)
  useEffect(() => {
    lastOpen.id = alarm.id
    // A screen of its own is read from its heading; beside the list the focus stays in the list.
    if (!isWide.peek()) heading.current?.focus({ preventScroll: true })
  }, [])
  useEffect(() => {
    // A button that was pressed may be gone: the action bar of the new state is where one goes on.
    if (document.activeElement === document.body) heading.current?.focus({ preventScroll: true })
  }, [alarm.state, alarm.overlays.length])
  return (
    <section class="panel detail" aria-labelledby="detail-title" data-alarm-detail={alarm.id}>
      <div class="detail-top"><BackLink /><AsOf /></div>
      <div class={`detail-head is-${alarm.state === 'normal' ? 'normal' : formOf(alarm)}`}>
        <p class="detail-priority">
          <PriorityMark priority={alarm.priority} form={formOf(alarm)} /> <span class={`word word-${alarm.priority}`}>{alarm.priority} priority</span>
          {alarm.class === 'technical' && <span class="technical-word"><PriorityMark priority="technical" /> technical</span>}
        </p>
        <Heading id="detail-title" class="detail-title" ref={heading} tabIndex={-1}>{titleOf(alarm)}</Heading>
        <p class="detail-state"><strong>{stateWords(alarm)}</strong> <Chips alarm={alarm} /></p>
      </div>
      <ActionBar alarm={alarm} />
      <MoreActions alarm={alarm} />
      <Facts alarm={alarm} />
      {alarm.device !== null && alarm.metric !== null && <AlarmChart alarm={alarm} device={alarm.device} metric={alarm.metric} history={history.entries} />}
      <AlarmHistory history={history} />
      <p><a href={`/history/${encodeURIComponent(alarm.id)}`}>Evidence: all there is about it, as one document</a></p>
      <details class="raw"><summary>As the gateway has it</summary><pre tabIndex={0}>{JSON.stringify(alarm, null, 2)}</pre></details>
    </section>
  )
}

function Facts({ alarm }: { alarm: Alarm }) {
  const { device, overlays, state, rule, key } = alarm
  // A technical alarm has no rule of the site, but that which it is about.
  const ofRule = rule === 'technical.rule' ? key : alarm.class === 'technical' ? undefined : rule
  const place = placeOf(alarm.labels)
  const value = valueAndLimit(alarm)
  return (
    <dl class="facts">
      {value !== undefined && <Fact name="Value">{value}</Fact>}
      {alarm.level !== null && <Fact name="Level">{levelWord(alarm.level)}</Fact>}
      <Fact name={device === null ? 'Of' : 'Device'}>{device === null ? subjectOf(alarm) : <a href={`/devices/${encodeURIComponent(device)}`}>{device}</a>}{alarm.metric === null ? '' : ` · ${alarm.metric}`}</Fact>
      {place !== '' && <Fact name="Place">{place}</Fact>}
      {overlays.length > 0 && <Fact name="Beneath">{stateWord(state).toLowerCase()}</Fact>}
      {alarm.raisedAt !== null && <Fact name="Raised"><Moment at={alarm.raisedAt} /></Fact>}
      {alarm.acknowledgedAt !== null && <Fact name="Acknowledged"><Moment at={alarm.acknowledgedAt} />{alarm.acknowledgedBy === null ? '' : ` by ${alarm.acknowledgedBy}`}</Fact>}
      {alarm.shelvedUntil !== null && <Fact name="Shelved until">{absolute(Date.parse(alarm.shelvedUntil))}</Fact>}
      <Fact name="Occurrence">{alarm.occurrence}</Fact>
      <Fact name="Rule">{ofRule === undefined ? rule : <a href={`/rules/${encodeURIComponent(ofRule)}`}>{ofRule}</a>}</Fact>
    </dl>
  )
}

function Fact({ name, children }: { name: string; children: preact.ComponentChildren }) {
  return <div><dt>{name}</dt><dd>{children}</dd></div>
}

function Moment({ at }: { at: string }) {
  const ms = Date.parse(at)
  return <>{absolute(ms)} <span class="muted">(<Age since={ms} suffix=" ago" />)</span></>
}
