import type { Priority } from './priority.ts'

/** A table that turns signals into points, and points into a level. Plain data: it is part of a rule's specification. */
export interface ScoreTable {
  readonly id: string
  /** Of the table, as its maker counts. */
  readonly version: string
  /** As people call it: `NEWS2`. */
  readonly name: string
  /** How long an input counts where the rule does not say. */
  readonly maxAgeMs: number
  /** At least one; names and metrics are unique. */
  readonly parameters: readonly ScoreParameter[]
  /** At least two, from the lowest, which is the normal state, up. */
  readonly bands: readonly ScoreBand[]
}

export interface ScoreParameter {
  /** What the table calls it: its metric, unless the rule names another. */
  readonly name: string
  readonly metric: string
  /** UCUM code; undefined: none is expected. */
  readonly unit: string | undefined
  readonly scale: ScoreScale
  /** The first whose case holds stands instead of `scale`. */
  readonly instead: readonly { readonly when: ScoreCase; readonly scale: ScoreScale }[]
}

export type ScoreScale =
  /** Rounded to so many decimals (half up) first, then the one range it lies in; they rise without a gap. */
  | { readonly form: 'ranges'; readonly decimals: number; readonly ranges: readonly ScoreRange[] }
  /** true/false, ON/OFF, yes/no. */
  | { readonly form: 'flag'; readonly yes: number; readonly no: number }
  /** Texts in small letters. */
  | { readonly form: 'values'; readonly values: Readonly<Record<string, number>> }

/** Both ends belong to it; null, of the first and last only: open. */
export interface ScoreRange { readonly from: number | null; readonly to: number | null; readonly points: number }

/** Holds where all of it holds. */
export interface ScoreCase {
  /** Settings of the device the value comes from (`news2Scale: 2`). */
  readonly settings: Readonly<Record<string, string>>
  /** Values of other parameters, by name: of a flag true or false, else a text in small letters. */
  readonly values: Readonly<Record<string, string | boolean>>
}

/** Reached by the total, or by a single parameter; the lowest has neither. */
export interface ScoreBand {
  readonly level: string
  readonly total: number | null
  readonly single: number | null
  readonly priority: Priority
}
