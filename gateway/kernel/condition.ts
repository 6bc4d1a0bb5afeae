import type { Level } from './alarm.ts'
import type { Times } from './contracts.ts'
import type { Value } from './reading.ts'
import type { Rule } from './rule.ts'

/**
 * What the rules find out about one condition, told to the alarms in the turn in which it happens:
 * `true` (after `for`), `level` (another level while true), `false` (after `clearFor`), `quality` (unknown, or good again),
 * `seen` (the first sample since the gateway came back), `gated` (the schedule ends the announcement: cleared, whatever the acknowledgement).
 */
export interface ConditionChange {
  readonly kind: 'true' | 'level' | 'false' | 'quality' | 'seen' | 'gated'
  readonly rule: Rule
  readonly key: string
  readonly device: string | null
  readonly metric: string | null
  readonly level: Level
  /** To an outer level, or to the other side. */
  readonly levelUp: boolean
  readonly limit: number | string | boolean | null
  readonly value: Value
  /** Stands for `{value}` in messages, where there is more to say than the value. */
  readonly valueText?: string | undefined
  readonly unit: string | null
  readonly quality: 'good' | 'unknown'
  /** A timer's due time, or the time of the input. */
  readonly times: Times
}

/** What a technical alarm of a sensor, a device or a rule is about. */
export interface TechnicalFinding {
  readonly rule: `technical.${string}`
  readonly key: string
  readonly device: string | null
  readonly metric: string | null
  readonly active: boolean
  readonly message: string
  readonly value?: Value
}

/** Where the rules tell. Called synchronously, in order; whoever takes it must not call back. */
export interface ConditionSink {
  change(change: ConditionChange): void
  technical(finding: TechnicalFinding, times: Times): void
}
