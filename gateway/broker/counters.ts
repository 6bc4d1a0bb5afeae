import type { MetricSample } from '../kernel/metric.ts'

const help = {
  refused: 'Publishes and subscriptions that were not allowed, by reason.',
  rejected: 'Connections that were turned away, by reason.',
  violations: 'Connections closed because of bytes that are no MQTT or too many, by reason.',
  dropped: 'Messages not kept for somebody, by reason.',
  cut: 'Clients that were disconnected by the broker, by reason.',
  duplicates: 'Messages that were sent again and recognised, by QoS.',
  failures: 'Work undone because a commit failed, by kind.',
} as const

export type CounterName = keyof typeof help

/** Plain numbers until somebody scrapes. Label values come from code, never from a client, so they are bounded. */
export interface Counters {
  /** PUBLISH packets from and to clients by QoS; bare numbers, they count every message. */
  readonly received: [number, number, number]
  readonly delivered: [number, number, number]
  add(name: CounterName, label: string, by?: number): void
  value(name: CounterName, label?: string): number
  samples(): Iterable<MetricSample>
}

export function createCounters(): Counters {
  const numbers = new Map<CounterName, Map<string, number>>()
  const received: [number, number, number] = [0, 0, 0]
  const delivered: [number, number, number] = [0, 0, 0]
  return {
    received,
    delivered,
    add(name, label, by = 1) {
      let labels = numbers.get(name)
      if (labels === undefined) numbers.set(name, (labels = new Map()))
      labels.set(label, (labels.get(label) ?? 0) + by)
    },
    value(name, label) {
      const labels = numbers.get(name)
      if (labels === undefined) return 0
      if (label !== undefined) return labels.get(label) ?? 0
      let sum = 0
      for (const number of labels.values()) sum += number
      return sum
    },
    *samples() {
      for (const qos of [0, 1, 2] as const) {
        yield { name: 'limen_mqtt_received_total', help: 'PUBLISH packets taken from clients.', type: 'counter', value: received[qos], labels: { qos: String(qos) } }
        yield { name: 'limen_mqtt_delivered_total', help: 'PUBLISH packets handed to clients.', type: 'counter', value: delivered[qos], labels: { qos: String(qos) } }
      }
      for (const [name, labels] of numbers) {
        const label = name === 'duplicates' ? 'qos' : 'reason'
        for (const [value, number] of labels) {
          yield { name: `limen_mqtt_${name}_total`, help: help[name], type: 'counter', value: number, labels: { [label]: value } }
        }
      }
    },
  }
}
