import type { CloudEvent } from '../../gateway/kernel/event.ts'
import type { Alarm } from '../../dashboard/src/data/alarm-list.ts'

export function anAlarm(change: Partial<Alarm> = {}): Alarm {
  return {
    id: 'spo2-low~bed-4~0123456789', key: 'bed-4', class: 'process', rule: 'spo2-low', device: 'bed-4', metric: 'spo2', state: 'unacked', active: true, overlays: [],
    level: 'lo', priority: 'medium', value: 86, unit: '%', limit: 90, message: 'SpO₂ 86% on bed-4', quality: 'good', restored: false, labels: { ward: 'east' },
    occurrence: 1, seq: 1, raisedAt: '2026-11-01T10:00:00.000Z', changedAt: '2026-11-01T10:00:00.000Z', acknowledgedAt: null, acknowledgedBy: null,
    shelvedUntil: null, idempotencyKey: 'k', ...change,
  }
}

export function anAlarmEvent(name: string, alarm: Alarm, more: { readonly time?: string; readonly from?: Alarm['state']; readonly by?: string; readonly note?: string; readonly reason?: string } = {}): CloudEvent {
  const { time = alarm.changedAt, ...step } = more
  return { specversion: '1.0', id: `${alarm.id} ${alarm.seq}`, type: `limen.alarm.${name}`, source: 'ward-3', subject: alarm.key, time, data: { ...alarm, from: 'normal', event: name, ...step } }
}
