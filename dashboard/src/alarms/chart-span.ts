import type { CloudEvent } from '../../../gateway/kernel/event.ts'
import type { Alarm } from '../data/alarm-list.ts'
import { isAlarmEvent } from './happening.ts'

const beforeMs = 10 * 60_000
const afterMs = 5 * 60_000
const longestMs = 6 * 3_600_000

export interface Span { readonly from: number; readonly to: number; readonly live: boolean; /** The beginning is too long ago to be shown. */ readonly cut: boolean }

/** From ten minutes before it was raised to now, or to a little after its condition ended. */
export function spanOf(alarm: Pick<Alarm, 'raisedAt' | 'changedAt' | 'active'>, nowMs: number): Span {
  const ended = alarm.active ? undefined : Date.parse(alarm.changedAt) + afterMs
  const live = ended === undefined || ended > nowMs
  const to = live ? nowMs : ended
  const wanted = Date.parse(alarm.raisedAt ?? alarm.changedAt) - beforeMs
  const from = Math.max(wanted, to - longestMs)
  return { from, to, live, cut: from > wanted }
}

const marked: Readonly<Record<string, string>> = {
  raised: 'raised', reraised: 'raised', returned: 'normal', cleared: 'normal', latched: 'normal', acked: 'acknowledged', shelved: 'shelved',
}

export interface Mark { readonly at: number; readonly label: string }

/** Vertical lines at the steps of the alarm; of two at the same moment the first. */
export function marksOf(events: readonly CloudEvent[]): readonly Mark[] {
  const marks = new Map<number, string>()
  for (const event of events) {
    const label = isAlarmEvent(event) ? marked[event.type.slice('limen.alarm.'.length)] : undefined
    if (label !== undefined) marks.set(Date.parse(event.time), label)
  }
  return [...marks].map(([at, label]) => ({ at, label })).sort((a, b) => a.at - b.at)
}
