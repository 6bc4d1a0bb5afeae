import type { OperatorVerb } from '../../../gateway/kernel/alarm.ts'
import type { Role } from '../../../gateway/kernel/principal.ts'
import type { Alarm, Priority } from '../data/alarm-list.ts'
import { isUnacked } from '../data/alarm-list.ts'
import { isLatched } from './words.ts'

/** What the screen offers. Suppression is by design: it is put on by rules and programs, and can be ended here. */
export type ScreenVerb = Exclude<OperatorVerb, 'suppress'>

/** What this role may do with the alarm as it stands, the most wanted first; what the state machine would refuse is not there. */
export function actionsFor(alarm: Alarm, role: Role): readonly ScreenVerb[] {
  if (role === 'viewer') return []
  const { state, overlays } = alarm
  const verbs: ScreenVerb[] = []
  if (isUnacked(alarm)) verbs.push('ack')
  if (isLatched(alarm)) verbs.push('reset')
  if (overlays.includes('shelved')) verbs.push('unshelve')
  else if (state !== 'normal') verbs.push('shelve')
  if (overlays.includes('suppressed')) verbs.push('unsuppress')
  verbs.push('comment')
  if (role === 'admin') verbs.push(overlays.includes('out-of-service') ? 'return-to-service' : 'out-of-service')
  return verbs
}

export const verbWords: Readonly<Record<ScreenVerb, string>> = {
  ack: 'Acknowledge', reset: 'Reset', shelve: 'Shelve', unshelve: 'Unshelve', unsuppress: 'End suppression',
  comment: 'Comment', 'out-of-service': 'Take out of service', 'return-to-service': 'Return to service',
}

export const doneWords: Readonly<Record<ScreenVerb, string>> = {
  ack: 'Acknowledged', reset: 'Reset', shelve: 'Shelved', unshelve: 'No longer shelved', unsuppress: 'No longer suppressed',
  comment: 'Comment written', 'out-of-service': 'Taken out of service', 'return-to-service': 'Back in service',
}

export interface ShelvingChoice { readonly label: string; readonly ms: number; readonly oneShot: boolean }

const minuteMs = 60_000

/** A high-priority alarm is shelved for 30 min at most, any other for 24 h. */
export function shelvingChoices(priority: Priority): readonly ShelvingChoice[] {
  const short = [15, 30].map((minutes) => ({ label: `${minutes} min`, ms: minutes * minuteMs, oneShot: false }))
  if (priority === 'high') return short
  return [
    ...short,
    { label: '1 h', ms: 60 * minuteMs, oneShot: false },
    { label: '8 h', ms: 480 * minuteMs, oneShot: false },
    // A minute less: the clock of the gateway goes on while the request is under way.
    { label: 'until it clears, at most 24 h', ms: 1_439 * minuteMs, oneShot: true },
  ]
}
