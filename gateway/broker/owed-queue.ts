import type { QueueState } from '../kernel/queue.ts'
import type { Counters } from './counters.ts'
import type { BrokerLimits } from './options.ts'
import type { Outbox } from './outbox.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'

/** What MQTT clients are owed: by the name of the session that is owed the most, or of all together where that is the tighter bound. */
export function owedQueue({ counters, sessions, outbox, limits }: { counters: Counters; sessions: Sessions; outbox: Outbox; limits: BrokerLimits }): QueueState {
  let fullest: Session | undefined
  let share = 0
  for (const session of sessions.all()) {
    const own = Math.max(session.owed.size / limits.maxQueuedMessages, session.owedBytes / limits.maxQueuedBytes)
    if (own <= share) continue
    fullest = session
    share = own
  }
  const { messages, bytes } = outbox.totals()
  const together = Math.max(messages / limits.maxQueuedMessagesTotal, bytes / limits.maxQueuedBytesTotal)
  const of = { id: 'mqtt', dropped: counters.value('dropped', 'queue-full') }
  const wayOut = 'must come back and take it, or be given up (connect once under the same client id with clean session)'
  return fullest === undefined || together > share
    ? { ...of, name: 'What MQTT clients are owed, all together,', share: together, remedy: `sessions whose clients stay away ${wayOut}` }
    : { ...of, name: `The queue of MQTT session ${fullest.id}`, share, remedy: `its client ${wayOut}` }
}
