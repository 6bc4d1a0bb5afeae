import type { MetricSample } from '../kernel/metric.ts'
import type { Counters } from './counters.ts'
import type { IncomingIds } from './incoming.ts'
import type { Outbox } from './outbox.ts'
import type { Retained } from './retained.ts'
import type { Rows } from './rows.ts'
import type { Sessions } from './sessions.ts'

export function* describeBroker(of: {
  counters: Counters
  sessions: Sessions
  outbox: Outbox
  retained: Retained
  incoming: IncomingIds
  rows: Rows
  connections: () => number
}): Iterable<MetricSample> {
  yield* of.counters.samples()
  const { kept, connected } = of.sessions.count()
  const { messages, bytes } = of.outbox.totals()
  yield gauge('limen_mqtt_connections', 'Open connections, those that have not logged in yet included.', of.connections())
  yield gauge('limen_mqtt_clients', 'Clients that are connected.', connected)
  yield gauge('limen_mqtt_sessions', 'Kept sessions, connected or not.', kept)
  yield gauge('limen_mqtt_owed_messages', 'QoS 1 and 2 messages that clients have not acknowledged, queued ones included.', messages)
  yield gauge('limen_mqtt_owed_bytes', 'The same in bytes of topic and payload.', bytes)
  yield gauge('limen_mqtt_retained_messages', 'Retained messages.', of.retained.count())
  yield gauge('limen_mqtt_retained_bytes', 'Retained messages of clients, bytes of topic and payload.', of.retained.bytes())
  yield gauge('limen_mqtt_incoming_ids', 'QoS 2 packet ids that wait for PUBREL.', of.incoming.total())
  yield gauge('limen_mqtt_owed_deletions', 'Rows whose deletion could not be stored yet.', of.rows.owing())
}

function gauge(name: string, help: string, value: number): MetricSample {
  return { name, help, type: 'gauge', value }
}
