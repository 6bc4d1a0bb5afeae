import type { KpiId, KpiReport } from '../kernel/kpis.ts'
import type { MetricSample } from '../kernel/metric.ts'

const help = {
  annunciated: 'Alarms announced in the last 24 h, as an average, per operator where one works.',
  priority: 'Share of each priority among the alarms announced in the last 24 h.',
  ack: 'Time to acknowledge an alarm, over the last 24 h.',
  delivery: 'Time from the reading (or timer) that raised an alarm to its delivery, over the last 24 h.',
}

const metrics: Readonly<Record<KpiId, Pick<MetricSample, 'name' | 'help' | 'labels'>>> = {
  'annunciated-per-day': { name: 'limen_kpi_annunciated_per_day', help: help.annunciated },
  'annunciated-per-hour': { name: 'limen_kpi_annunciated_per_hour', help: help.annunciated },
  'annunciated-per-10min': { name: 'limen_kpi_annunciated_per_10min', help: help.annunciated },
  'peak-10min': { name: 'limen_kpi_peak_10min', help: 'Most alarms announced in any 10 min of the last 24 h.' },
  'flood-share': { name: 'limen_kpi_flood_percent', help: 'Time in flood, of the last 24 h.' },
  'top-ten-share': { name: 'limen_kpi_top_ten_percent', help: 'Share of the ten most frequent alarms of the last 24 h.' },
  chattering: { name: 'limen_kpi_chattering', help: 'Alarms that were announced three times in a minute in the last 24 h.' },
  stale: { name: 'limen_kpi_stale', help: 'Alarms that have been active for more than 24 h.' },
  'priority-low': { name: 'limen_kpi_priority_percent', help: help.priority, labels: { priority: 'low' } },
  'priority-medium': { name: 'limen_kpi_priority_percent', help: help.priority, labels: { priority: 'medium' } },
  'priority-high': { name: 'limen_kpi_priority_percent', help: help.priority, labels: { priority: 'high' } },
  'ack-median': { name: 'limen_kpi_ack_seconds', help: help.ack, labels: { quantile: '0.5' } },
  'ack-p95': { name: 'limen_kpi_ack_seconds', help: help.ack, labels: { quantile: '0.95' } },
  'delivery-median': { name: 'limen_kpi_delivery_seconds', help: help.delivery, labels: { quantile: '0.5' } },
  'delivery-p95': { name: 'limen_kpi_delivery_seconds', help: help.delivery, labels: { quantile: '0.95' } },
}

/** A figure there is none of is left out; so is a rate for a longer time than the journal covers: it would cry wolf after a start. */
export function* kpiMetrics({ figures }: KpiReport): Iterable<MetricSample> {
  for (const { id, value, target, rating, unit } of figures) {
    if (value === null || (unit.startsWith('1/') && target !== null && rating === 'none')) continue
    yield { ...metrics[id], type: 'gauge', value }
  }
}
