import type { Problem } from './problem.ts'
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

/** Rules that are tried on what the gateway recorded. */
export interface TrialOrder {
  /** The text of a file of rules, or rules as JSON gave them. */
  readonly rules: string | readonly unknown[]
  /** Wall ms: [from, to). */
  readonly from: number
  readonly to: number
}

/** The answer to it, as `POST rules/backtest` gives it. Times are ISO 8601. */
export interface TrialAnswer {
  readonly from: string
  readonly to: string
  /** Of the earliest reading that was looked at, not before `from`; null: there was none. What was recorded may go back less far than was asked for. */
  readonly firstReadingAt: string | null
  /** The first of them, where there are more than are shown. */
  readonly items: readonly LogLine[]
  /** Of all up to `until`. */
  readonly summary: BacktestSummary
  /** There are more lines than these, or time was up before `to`. */
  readonly truncated: boolean
  /** How far it got. */
  readonly until: string
  /** Rules that threw, with the reason: from there on they say nothing. */
  readonly faulty: Readonly<Record<string, string>>
}

export type TrialOutcome =
  /** A TrialAnswer as JSON in UTF-8: it may be large, and is not made in the thread that takes readings in. */
  | { readonly ok: true; readonly json: Uint8Array }
  /** The rules are wrong; lines and columns are of `text`. */
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly text: string }

/**
 * Tries rules on the log, apart from what runs: nothing is stored, nobody is told. Throws OVERLOADED where as many are under way as
 * may be, where one takes too much memory, and STOPPING.
 */
export interface BacktestDesk {
  /** Ended, with an error that nobody needs, when the signal comes. */
  try(order: TrialOrder, signal: AbortSignal): Promise<TrialOutcome>
  /** Ends what is under way. */
  stop(): Promise<void>
}
