import type { Subscription as AedesSubscription } from 'aedes'
import { Readable } from 'node:stream'
import type { Principal } from '../kernel/principal.ts'
import type { Will } from './aedes-client.ts'
import type { IncomingIds } from './incoming.ts'
import type { Outbox } from './outbox.ts'
import type { Retained } from './retained.ts'
import type { Rows } from './rows.ts'
import type { Incoming, Owed, Session, SubscriptionOptions } from './session.ts'
import type { Sessions } from './sessions.ts'
import type { Topics } from './topics.ts'
import type { Wills } from './wills.ts'

/** A packet as aedes hands it to its persistence. */
export interface StoredPacket {
  readonly cmd?: string
  readonly topic: string
  readonly payload: Buffer | string
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
  readonly dup?: boolean
  readonly brokerId?: string
  readonly brokerCounter?: number
  messageId?: number | undefined
}

export interface PubrelPacket {
  readonly cmd: 'pubrel'
  readonly messageId: number
}

interface ClientId { readonly id: string }
interface SubscriptionOf { readonly clientId: string; readonly topic: string; readonly qos: number }
type WillPacket = Will & { brokerId?: string; clientId?: string }

/**
 * The broker's durable state behind the interface aedes knows (aedes-persistence 11), so that whichever path of aedes is taken finds
 * it whole; its conformance suite runs over it. Promises resolve once on disk. What the broker does faster or stricter itself is
 * overridden in protocol-persistence.ts.
 */
export type Persistence = ReturnType<typeof createPersistence>

/** Sessions that are made through this interface belong to nobody in particular. */
const nobody: Principal = { kind: 'trusted', name: 'loopback', role: 'admin' }

