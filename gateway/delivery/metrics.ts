import type { LedgerLine } from '../kernel/contracts.ts'
import type { MetricSample } from '../kernel/metric.ts'
import type { Worker } from './worker.ts'

export function* deliveryMetrics(state: { readonly ledger: Readonly<Record<string, LedgerLine>>; readonly workers: ReadonlyMap<string, Worker> }): Iterable<MetricSample> {
  for (const [target, line] of Object.entries(state.ledger)) {
    const labels = { target }
    yield { name: 'limen_delivery_received_total', help: 'Deliveries asked for.', type: 'counter', value: line.received, labels }
    yield { name: 'limen_delivery_delivered_total', help: 'Deliveries the target accepted.', type: 'counter', value: line.delivered, labels }
    yield { name: 'limen_delivery_queued', help: 'Deliveries that wait or are under way.', type: 'gauge', value: line.queued, labels }
    yield { name: 'limen_delivery_dead_letters', help: 'Deliveries given up that wait for somebody.', type: 'gauge', value: line.deadLettered, labels }
    for (const [reason, value] of Object.entries(line.dropped)) {
      yield { name: 'limen_delivery_dropped_total', help: 'Deliveries dropped, by reason.', type: 'counter', value, labels: { target, reason } }
    }
  }
  for (const [target, worker] of state.workers) {
    yield { name: 'limen_delivery_attempts_total', help: 'Calls to the target since the start.', type: 'counter', value: worker.attempts(), labels: { target } }
    yield { name: 'limen_delivery_failures_in_a_row', help: 'Failed calls since the last that succeeded.', type: 'gauge', value: worker.failuresInARow(), labels: { target } }
  }
}
