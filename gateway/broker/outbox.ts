import type { Clock } from '../kernel/clock.ts'
import type { Counters } from './counters.ts'
import type { BrokerLimits } from './options.ts'
import { encodeOwed } from './records.ts'
import type { RetainedMessage } from './retained-message.ts'
import type { Rows } from './rows.ts'
import type { Sender } from './sender.ts'
import { queueKey } from './session.ts'
import type { Owed, Session } from './session.ts'

/** What one message has in common for all who are owed it. */
export interface Parcel {
  readonly topic: string
  readonly topicBytes: Uint8Array
  readonly payload: Uint8Array
  readonly retain: boolean
  readonly expiresAt: number | undefined
  readonly origin?: Owed['origin']
}

/**
 * Owes messages to sessions and hands them over: in order, at most `maxInFlight` at a time, no faster than the socket takes them,
 * again with DUP and the same packet id after a reconnect. One queue a session, online or not: a live message goes behind what is
 * already owed, so nothing can overtake it, come twice or be missed while a queue drains.
 */
export interface Outbox {
  /**
   * Owes a message; for a kept session with a row in the current batch. Null: too much is owed already, the message is dropped
   * and counted. Until `confirm` neither it nor anything behind it is handed over.
   */
  owe(session: Session, parcel: Parcel, qos: 1 | 2): Owed | null
  /** What it comes from is on disk. Hand it over with `pump`. */
  confirm(owed: Owed): void
  /** It is not: the commit failed. */
  withdraw(session: Session, owed: Owed): void
  /** The client has it (PUBACK, PUBCOMP). Undefined: it was not owed under this id. */
  settle(session: Session, messageId: number): Owed | undefined
  /** PUBREC came: from now on PUBREL is owed. `done` is called when that is on disk. False: it was not owed under this id. */
  release(session: Session, messageId: number, done: (error: Error | null) => void): boolean
  /** Gives a message that was queued through the persistence interface the packet id it was handed over with. False: there is none. */
  rename(session: Session, packet: { brokerId?: string; brokerCounter?: number; messageId?: number | undefined }): boolean
  pump(session: Session): void
  /** The client is back: what it did not acknowledge comes again. */
  resume(session: Session): void
  /** The client is gone: what may not wait is dropped. */
  suspend(session: Session): void
  /** Drops what the session may not receive any more. */
  restrict(session: Session, mayReceive: (topic: string) => boolean): void
  /** Gives up all that is owed. */
  forget(session: Session): void
  /** Drops what has expired; called once a second. */
  expire(): void
  /** Puts back what was read from the store at start. */
  restore(session: Session, owed: Owed): void
  totals(): { readonly messages: number; readonly bytes: number }
}

/** Retained messages handed to a new subscriber in one go. */
const scannedAtOnce = 256

