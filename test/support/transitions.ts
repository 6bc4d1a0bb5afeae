import type { Alarm, AlarmEventName, CoreState, Transition } from '../../gateway/kernel/alarm.ts'
import type { CloudEvent } from '../../gateway/kernel/event.ts'
import type { Action, Rule } from '../../gateway/kernel/rule.ts'

export function makeRule(members: Partial<Rule> = {}): Rule {
  return {
    id: 'too-hot', class: 'process', on: { metric: 'temp' }, when: { kind: 'level', spec: {} }, forMs: 0, clearForMs: 0, staleMs: undefined, unit: undefined,
    priority: 'medium', latch: false, ack: 'required', key: 'device', schedule: undefined, realarmMs: undefined, escalateMs: [], message: '', then: [], mode: 'live',
    source: { file: 'rules.yaml', line: 1 }, version: '1', conditionVersion: '1', ...members,
  }
}

/** The state an event leaves an alarm in, where a test does not say. */
const stateAfter: Partial<Record<AlarmEventName, CoreState>> = {
  raised: 'unacked', reraised: 'unacked', 'level-changed': 'unacked', realarmed: 'unacked', acked: 'acked',
  returned: 'rtn-unacked', latched: 'latched-unacked', cleared: 'normal', retired: 'normal',
}

export interface Step extends Partial<Omit<Transition, 'alarm' | 'event'>> {
  readonly alarm?: Partial<Alarm>
}

/** A transition of the alarm of `too-hot` on `oven`, unless told otherwise. */
export function makeTransition(event: AlarmEventName, { alarm = {}, rule = makeRule(), ...members }: Step = {}): Transition {
  const state = alarm.state ?? stateAfter[event] ?? 'unacked'
  const id = alarm.id ?? 'a1'
  const occurrence = alarm.occurrence ?? 1
  const seq = alarm.seq ?? 1
  return {
    event, rule, from: 'normal', at: 0, wallMs: Date.UTC(2026, 0, 1), levelUp: false, ...members,
    alarm: {
      id, key: 'oven', class: 'process', rule: rule.id, device: 'oven', metric: 'temp', state, active: state === 'unacked' || state === 'acked',
      overlays: [], level: 'hi', priority: 'medium', value: 81, unit: null, limit: 80, message: 'hot', quality: 'good', restored: false, labels: {},
      occurrence, seq, raisedAt: null, changedAt: '2026-01-01T00:00:00.000Z', acknowledgedAt: null, acknowledgedBy: null, shelvedUntil: null,
      idempotencyKey: `${id}/${occurrence}/${seq}`, ...alarm,
    },
  }
}

export function eventOf({ alarm, event, from }: Transition): CloudEvent {
  return {
    specversion: '1.0', id: alarm.idempotencyKey, type: `limen.alarm.${event}`, source: 'test', subject: alarm.key,
    time: '2026-01-01T00:00:00.000Z', datacontenttype: 'application/json', data: { ...alarm, from, event },
  }
}

export function notify(target: string, resolved = true): Action {
  return { notify: target, resolved }
}
