import type { LedgerLine } from '../kernel/contracts.ts'
import type { MetricSample } from '../kernel/metric.ts'
import type { Health } from './health.ts'

export type InfluxStatus = ReturnType<Health['state']> & {
  /** Wall time of the last batch that was taken, ms since 1970. */
  readonly lastWrittenAt: number | null
  /** Age of the oldest reading the live lane still owes; Infinity when it waited before this start. */
  readonly lagMs: number
  readonly gaps: number
}

export interface SinkFigures {
  readonly ledger: LedgerLine
  readonly status: InfluxStatus
  readonly requests: ReadonlyMap<string, number>
}

export function* sinkMetrics({ ledger, status, requests }: SinkFigures): Iterable<MetricSample> {
  const readings = { name: 'limen_influx_readings_total', help: 'Readings that found their end on the way to InfluxDB', type: 'counter' } as const
  yield { ...readings, value: ledger.delivered, labels: { outcome: 'delivered' } }
  yield { ...readings, value: ledger.deadLettered, labels: { outcome: 'dead_lettered' } }
  for (const [reason, value] of Object.entries(ledger.dropped)) yield { ...readings, value, labels: { outcome: `dropped_${reason}` } }
  yield { name: 'limen_influx_queued', help: 'Readings waiting for InfluxDB', type: 'gauge', value: ledger.queued }
  yield { name: 'limen_influx_up', help: '1 while InfluxDB takes readings', type: 'gauge', value: status.state === 'good' ? 1 : 0 }
  yield { name: 'limen_influx_lag_seconds', help: 'Age of the oldest reading the live lane owes InfluxDB', type: 'gauge', value: Number.isFinite(status.lagMs) ? status.lagMs / 1_000 : 0 }
  yield { name: 'limen_influx_gaps', help: 'Stretches of the log still to be made up for', type: 'gauge', value: status.gaps }
  for (const [answer, value] of requests) {
    yield { name: 'limen_influx_requests_total', help: 'Write requests by the status they were answered with', type: 'counter', value, labels: { status: answer } }
  }
}
