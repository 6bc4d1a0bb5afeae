import type { Counters } from './counters.ts'
import type { Done } from './done.ts'
import type { BrokerLimits } from './options.ts'
import type { Rows } from './rows.ts'
import { rowKey } from './session.ts'
import type { Incoming, Session } from './session.ts'

/** QoS 2 packet ids from PUBLISH to PUBREL [MQTT-4.3.3-2]: what came twice under one id is one message, over restarts too. */
export interface IncomingIds {
  /** Is this a copy of a message taken already? */
  find(session: Session, messageId: number, hash: number): Incoming | undefined
  /** False: too many wait for PUBREL. */
  hasRoom(session: Session, messageId: number): boolean
  /** Takes a new message's id into the current batch. */
  take(session: Session, messageId: number, hash: number): { apply(): void; undo(error: Error): void }
  /** PUBREL: `done` is called once the id's deletion is on disk, so that after a crash a new message under it is not taken for a copy. */
  release(session: Session, messageId: number, done: Done): void
  total(): number
}

export function createIncomingIds(deps: { rows: Rows; counters: Counters; limits: BrokerLimits; sessions: () => Iterable<Session> }): IncomingIds {
  const { rows, counters, limits } = deps

  function total(): number {
    let sum = 0
    for (const session of deps.sessions()) sum += session.incoming.size
    return sum
  }

  return {
    find(session, messageId, hash) {
      const known = session.incoming.get(messageId)
      return known !== undefined && known.hash === hash ? known : undefined
    },
    hasRoom({ incoming }, messageId) {
      // Summing up is dear, so only whoever has many already pays for it.
      const full = !incoming.has(messageId) && incoming.size > 1_000 && incoming.size % 100 === 0 && total() >= limits.maxIncomingTotal
      if (full) counters.add('rejected', 'incoming-limit')
      return !full
    },
    take(session, messageId, hash) {
      const before = session.incoming.get(messageId)
      const incoming: Incoming = { hash, committed: false, waiters: null, releasing: null }
      session.incoming.set(messageId, incoming)
      if (session.kept) rows.put('incoming', rowKey(session, String(messageId)), String(hash))
      return {
        apply() {
          incoming.committed = true
          const { waiters } = incoming
          incoming.waiters = null
          for (const waiter of waiters ?? []) waiter()
        },
        undo(error) {
          if (session.incoming.get(messageId) === incoming) {
            if (before === undefined) session.incoming.delete(messageId)
            else session.incoming.set(messageId, before)
          }
          for (const waiter of incoming.waiters ?? []) waiter(error)
        },
      }
    },
    release(session, messageId, done) {
      const known = session.incoming.get(messageId)
      // Released before, or never taken: PUBCOMP is owed all the same.
      if (known === undefined) return done()
      if (known.releasing !== null) {
        known.releasing.push(done)
        return
      }
      if (!session.kept) {
        session.incoming.delete(messageId)
        return done()
      }
      known.releasing = [done]
      rows.delete('incoming', rowKey(session, String(messageId)))
      rows.onDisk((error) => {
        const waiting = known.releasing ?? []
        known.releasing = null
        if (error === null && session.incoming.get(messageId) === known) session.incoming.delete(messageId)
        for (const waiter of waiting) waiter(error)
      })
    },
    total,
  }
}
