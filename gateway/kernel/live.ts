/** What the live socket (`/api/v1/live`) tells besides events; the dashboard knows these forms, too. */
import type { Value } from './reading.ts'

export interface Health {
  /** Can the gateway do its work: store writable, broker listening? */
  readonly ready: boolean
  /** By name (`store`, `broker`, `influx`); those not `vital` do not make it unready. Read by whoever may reach the port: no secrets. */
  readonly checks: Readonly<Record<string, { readonly ok: boolean; readonly vital: boolean; readonly detail?: string }>>
}

/** How the gateway does, in a few figures, once a second. Times are ms since 1970 by the gateway's clock. */
export interface Pulse {
  readonly now: number
  /** When the newest reading was stored; null: none since the start. */
  readonly newest: number | null
  /** Readings stored since the start. */
  readonly readings: number
  readonly devices: number
  /** The last position of the log. */
  readonly last: number
  readonly health: Health
}

/** One value of a watched device; time in ms since 1970. */
export type ValueRow = readonly [device: string, metric: string, value: Value, ts: number, quality: string, unit: string | null]
