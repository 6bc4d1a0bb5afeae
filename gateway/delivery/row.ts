import type { DeadLetter } from '../kernel/contracts.ts'
import type { CloudEvent } from '../kernel/event.ts'
import type { Priority } from '../kernel/priority.ts'
import { type Told, toldOf } from './journal.ts'

export type RowKind = 'raise' | 'clear'
export type Attempt = DeadLetter['attempts'][number]

/** What is kept on disk of one thing to send: space `outbox`, key `row/<id>`, JSON. */
export interface StoredRow {
  readonly id: string
  readonly target: string
  readonly alarmId: string
  readonly kind: RowKind
  readonly occurrence: number
  /** The alarm's own sequence number. */
  readonly seq: number
  readonly priority: Priority
  /** Wall time, ms since 1970. */
  readonly createdAt: number
  readonly expiresAt: number
  /** Is the raise to be followed by its clear? */
  readonly resolved: boolean
  /** To how many targets the raise went. */
  readonly channels: number
  readonly idempotencyKey: string
  readonly event: CloudEvent
  /** Attempts from before it was redriven out of the dead letters. */
  readonly earlier?: readonly Attempt[]
}

/** What is kept on disk of one attempt: key `try/<id>/<n mod 20>`. */
export interface StoredTry extends Attempt {
  /** Attempts so far, this one included. */
  readonly n: number
  /** Wall time of the next one. */
  readonly dueAt: number
}

/** A dead letter on disk: space `dead-letter`, key the id. The contract's view and what a redrive needs. */
export interface StoredDeadLetter extends DeadLetter {
  readonly row: Omit<StoredRow, 'event' | 'idempotencyKey' | 'earlier' | 'id'>
}

/** A stored row without what is large. */
export interface LightRow extends Omit<StoredRow, 'idempotencyKey' | 'event' | 'earlier'> { readonly told: Told | null }

export function lightOf(stored: StoredRow): LightRow {
  const { event, idempotencyKey, earlier: _, ...row } = stored
  return { ...row, told: toldOf(event, idempotencyKey) }
}

/** The light index of a queued row: all that stays in memory of it. */
export interface Row extends LightRow {
  attempts: number
  /** May it have left the gateway? Set by the first attempt, and for all rows by a restart, since a kill may have hidden one. */
  mayBeSent: boolean
  /** `uncommitted`: not yet on disk · `queued` · `sending` · `leaving`: its outcome is being written. */
  stage: 'uncommitted' | 'queued' | 'sending' | 'leaving'
  /** Monotonic time of the next attempt. */
  dueAt: number
}

export const attemptsKept = 20

export function rowKey(id: string): string {
  return `row/${id}`
}

export function tryKey(id: string, n: number): string {
  return `try/${id}/${String(n % attemptsKept).padStart(2, '0')}`
}

export function openKey(alarmId: string, target: string): string {
  // Alarm ids hold no slash; a target's name may.
  return `open/${alarmId}/${target}`
}

/** How long something may wait to be delivered before it goes to the dead letters. */
export function lifetimeMs(priority: Priority): number {
  return priority === 'high' ? 15 * 60_000 : 24 * 3_600_000
}

/** Ten digits, so that the order of keys is the order of making. */
export function formatId(n: number): string {
  return String(n).padStart(10, '0')
}

export function indexOf(light: LightRow, stage: Row['stage'], dueAt: number): Row {
  const { id, target, alarmId, kind, occurrence, seq, priority, createdAt, expiresAt, resolved, channels, told } = light
  return { id, target, alarmId, kind, occurrence, seq, priority, createdAt, expiresAt, resolved, channels, told, attempts: 0, mayBeSent: false, stage, dueAt }
}
