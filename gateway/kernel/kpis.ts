import type { Priority } from './priority.ts'

/** The ids of the figures, in the order in which they are shown. What each is: docs/decisions/kpis.md. */
export const kpiIds = [
  'annunciated-per-day', 'annunciated-per-hour', 'annunciated-per-10min', 'peak-10min', 'flood-share', 'top-ten-share', 'chattering', 'stale',
  'priority-low', 'priority-medium', 'priority-high', 'ack-median', 'ack-p95', 'delivery-median', 'delivery-p95',
] as const
export type KpiId = (typeof kpiIds)[number]

/** `good`: the target is met · `fair`: missed · `poor`: beyond the limit · `none`: nothing to go by. */
export type KpiRating = 'good' | 'fair' | 'poor' | 'none'

export interface KpiFigure {
  readonly id: KpiId
  readonly name: string
  /** Null: there is nothing to say (no alarm, no acknowledgement). */
  readonly value: number | null
  readonly unit: '1/d' | '1/h' | '1/10min' | '%' | 's' | ''
  readonly target: number | null
  readonly limit: number | null
  readonly rating: KpiRating
}

/** Times are ISO 8601, shares in %. Lists that could be long hold their greatest 100. */
export interface KpiReport {
  readonly from: string
  readonly to: string
  readonly operators: number
  /** The part of the period that the journal covers and that is not in the future: what averages are over. */
  readonly covered: { readonly from: string; readonly to: string }
  readonly annunciated: number
  readonly figures: readonly KpiFigure[]
  /** In the order of time. */
  readonly floods: readonly { readonly from: string; readonly to: string; readonly alarms: number }[]
  readonly frequent: readonly { readonly rule: string; readonly key: string; readonly count: number; readonly share: number }[]
  readonly chattering: readonly { readonly rule: string; readonly key: string; readonly peakPerMinute: number }[]
  readonly stale: readonly { readonly id: string; readonly rule: string; readonly key: string; readonly raisedAt: string }[]
  /** How many were announced with each. */
  readonly priorities: Readonly<Record<Priority, number>>
  /** Hours aligned to 1970, the first and the last perhaps cut by the period; those without are there with 0. */
  readonly perHour: readonly { readonly start: string; readonly count: number }[]
}

export interface KpiQuery {
  /** ms since 1970: [from, to). */
  readonly from: number
  readonly to: number
  readonly operators: number
}

/** How well the alarms perform, worked out of the journal. */
export interface KpiDesk {
  /** Rejects with LimenError BAD_INPUT where the period holds more than can be looked at, OVERLOADED while too many others ask. */
  report(query: KpiQuery): Promise<KpiReport>
}