export function createPersistence(deps: {
  rows: Rows
  sessions: Sessions
  topics: Topics
  outbox: Outbox
  retained: Retained
  incoming: IncomingIds
  wills: Wills
}) {
  const { rows, sessions, topics, outbox, retained, incoming, wills } = deps
  let brokerOf: { readonly id: string } = { id: '' }
  /** Of QoS 2 packets stored through this interface; the broker itself keeps their ids only, nobody needs more. */
  const contents = new WeakMap<Incoming, object>()

  function written(work?: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      work?.()
      rows.onDisk((error) => (error === null ? resolve() : reject(error)))
    })
  }

  async function sessionOf(id: string): Promise<Session> {
    const known = sessions.get(id)
    if (known !== undefined) return known
    await new Promise<void>((resolve, reject) => {
      sessions.prepare({ id, clean: false, principal: nobody }, (error) => (error === null ? resolve() : reject(error)))
    })
    return sessions.get(id)!
  }

  async function enqueue(id: string, packet: StoredPacket): Promise<void> {
    const session = await sessionOf(id)
    const { brokerId, brokerCounter, topic, payload, retain } = packet
    const origin = brokerId === undefined || brokerCounter === undefined ? undefined : { brokerId, brokerCounter }
    const parcel = { topic, topicBytes: Buffer.from(topic), payload: Buffer.from(payload as string), retain, expiresAt: undefined, origin }
    const owed = outbox.owe(session, parcel, packet.qos === 2 ? 2 : 1)
    if (owed === null) return
    try {
      await written()
      outbox.confirm(owed)
    } catch (error) {
      outbox.withdraw(session, owed)
      throw error
    }
  }

  function packetOf(owed: Owed): StoredPacket | PubrelPacket {
    if (owed.state === 'released') return { cmd: 'pubrel', messageId: owed.messageId }
    return {
      cmd: 'publish',
      ...(owed.origin ?? { brokerId: brokerOf.id, brokerCounter: 0 }),
      topic: owed.topic,
      payload: Buffer.from(owed.payload),
      qos: owed.qos,
      retain: owed.retain,
      dup: owed.dup,
      // The id is reserved from the start; whoever streams sees it once the message was handed over.
      messageId: owed.state === 'waiting' ? undefined : owed.messageId,
    }
  }

  function retainedPackets(patterns: readonly string[]): Readable {
    function* packets(): Iterable<StoredPacket> {
      const scan = retained.scan(patterns)
      for (let found = scan.next(); found.done !== true; found = scan.next()) {
        if (found.value === null) continue
        const { topic, payload, qos } = found.value
        yield { cmd: 'publish', topic, payload: Buffer.from(payload), qos, retain: true }
      }
    }
    return Readable.from(packets())
  }

  return {
    /** For aedes, which looks here for the broker it serves. */
    get broker() {
      return brokerOf
    },
    async setup(broker: { readonly id: string }): Promise<void> {
      brokerOf = broker
    },
    async destroy(): Promise<void> {},

    async storeRetained(packet: StoredPacket): Promise<void> {
      const message = { topic: packet.topic, payload: Buffer.from(packet.payload as string), qos: packet.qos, own: false }
      const change = retained.write(message)
      try {
        await written()
        change?.apply()
      } catch (error) {
        change?.undo()
        throw error
      }
    },
    createRetainedStream: (pattern: string) => retainedPackets([pattern]),
    createRetainedStreamCombi: (patterns: readonly string[]) => retainedPackets(patterns),

    async addSubscriptions(client: ClientId, subscriptions: readonly (AedesSubscription & SubscriptionOptions)[]): Promise<void> {
      const session = await sessionOf(client.id)
      await Promise.all(subscriptions.map(({ topic, qos, ...rest }) => new Promise<void>((resolve, reject) => {
        const { clientId: _, ...options } = rest
        const request = { filter: topic, qos, ...(Object.keys(options).length === 0 ? {} : { options }) }
        if (!sessions.subscribe(session, request, (error) => (error === null ? resolve() : reject(error)))) resolve()
      })))
    },
    async removeSubscriptions(client: ClientId, filters: readonly string[]): Promise<void> {
      const session = sessions.get(client.id)
      if (session !== undefined) await written(() => sessions.unsubscribe(session, filters))
    },
    async cleanSubscriptions(client: ClientId): Promise<void> {
      const session = sessions.get(client.id)
      if (session !== undefined) await written(() => sessions.unsubscribe(session, [...session.subscriptions.keys()]))
    },
    async subscriptionsByClient(client: ClientId) {
      const subscriptions = [...(sessions.get(client.id)?.subscriptions.values() ?? [])]
      return subscriptions.map(({ filter, qos, options }) => ({ topic: filter, qos, ...options }))
    },
    async subscriptionsByTopic(topic: string) {
      return topics.match(topic)
        .filter(({ qos, session }) => qos > 0 && session.kept)
        .map(({ filter, qos, session, options }) => ({ clientId: session.id, topic: filter, qos, ...options }))
    },
    async countOffline() {
      const subscribed = [...sessions.all()].filter((session) => session.kept && session.subscriptions.size > 0)
      const subsCount = subscribed.reduce((sum, { subscriptions }) => sum + [...subscriptions.values()].filter(({ qos }) => qos > 0).length, 0)
      return { subsCount, clientsCount: subscribed.length }
    },
    getClientList(topic: string): Readable {
      return Readable.from([...sessions.all()].filter((session) => session.kept && session.subscriptions.has(topic)).map(({ id }) => id))
    },

    outgoingEnqueue: (subscription: SubscriptionOf, packet: StoredPacket) => enqueue(subscription.clientId, packet),
    async outgoingEnqueueCombi(subscriptions: readonly SubscriptionOf[], packet: StoredPacket): Promise<void> {
      for (const { clientId } of subscriptions) await enqueue(clientId, packet)
    },
    async outgoingUpdate(client: ClientId, packet: StoredPacket | PubrelPacket): Promise<void> {
      const session = sessions.get(client.id)
      if (session === undefined) throw new Error('no such packet')
      if (packet.cmd === 'pubrel') {
        const { messageId } = packet as PubrelPacket
        await new Promise<void>((resolve, reject) => {
          if (!outbox.release(session, messageId, (error) => (error === null ? resolve() : reject(error)))) reject(new Error('no such packet'))
        })
      } else if (!outbox.rename(session, packet)) throw new Error('no such packet')
      else await written()
    },
    async outgoingClearMessageId(client: ClientId, packet: { readonly messageId?: number | undefined }): Promise<StoredPacket | PubrelPacket | undefined> {
      const session = sessions.get(client.id)
      if (session === undefined || packet.messageId === undefined) return undefined
      const owed = outbox.settle(session, packet.messageId)
      return owed === undefined ? undefined : packetOf(owed)
    },
    outgoingStream: (client: ClientId) => Readable.from([...(sessions.get(client.id)?.owed.values() ?? [])].map(packetOf)),

    async incomingStorePacket(client: ClientId, packet: StoredPacket): Promise<void> {
      const session = await sessionOf(client.id)
      if (!incoming.hasRoom(session, packet.messageId!)) throw new Error('too many packets wait for PUBREL')
      const change = incoming.take(session, packet.messageId!, 0)
      try {
        await written()
        change.apply()
        const taken = session.incoming.get(packet.messageId!)
        const { cmd, topic, payload, qos, retain, dup, messageId } = packet
        if (taken !== undefined) contents.set(taken, { cmd, topic, payload, qos, retain, dup, messageId })
      } catch (error) {
        change.undo(error as Error)
        throw error
      }
    },
    async incomingGetPacket(client: ClientId, packet: { readonly messageId?: number | undefined }): Promise<object> {
      const taken = sessions.get(client.id)?.incoming.get(packet.messageId!)
      if (taken === undefined) throw new Error('no such packet')
      return contents.get(taken) ?? { ...packet }
    },
    async incomingDelPacket(client: ClientId, packet: { readonly messageId?: number | undefined }): Promise<void> {
      const session = sessions.get(client.id)
      if (session?.incoming.has(packet.messageId!) !== true) throw new Error('no such packet')
      await new Promise<void>((resolve, reject) => {
        incoming.release(session, packet.messageId!, (error) => (error === null || error === undefined ? resolve() : reject(error)))
      })
    },
    async cleanIncoming(client: ClientId): Promise<void> {
      const session = sessions.get(client.id)
      if (session === undefined) return
      await Promise.all([...session.incoming.keys()].map((messageId) => new Promise<void>((resolve, reject) => {
        incoming.release(session, messageId, (error) => (error === null || error === undefined ? resolve() : reject(error)))
      })))
    },

    async putWill(client: ClientId, will: WillPacket): Promise<void> {
      // aedes goes by these two when it looks for wills nobody fired.
      Object.assign(will, { brokerId: brokerOf.id, clientId: client.id })
      await new Promise<void>((resolve, reject) => {
        wills.put(client.id, will, { principal: nobody, brokerId: brokerOf.id, done: (error) => (error === null ? resolve() : reject(error)) })
      })
    },
    async getWill(client: ClientId): Promise<WillPacket | undefined> {
      return willPacket(client.id)
    },
    async delWill(client: ClientId): Promise<WillPacket | undefined> {
      const will = willPacket(client.id)
      if (will !== undefined) await written(() => wills.remove(client.id))
      return will
    },
    streamWill(brokers: Readonly<Record<string, number>> = {}): Readable {
      return Readable.from(wills.all().filter(([, { brokerId }]) => !Object.hasOwn(brokers, brokerId)).map(([clientId]) => willPacket(clientId)))
    },
  }

  function willPacket(clientId: string): WillPacket | undefined {
    const row = wills.get(clientId)
    if (row === undefined) return undefined
    const { topic, payload, qos, retain, brokerId } = row
    return { topic, payload, qos, retain, brokerId, clientId }
  }
}
