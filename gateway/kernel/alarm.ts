import type { Priority } from './priority.ts'
import type { Value } from './reading.ts'
import type { Rule } from './rule.ts'

export type { Priority }

/** ISA-18.2 states of an alarm. */
export type CoreState = 'normal' | 'unacked' | 'acked' | 'rtn-unacked' | 'latched-unacked' | 'latched-acked'
export const coreStates = ['normal', 'unacked', 'acked', 'rtn-unacked', 'latched-unacked', 'latched-acked'] as const

/** An alarm is active, its condition true as far as it was told, in exactly these states. */
export function isActive(state: CoreState): boolean {
  return state === 'unacked' || state === 'acked'
}

export type Overlay = 'shelved' | 'suppressed' | 'out-of-service'

/** `lolo` … `hihi` of a level rule, the band of a score, else null. */
export type Level = string | null

/** The alarm as it stands: exactly the JSON of `limen/alarms/{key}/{rule}` and of the HTTP API. Times are ISO 8601 or null. */
export interface Alarm {
  /** One per rule and key, `[A-Za-z0-9._~-]+`, stable over occurrences. */
  readonly id: string
  readonly key: string
  readonly class: 'process' | 'technical'
  readonly rule: string
  readonly device: string | null
  readonly metric: string | null
  readonly state: CoreState
  /** Is the condition true now? */
  readonly active: boolean
  readonly overlays: readonly Overlay[]
  readonly level: Level
  readonly priority: Priority
  readonly value: Value
  readonly unit: string | null
  /** The limit that was crossed, where the kind has one. */
  readonly limit: number | string | boolean | null
  readonly message: string
  readonly quality: 'good' | 'unknown'
  /** Came back with the gateway and has not been seen anew since. */
  readonly restored: boolean
  readonly labels: Readonly<Record<string, string>>
  /** 1 for the first time it was raised; counts episodes. */
  readonly occurrence: number
  /** Rises with every transition of this alarm. */
  readonly seq: number
  readonly raisedAt: string | null
  readonly changedAt: string
  readonly acknowledgedAt: string | null
  readonly acknowledgedBy: string | null
  readonly shelvedUntil: string | null
  /** hash(id, occurrence, seq) */
  readonly idempotencyKey: string
  /** Of a rule in shadow: it is recorded, and stands before nobody. */
  readonly shadow?: true
}

/** What the state machine emits; the CloudEvent's type is `limen.alarm.<event>`. */
export type AlarmEventName =
  | 'raised' | 'cleared' | 'returned' | 'acked' | 'level-changed' | 'reraised' | 'realarmed' | 'escalated' | 'latched'
  | 'reset' | 'shelved' | 'unshelved' | 'suppressed' | 'unsuppressed' | 'out-of-service' | 'returned-to-service'
  | 'tracked' | 'commented' | 'quality-changed' | 'retired' | 'rejected'

/** One step of one alarm. Recorded in the log, announced on MQTT and HTTP, handed to delivery and commands. */
export interface Transition {
  readonly event: AlarmEventName
  readonly from: CoreState
  /** The alarm after the step. */
  readonly alarm: Alarm
  readonly rule: Rule
  /** Monotonic milliseconds the step belongs to (a timer's due time, a reading's receipt). */
  readonly at: number
  /** Wall time of the step, ms since 1970. */
  readonly wallMs: number
  /** A rise to an outer level: `then` runs again. */
  readonly levelUp: boolean
  /** Who (operator actions) and what they wrote. */
  readonly by?: string
  readonly note?: string
  readonly reason?: string
}

export type OperatorVerb =
  | 'ack' | 'reset' | 'shelve' | 'unshelve' | 'suppress' | 'unsuppress' | 'out-of-service' | 'return-to-service' | 'comment'

/** What an operator asks of one alarm. Either `id`, or `rule` and `key`, names it. */
export interface OperatorAction {
  readonly verb: OperatorVerb
  readonly id?: string
  readonly rule?: string
  readonly key?: string
  readonly by: string
  readonly note?: string
  /** Wall time, ms since 1970. */
  readonly until?: number
  readonly oneShot?: boolean
  /** The occurrence the operator saw; an older one is refused. */
  readonly occurrence?: number
}

/** The answer to an operator: done with its transitions, or refused with the reason (HTTP 404 or 409). */
export type OperatorOutcome =
  | { readonly ok: true; readonly alarm: Alarm; readonly transitions: readonly Transition[] }
  | { readonly ok: false; readonly code: 'NOT_FOUND' | 'CONFLICT' | 'BAD_INPUT' | 'FORBIDDEN'; readonly reason: string; readonly transitions: readonly Transition[] }