export function createOutbox(deps: { rows: Rows; clock: Clock; counters: Counters; limits: BrokerLimits; sender: Sender }): Outbox {
  const { rows, clock, counters, limits, sender } = deps
  const expiring = new Map<Owed, Session>()
  let messages = 0
  let bytes = 0

  const sizeOf = (owed: Owed): number => owed.topicBytes.length + owed.payload.length

  function freeMessageId(session: Session): number {
    let id = session.nextMessageId
    // Ends: far fewer than 65,535 messages may be owed.
    while (session.byMessageId.has(id)) id = id === 65_535 ? 1 : id + 1
    session.nextMessageId = id === 65_535 ? 1 : id + 1
    return id
  }

  function add(session: Session, owed: Owed): void {
    session.owed.set(owed.seq, owed)
    session.byMessageId.set(owed.messageId, owed)
    const size = sizeOf(owed)
    session.owedBytes += size
    bytes += size
    messages++
    if (owed.state === 'waiting') session.waiting.push(owed)
    if (owed.expiresAt !== undefined) expiring.set(owed, session)
  }

  function drop(session: Session, owed: Owed): void {
    if (!session.owed.delete(owed.seq)) return
    if (session.byMessageId.get(owed.messageId) === owed) session.byMessageId.delete(owed.messageId)
    const size = sizeOf(owed)
    session.owedBytes -= size
    bytes -= size
    messages--
    if (owed.state !== 'waiting') session.inFlight--
    if (owed.expiresAt !== undefined) expiring.delete(owed)
  }

  function next(session: Session): Owed | undefined {
    while (session.nextWaiting < session.waiting.length) {
      const owed = session.waiting[session.nextWaiting]!
      // Dropped meanwhile (expired, withdrawn) or sent by other means.
      if (session.owed.get(owed.seq) === owed && owed.state === 'waiting') return owed
      session.nextWaiting++
    }
    session.waiting = []
    session.nextWaiting = 0
    return undefined
  }

  function pump(session: Session): void {
    const { link } = session
    if (link === null || !link.ready) return
    while (session.inFlight < limits.maxInFlight && sender.takes(link)) {
      const owed = next(session)
      if (owed === undefined) return scan(session)
      if (!owed.committed) return
      session.nextWaiting++
      if (owed.expiresAt !== undefined && owed.expiresAt <= clock.wall()) {
        drop(session, owed)
        counters.add('dropped', 'expired')
        continue
      }
      owed.state = 'sent'
      session.inFlight++
      sender.publish(link, owed)
      owed.dup = true
    }
    // A long drained front is given back.
    if (session.nextWaiting > 1_024) {
      session.waiting = session.waiting.slice(session.nextWaiting)
      session.nextWaiting = 0
    }
  }

  /** Retained messages for new subscriptions, as they stand when they are handed over. */
  function scan(session: Session): void {
    const { link } = session
    if (link === null) return
    for (let taken = 0; session.scans.length > 0 && session.inFlight < limits.maxInFlight && sender.takes(link); taken++) {
      if (taken === scannedAtOnce) {
        setImmediate(pump, session)
        return
      }
      const { messages: found, qos } = session.scans[0]!
      const { done, value } = found.next()
      if (done === true) session.scans.shift()
      else if (value === null) {
        setImmediate(pump, session)
        return
      } else sendRetained(session, value, qos)
    }
  }

  function sendRetained(session: Session, { topic, payload, qos: stored }: RetainedMessage, granted: 0 | 1 | 2): void {
    const link = session.link!
    const qos = stored < granted ? stored : granted
    const frame = { topicBytes: Buffer.from(topic), payload, retain: true }
    if (qos === 0) {
      sender.publish(link, { ...frame, qos, dup: false, messageId: 0 })
      return
    }
    const owed = create(session, { ...frame, topic, expiresAt: undefined }, { qos, durable: false })
    add(session, owed)
    owed.committed = true
    owed.state = 'sent'
    session.inFlight++
    sender.publish(link, owed)
    owed.dup = true
  }

  function create(session: Session, parcel: Parcel, how: { qos: 1 | 2; durable: boolean }): Owed {
    return {
      seq: session.nextSeq++,
      messageId: freeMessageId(session),
      topic: parcel.topic,
      topicBytes: parcel.topicBytes,
      payload: parcel.payload,
      qos: how.qos,
      retain: parcel.retain,
      state: 'waiting',
      dup: false,
      committed: false,
      durable: how.durable,
      expiresAt: parcel.expiresAt,
      origin: parcel.origin,
    }
  }

  function isFull(session: Session, size: number): boolean {
    return (
      session.owed.size >= limits.maxQueuedMessages ||
      session.owedBytes + size > limits.maxQueuedBytes ||
      messages >= limits.maxQueuedMessagesTotal ||
      bytes + size > limits.maxQueuedBytesTotal
    )
  }

  return {
    owe(session, parcel, qos) {
      if (isFull(session, parcel.topicBytes.length + parcel.payload.length)) {
        counters.add('dropped', 'queue-full')
        return null
      }
      const owed = create(session, parcel, { qos, durable: session.kept && parcel.expiresAt === undefined })
      add(session, owed)
      if (owed.durable) {
        // After a crash nobody knows whether a message to a connected client was handed over.
        rows.put('queue', queueKey(session, owed.seq), encodeOwed({ ...owed, dup: session.link !== null }))
      }
      return owed
    },
    confirm(owed) {
      owed.committed = true
    },
    withdraw: drop,
    settle(session, messageId) {
      const owed = session.byMessageId.get(messageId)
      if (owed === undefined || owed.state === 'waiting') return undefined
      drop(session, owed)
      if (owed.durable) rows.remove('queue', queueKey(session, owed.seq))
      pump(session)
      return owed
    },
    release(session, messageId, done) {
      const owed = session.byMessageId.get(messageId)
      if (owed === undefined || owed.qos !== 2 || owed.state === 'waiting') return false
      owed.state = 'released'
      if (!owed.durable) done(null)
      else {
        rows.put('queue', queueKey(session, owed.seq), encodeOwed(owed))
        rows.onDisk((error) => {
          if (error !== null && session.owed.get(owed.seq) === owed) owed.state = 'sent'
          done(error)
        })
      }
      return true
    },
    rename(session, { brokerId, brokerCounter, messageId }) {
      for (const owed of session.owed.values()) {
        if (owed.origin?.brokerId !== brokerId || owed.origin?.brokerCounter !== brokerCounter || messageId === undefined) continue
        session.byMessageId.delete(owed.messageId)
        owed.messageId = messageId
        session.byMessageId.set(messageId, owed)
        if (owed.state === 'waiting') session.inFlight++
        owed.state = 'sent'
        rows.put('queue', queueKey(session, owed.seq), encodeOwed({ ...owed, dup: true }))
        return true
      }
      return false
    },
    pump,
    resume(session) {
      const { link } = session
      session.waiting = []
      session.nextWaiting = 0
      session.inFlight = 0
      for (const owed of session.owed.values()) {
        if (owed.state === 'released') {
          session.inFlight++
          if (link !== null) sender.pubrel(link, owed.messageId)
        } else {
          owed.state = 'waiting'
          session.waiting.push(owed)
        }
      }
      pump(session)
    },
    suspend(session) {
      for (const owed of session.owed.values()) {
        // Commands are never queued for who is not there; one on its way may still be settled until it expires.
        if (owed.expiresAt !== undefined && owed.state === 'waiting') {
          drop(session, owed)
          counters.add('dropped', 'offline')
        }
      }
    },
    restrict(session, mayReceive) {
      for (const owed of session.owed.values()) {
        // A released message was handed over; only its PUBREL is owed.
        if (owed.state === 'released' || mayReceive(owed.topic)) continue
        drop(session, owed)
        if (owed.durable) rows.remove('queue', queueKey(session, owed.seq))
        counters.add('dropped', 'no-longer-allowed')
      }
    },
    forget(session) {
      for (const owed of session.owed.values()) {
        drop(session, owed)
        if (owed.durable) rows.remove('queue', queueKey(session, owed.seq))
      }
      session.waiting = []
      session.nextWaiting = 0
      session.scans = []
    },
    expire() {
      const now = clock.wall()
      for (const [owed, session] of expiring) {
        if (owed.expiresAt! > now) continue
        drop(session, owed)
        counters.add('dropped', 'expired')
        pump(session)
      }
    },
    restore(session, owed) {
      session.nextSeq = Math.max(session.nextSeq, owed.seq + 1)
      session.nextMessageId = owed.messageId === 65_535 ? 1 : owed.messageId + 1
      add(session, owed)
      if (owed.state !== 'waiting') session.inFlight++
    },
    totals: () => ({ messages, bytes }),
  }
}
