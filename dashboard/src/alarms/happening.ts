import type { CloudEvent } from '../../../gateway/kernel/event.ts'
import type { Alarm } from '../data/alarm-list.ts'
import { timeOfDay, valueText } from '../parts/format.ts'
import { levelWord, stateWord, titleOf } from './words.ts'

/** What an event of the log says of an alarm, a command, a delivery, a device or the gateway, in a sentence. */
export interface Happening {
  /** What it is about: the alarm's message, the device. */
  readonly subject: string
  /** "raised", "acknowledged by anna". */
  readonly what: string
  /** Note or reason, as written. */
  readonly note?: string | undefined
  readonly alarmId?: string | undefined
  readonly device?: string | undefined
}

/** Data of `limen.alarm.*`: the alarm after the step, and the step. */
export type AlarmStep = Alarm & { readonly from?: Alarm['state']; readonly event?: string; readonly by?: string | null; readonly note?: string | null; readonly reason?: string | null }

export const alarmWords: Readonly<Record<string, string>> = {
  raised: 'raised', cleared: 'back to normal', returned: 'back to normal, not acknowledged', acked: 'acknowledged', reraised: 'raised again',
  realarmed: 'announced again: still there', escalated: 'escalated: nobody acknowledged it', latched: 'latched: gone, and waits for a reset', reset: 'reset', unshelved: 'no longer shelved',
  suppressed: 'suppressed', unsuppressed: 'no longer suppressed', 'out-of-service': 'taken out of service', 'returned-to-service': 'back in service',
  tracked: 'changed while set aside', commented: 'comment', retired: 'ended: its rule was changed or removed', rejected: 'refused',
}

export function isAlarmEvent(event: CloudEvent): boolean {
  return event.type.startsWith('limen.alarm.')
}

export function happeningOf(event: CloudEvent): Happening {
  const [, room = '', ...rest] = event.type.split('.')
  const name = rest.join('.')
  const data = (typeof event.data === 'object' && event.data !== null ? event.data : {}) as Readonly<Record<string, unknown>>
  if (room === 'alarm') return ofAlarm(name, data as unknown as AlarmStep)
  const note = textOf(data['reason']) ?? textOf(data['detail']) ?? textOf(data['error'])
  const subject = event.subject ?? ''
  if (room === 'command') return { subject: `${subject}${textOf(data['actuator']) === undefined ? '' : ` · ${textOf(data['actuator'])}`}`, what: commandWords(name, data), note, device: textOf(data['device']) }
  if (room === 'delivery') return { subject: textOf(data['target']) ?? subject, what: deliveryWords(name, data), note }
  if (room === 'device') return { subject, what: name.replaceAll('-', ' '), note, device: subject }
  if (room === 'gateway') return { subject: 'Gateway', what: name.replaceAll(/[-.]/g, ' '), note }
  return { subject, what: event.type, note }
}

function ofAlarm(name: string, step: AlarmStep): Happening {
  // That a condition began or ended is nobody's doing, even where it follows from an acknowledgement.
  const by = /^(?:raised|reraised|returned|cleared|latched)$/.test(name) ? undefined : textOf(step.by)
  return { subject: titleOf(step), what: `${alarmWhat(name, step)}${by === undefined ? '' : ` by ${by}`}`, note: textOf(step.note) ?? textOf(step.reason), alarmId: step.id, device: step.device ?? undefined }
}

/** Of the steps of an alarm alone: "raised", "shelved until 10:30". */
export function alarmWhat(name: string, step: AlarmStep): string {
  switch (name) {
    case 'level-changed':
      return `level now ${levelWord(step.level)}${step.from === 'acked' && step.state === 'unacked' ? ', to be acknowledged again' : ''}`
    case 'quality-changed':
      return step.quality === 'unknown' ? 'quality unknown: no good value' : 'quality good again'
    case 'shelved':
      return step.shelvedUntil === null ? 'shelved' : `shelved until ${timeOfDay(Date.parse(step.shelvedUntil))}`
    case 'tracked':
      return `${alarmWords['tracked']}: ${stateWord(step.state).toLowerCase()}`
    default:
      return alarmWords[name] ?? name
  }
}

function commandWords(name: string, data: Readonly<Record<string, unknown>>): string {
  const value = data['value']
  const what = typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean' ? ` ${valueText(value)}` : ''
  const status: Readonly<Record<string, string>> = { issued: 'sent', accepted: 'accepted by the device', executing: 'under way', done: 'done', failed: 'failed', expired: 'expired', rejected: 'rejected by the device', superseded: 'superseded by a newer one' }
  return `command${what} ${status[name] ?? name}`
}

function deliveryWords(name: string, data: Readonly<Record<string, unknown>>): string {
  const attempts = typeof data['attempts'] === 'number' && data['attempts'] > 1 ? ` after ${data['attempts']} attempts` : ''
  const words: Readonly<Record<string, string>> = { delivered: 'delivered', 'dead-lettered': 'could not be delivered, waits among the dead letters', dropped: 'dropped' }
  return `${words[name] ?? name}${attempts}`
}

/** Is this event one of the alarm's own: a step, a command it caused, a delivery of it? */
export function concerns({ data }: CloudEvent, alarmId: string): boolean {
  if (typeof data !== 'object' || data === null) return false
  const { id, cause, alarm } = data as Readonly<Record<string, unknown>>
  return id === alarmId || cause === alarmId || alarm === alarmId || (typeof alarm === 'object' && alarm !== null && (alarm as { id?: unknown }).id === alarmId)
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
