import { Readable } from 'node:stream'
import type { AedesClient } from './aedes-client.ts'
import type { IncomingIds } from './incoming.ts'
import type { Link } from './session.ts'
import type { Outbox } from './outbox.ts'
import type { Persistence, PubrelPacket, StoredPacket } from './persistence.ts'
import type { Sessions } from './sessions.ts'
import type { Wills } from './wills.ts'

/**
 * What aedes is given: the persistence, with those steps of the protocol left out that the broker has taken itself in an earlier turn
 * (sessions at the login, subscriptions at their check, QoS 2 ids with their message, queues by the outbox).
 */
export function createProtocolPersistence(
  base: Persistence,
  deps: { sessions: Sessions; outbox: Outbox; incoming: IncomingIds; wills: Wills; linkOf: (client: AedesClient) => Link | undefined; isCopy: (packet: object) => boolean },
): Persistence {
  const { sessions, outbox, incoming, wills } = deps
  const nothing = async (): Promise<void> => {}

  return {
    ...base,
    /** aedes tells by this whether a session is present [MQTT-3.2.2-2]; a session without subscriptions is one too. The stand-in is not subscribed to. */
    async subscriptionsByClient({ id }) {
      const session = sessions.get(id)
      return session?.kept === true && !session.fresh ? [{ topic: '$session', qos: 0 as const }] : []
    },
    // What was there of a session that starts clean went at the login, and a clean one's own goes with its connection.
    cleanSubscriptions: nothing,
    cleanIncoming: nothing,
    addSubscriptions: nothing,
    outgoingEnqueue: nothing,
    outgoingEnqueueCombi: nothing,
    storeRetained: nothing,
    outgoingStream: () => Readable.from([]),
    createRetainedStreamCombi: () => Readable.from([]),
    outgoingUpdate(client, packet) {
      const session = sessions.get(client.id)
      return new Promise((resolve, reject) => {
        // A PUBREC for something not owed (any more): its PUBREL is owed all the same, or the client would ask for ever.
        if (session === undefined || !outbox.release(session, (packet as PubrelPacket).messageId, (error) => (error === null ? resolve() : reject(error)))) resolve()
      })
    },
    async incomingGetPacket(client, packet) {
      // Asked at PUBLISH: is it a copy? Asked at PUBREL: is there something to release?
      if ((packet as Partial<StoredPacket>).cmd !== 'publish') return base.incomingGetPacket(client, packet)
      if (deps.isCopy(packet)) return packet
      throw new Error('no such packet')
    },
    incomingStorePacket: nothing,
    incomingDelPacket(client, packet) {
      const session = sessions.get(client.id)
      return new Promise((resolve) => {
        if (session === undefined) return resolve()
        incoming.release(session, packet.messageId!, (error) => {
          // aedes answers PUBCOMP even if this rejects; a closed connection is what makes the client ask again.
          if (error !== null && error !== undefined) deps.linkOf(client as unknown as AedesClient)?.conn.destroy(error)
          resolve()
        })
      })
    },
    async putWill(client, will) {
      const link = deps.linkOf(client as unknown as AedesClient)
      const principal = link?.principal
      if (principal === null || principal === undefined) return
      await new Promise<void>((resolve, reject) => {
        wills.put(client.id, will, { principal, brokerId: base.broker.id, done: (error) => (error === null ? resolve() : reject(error)) })
      })
    },
    // A will goes in the batch in which it fires, or when its connection is closed for good.
    async delWill() {
      return undefined
    },
    // Wills from before a crash were fired at start; aedes knows no other broker whose wills it should fire.
    streamWill: () => Readable.from([]),
  }
}
