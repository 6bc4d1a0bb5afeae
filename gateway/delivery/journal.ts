import type { CloudEvent, NewEvent } from '../kernel/event.ts'

/** What the journal has to know of one thing to send, kept in the light index: it may have to be told when the body is not at hand. */
export interface Told {
  /** Type of the CloudEvent that is sent. */
  readonly event: string
  readonly subject: string
  readonly device: string | null
  /** When it happened that is told, ms since 1970: how long the telling took is known however late it succeeds. */
  readonly happenedAt: number
  readonly idempotencyKey: string
}

/** Null: it does not tell of an alarm (what InfluxDB did not take), and the journal is not told of it. */
export function toldOf({ type, subject, time, data }: CloudEvent, idempotencyKey: string): Told | null {
  if (!type.startsWith('limen.alarm.')) return null
  const { device = null } = (data ?? {}) as { device?: string | null }
  return { event: type, subject: subject ?? '', device, happenedAt: Date.parse(time), idempotencyKey }
}

interface Sent { readonly target: string; readonly alarmId: string; readonly attempts: number; readonly told: Told | null }

/**
 * What became of each notification of an alarm, as events: `limen.delivery.delivered`, `.dead-lettered`, `.dropped`.
 * Call in the turn in which outbox and ledger change: it is in their batch, so that the events agree with the books.
 */
export interface DeliveryJournal {
  /** `answer`: what the target said, where it says anything. */
  delivered(sent: Sent, answer: string | null): void
  deadLettered(sent: Sent, failure: { readonly cause: string; readonly answer: string | null }): void
  /** `cause`: a reason of the ledger. `who`: where somebody gave it up. */
  dropped(sent: Sent, cause: string, who?: { readonly by: string; readonly why: string }): void
}

export function createDeliveryJournal(deps: { readonly emit: (event: NewEvent) => void }): DeliveryJournal {
  function tell(what: 'delivered' | 'dead-lettered' | 'dropped', { target, alarmId, attempts, told }: Sent, more: Readonly<Record<string, unknown>>): void {
    if (told === null) return
    const { event, subject, device, happenedAt, idempotencyKey } = told
    deps.emit({ type: `limen.delivery.${what}`, subject, data: { target, alarm: alarmId, event, eventTime: new Date(happenedAt).toISOString(), device, attempts, ...more, idempotencyKey } })
  }

  return {
    delivered: (sent, answer) => tell('delivered', sent, { answer }),
    deadLettered: (sent, { cause, answer }) => tell('dead-lettered', sent, { cause, answer }),
    dropped: (sent, cause, who) => tell('dropped', sent, { cause, ...who }),
  }
}
