import type { VNode } from 'preact'
import { useRef } from 'preact/hooks'
import type { Alarm } from '../data/alarm-list.ts'
import { isUnacked } from '../data/alarm-list.ts'
import { formOf, PriorityMark } from '../parts/priority-mark.tsx'
import { Age } from '../parts/time.tsx'
import { RowAction } from './buttons.tsx'
import type { SetAsideBy } from './set-aside-steps.ts'
import { isLatched, levelWord, placeOf, stateWords, subjectOf, titleOf, valueAndLimit } from './words.ts'

export interface RowProps {
  readonly alarm: Alarm
  readonly href: string
  readonly current?: boolean
  /** In the list of what is set aside: who did it, and why. */
  readonly aside?: SetAsideBy | true | undefined
  readonly still?: boolean
}

/** One alarm in a list: message first, then where, then value and limit. */
export function AlarmRow({ alarm, href, current = false, aside, still = false }: RowProps) {
  const { device } = alarm
  const place = placeOf(alarm.labels)
  const subject = subjectOf(alarm)
  const title = titleOf(alarm)
  const where = [title.includes(subject) && (still || device === null) ? '' : subject, place].filter((part) => part !== '').join(' · ')
  return (
    <li class={rowClass(alarm)} data-alarm-id={alarm.id} data-state={alarm.state}>
      <PriorityWord alarm={alarm} />
      <div class="alarm-main">
        {still ? <span class="alarm-title">{title}</span> : <a class="alarm-title" href={href} {...(current ? { 'aria-current': 'true' as const } : {})}>{title}</a>}
        <span class="alarm-where">{where}</span>
      </div>
      <div class="alarm-value">{valueAndLimit(alarm)}</div>
      <div class="alarm-state">
        <span>{stateWords(alarm)}</span>
        <Chips alarm={alarm} />
        {typeof aside === 'object' && <span class="muted">{aside.by === undefined ? '' : `by ${aside.by}`}{aside.note === undefined ? '' : `: ${aside.note}`}</span>}
      </div>
      <div class="alarm-age"><Age since={Date.parse(alarm.raisedAt ?? alarm.changedAt)} /></div>
      {!still && <div class="alarm-action"><RowAction alarm={alarm} aside={aside !== undefined} /></div>}
    </li>
  )
}

/** Rows that are the same are not drawn again: of a long list one or two change at a time. */
export function useRows(): (props: RowProps) => VNode {
  const kept = useRef(new Map<string, { readonly props: RowProps; readonly row: VNode }>())
  const before = kept.current
  kept.current = new Map()
  return (props) => {
    const known = before.get(props.alarm.id)
    const same = known !== undefined && (Object.keys(props) as (keyof RowProps)[]).every((name) => known.props[name] === props[name])
    const now = same ? known : { props, row: <AlarmRow key={props.alarm.id} {...props} /> }
    kept.current.set(props.alarm.id, now)
    return now.row
  }
}

function rowClass(alarm: Alarm): string {
  const attention = isUnacked(alarm) && alarm.overlays.length === 0
  return `alarm-row of-${alarm.priority} is-${formOf(alarm)}${attention ? ' is-unacked' : ''}${attention && alarm.priority === 'high' ? ' may-blink' : ''}`
}

/** Mark and word; a technical one has its own mark beside. */
export function PriorityWord({ alarm }: { alarm: Alarm }) {
  return (
    <div class="alarm-priority">
      <PriorityMark priority={alarm.priority} form={formOf(alarm)} />
      <span class={`word word-${alarm.priority}`}>{alarm.priority}</span>
      {alarm.class === 'technical' && <PriorityMark priority="technical" label="technical" />}
    </div>
  )
}

/** What one must know besides the state. */
export function Chips({ alarm }: { alarm: Alarm }) {
  const { level } = alarm
  return (
    <>
      {level !== null && levelWord(level) === level && <span class="chip">level {level}</span>}
      {isLatched(alarm) && <span class="chip"><Lock /> latched</span>}
      {alarm.quality === 'unknown' && <span class="chip chip-bad" title="There is no good value at present">? quality unknown</span>}
      {alarm.restored && <span class="chip" title="Came back with the gateway; no reading since">restored</span>}
    </>
  )
}

function Lock() {
  return (
    <svg class="lock" viewBox="0 0 16 16" aria-hidden="true">
      <path d="M3.5 7h9v7h-9zM5.5 7V4.5a2.5 2.5 0 0 1 5 0V7" />
    </svg>
  )
}
