import { randomUUID } from 'node:crypto'
import type { Transition } from './kernel/alarm.ts'
import type { Announcer } from './kernel/contracts.ts'
import type { CloudEvent, NewEvent } from './kernel/event.ts'
import { encodeTopicLevel } from './kernel/topic.ts'

/** How an event of the gateway looks from outside: interface.md, "HTTP API" and "MQTT topics". */
export interface Announcements {
  event(event: NewEvent, wallMs: number): CloudEvent
  alarmEvent(transition: Transition): CloudEvent
  /** `limen/events/{type}`: in the current batch, seen after the commit. */
  announceEvent(event: CloudEvent): void
  /** `limen/alarms/{key}/{rule}`: the alarm as it stands, retained; cleared when it is back to normal. */
  announceAlarm(transition: Transition): void
}

export function createAnnouncements(options: { readonly site: string }, deps: { readonly announcer: Announcer }): Announcements {
  return {
    event: ({ type, subject, data }, wallMs) => ({
      specversion: '1.0',
      id: randomUUID(),
      type,
      source: options.site,
      ...(subject === undefined ? {} : { subject }),
      time: new Date(wallMs).toISOString(),
      datacontenttype: 'application/json',
      data,
    }),
    alarmEvent({ alarm, event, from, wallMs, by, note, reason, rule, levelUp }) {
      return {
        specversion: '1.0',
        // One per transition of the alarm, the same however often it is sent. A refusal is no transition: `seq` stays.
        id: event === 'rejected' ? randomUUID() : alarm.idempotencyKey,
        type: `limen.alarm.${event}`,
        source: options.site,
        subject: alarm.key,
        time: new Date(wallMs).toISOString(),
        datacontenttype: 'application/json',
        data: {
          ...alarm, from, event, by: by ?? null, note: note ?? null, ...(reason === undefined ? {} : { reason }),
          // For who reads the journal later: under which words it happened, whether it was told to anybody, whether it was a rise.
          ruleVersion: rule.version === '' ? null : rule.version, ...(rule.mode === 'shadow' ? { shadow: true } : {}), ...(levelUp ? { levelUp: true } : {}),
        },
      }
    },
    announceEvent(event) {
      deps.announcer.announce({ topic: `limen/events/${encodeTopicLevel(event.type)}`, payload: JSON.stringify(event), qos: 1, retain: false })
    },
    announceAlarm({ alarm }) {
      const topic = `limen/alarms/${encodeTopicLevel(alarm.key)}/${encodeTopicLevel(alarm.rule)}`
      deps.announcer.announce({ topic, payload: alarm.state === 'normal' ? '' : JSON.stringify(alarm), qos: 1, retain: true })
    },
  }
}
