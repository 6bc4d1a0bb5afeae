import type { Value } from './reading.ts'

/** One transition in the output of a backtest (interface.md, "Backtest input and output"). */
export interface BacktestLine {
  /** Monotonic virtual time, ms. */
  readonly at: number
  readonly rule: string
  readonly key: string
  readonly device: string | null
  /** Core states of the alarm. */
  readonly from: string
  readonly to: string
  readonly event: string
  readonly level: string | null
  readonly value: Value
  readonly overlays: readonly string[]
  readonly quality: string
  readonly occurrence: number
  readonly reason: string | null
}

/** A line over the gateway's own log: with its wall time, since `at` is of the gateway's own making. */
export type LogLine = BacktestLine & { readonly wallMs: number }

/** The last line of the output. */
export interface BacktestSummary {
  /** Taken in, redelivered ones not counted. */
  readonly readings: number
  /** Lines of output. */
  readonly transitions: number
  /** Times an alarm came up: raised and reraised. */
  readonly alarms: number
  /** Of these, those whose condition had ended within 30 s. */
  readonly shorterThan30s: number
  /** Readings that came too late to count. */
  readonly late: number
  readonly duplicates: number
  /** Refused operator actions. */
  readonly rejected: number
  readonly stateHash: string
}
