import type { KpiFigure, KpiId, KpiRating } from '../kernel/kpis.ts'
import { kpiIds } from '../kernel/kpis.ts'

interface Definition {
  readonly name: string
  readonly unit: KpiFigure['unit']
  readonly target: number | null
  readonly limit: number | null
  /** When the target is met: `at-most` it, `under` it, `at-least` it. The limit is passed above it; of `under`, at it. */
  readonly met: 'at-most' | 'under' | 'at-least'
}

/** EEMUA 191 and ISA-18.2. A figure with neither target nor limit is only told. */
const definitions: Readonly<Record<KpiId, Definition>> = {
  'annunciated-per-day': { name: 'Alarms announced per operator and day', unit: '1/d', target: 150, limit: 300, met: 'at-most' },
  'annunciated-per-hour': { name: 'Alarms announced per operator and hour', unit: '1/h', target: 6, limit: 12, met: 'at-most' },
  'annunciated-per-10min': { name: 'Alarms announced per operator in 10 min', unit: '1/10min', target: 1, limit: 2, met: 'at-most' },
  'peak-10min': { name: 'Most alarms in any 10 min', unit: '', target: 10, limit: 10, met: 'at-most' },
  'flood-share': { name: 'Time in flood', unit: '%', target: 1, limit: null, met: 'under' },
  'top-ten-share': { name: 'Share of the ten most frequent alarms', unit: '%', target: 5, limit: 5, met: 'at-most' },
  chattering: { name: 'Chattering alarms', unit: '', target: 0, limit: 0, met: 'at-most' },
  stale: { name: 'Stale alarms', unit: '', target: 5, limit: 5, met: 'under' },
  'priority-low': { name: 'Share of low priority', unit: '%', target: 80, limit: null, met: 'at-least' },
  'priority-medium': { name: 'Share of medium priority', unit: '%', target: 15, limit: null, met: 'at-most' },
  'priority-high': { name: 'Share of high priority', unit: '%', target: 5, limit: null, met: 'at-most' },
  'ack-median': { name: 'Time to acknowledge, median', unit: 's', target: null, limit: null, met: 'at-most' },
  'ack-p95': { name: 'Time to acknowledge, 95th percentile', unit: 's', target: null, limit: null, met: 'at-most' },
  'delivery-median': { name: 'From reading to delivery, median', unit: 's', target: null, limit: null, met: 'at-most' },
  'delivery-p95': { name: 'From reading to delivery, 95th percentile', unit: 's', target: null, limit: null, met: 'at-most' },
}

/** `unrated`: there is a value, but too little behind it to hold it against the target. */
export function figuresOf(values: Readonly<Record<KpiId, number | null>>, unrated: ReadonlySet<KpiId>): readonly KpiFigure[] {
  return kpiIds.map((id) => {
    const { met, ...definition } = definitions[id]
    const value = values[id]
    return { id, name: definition.name, value, unit: definition.unit, target: definition.target, limit: definition.limit, rating: unrated.has(id) ? 'none' : ratingOf(value, { ...definition, met }) }
  })
}

function ratingOf(value: number | null, { target, limit, met }: Definition): KpiRating {
  if (value === null || target === null) return 'none'
  if (met === 'at-most' ? value <= target : met === 'under' ? value < target : value >= target) return 'good'
  return limit !== null && (met === 'under' ? value >= limit : value > limit) ? 'poor' : 'fair'
}
