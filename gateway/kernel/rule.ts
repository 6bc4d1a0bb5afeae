import type { Priority } from './priority.ts'
import type { Value } from './reading.ts'

/** What a rule listens to. Globs: `*` any run of characters, `?` one. Empty only where the kind names its signals itself. */
export interface Selector {
  readonly metric?: string
  readonly device?: string
  readonly deviceType?: string
  readonly label?: Readonly<Record<string, string>>
  /** Application events of these types (a glob) instead of readings; the other members are then about `data.device`. */
  readonly event?: string
}

/** When a rule announces (`while`): `[from, to)` on a clock of the zone, over midnight where `to` ≤ `from`; equal: 24 hours. */
export interface Schedule {
  /** Minutes since midnight; `toMin` up to 1440. */
  readonly fromMin: number
  readonly toMin: number
  /** 0 Sunday … 6 Saturday: the days on which `from` lies; empty: all. */
  readonly days: readonly number[]
  /** IANA name. */
  readonly tz: string
}

/** A command a rule gives, delivery.md "Actuators"; strings may hold `{device}`, `{metric}`, `{value}`, `{labels.NAME}`. */
export interface CommandSpec {
  readonly device: string
  readonly actuator: string
  readonly value: Value
  readonly ttlMs: number
  readonly release: 'release' | 'safe' | 'hold' | 'awaitReset'
  readonly safeValue: Value | undefined
  /** What decides that it is done: the device's ack or its reported state. */
  readonly confirm: 'ack' | 'state'
  /** Time the output itself may take from accepted to done. */
  readonly doneWithinMs: number
}

export type Action =
  | { readonly command: CommandSpec }
  | { readonly notify: string; readonly resolved: boolean }

/** A rule, parsed, with every default filled in. Immutable. */
export interface Rule {
  readonly id: string
  readonly class: 'process' | 'technical'
  readonly on: Selector
  /** The kind's name (a key of the table of kinds) and its validated specification. */
  readonly when: { readonly kind: string; readonly spec: unknown }
  readonly forMs: number
  readonly clearForMs: number
  /** How long the last good value stands; undefined: worked out from the series (3 × its median interval, at least 30 s). */
  readonly staleMs: number | undefined
  /** UCUM code of the unit that its limits are written in; undefined: whatever the readings are in. */
  readonly unit: string | undefined
  readonly priority: Priority | Readonly<Record<string, Priority>>
  readonly latch: boolean
  readonly ack: 'required' | 'auto'
  /**
   * What one alarm is kept per: `device`, `rule` (one for all), `label.NAME`, or `data.PATH` of an event. Of an event `device` is
   * its `data.device`, and where it has none the rule.
   */
  readonly key: string
  /** Undefined: always. */
  readonly schedule: Schedule | undefined
  /** Acknowledged but still active: announced again after so long. */
  readonly realarmMs: number | undefined
  /** Unacknowledged: escalated after each of these, from the announcement; rising. */
  readonly escalateMs: readonly number[]
  readonly message: string
  readonly then: readonly Action[]
  /** shadow: evaluates and records, tells nobody. */
  readonly mode: 'live' | 'shadow' | 'off'
  /** Where it was read from; `file` is relative to the configuration. */
  readonly source: { readonly file: string; readonly line: number }
  /** Changes with any edit. */
  readonly version: string
  /** Changes when what fires it changes (on, when, for, clearFor, stale, unit, key): its alarms are then retired. */
  readonly conditionVersion: string
}
