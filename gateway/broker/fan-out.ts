import type { Announcer, Publication } from '../kernel/contracts.ts'
import type { Counters } from './counters.ts'
import type { Outbox, Parcel } from './outbox.ts'
import type { Retained } from './retained.ts'
import type { Rows } from './rows.ts'
import type { Sender } from './sender.ts'
import type { Owed, Session } from './session.ts'
import type { TopicEntry, Topics } from './topics.ts'
import { encodePublish } from './wire.ts'

export interface Message {
  readonly entry: TopicEntry
  readonly payload: Uint8Array
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
  readonly expiresAt: number | undefined
  /** The gateway's own. */
  readonly own: boolean
}

/** What a message put into the batch for later; exactly one of the two is called. */
export interface Debts {
  settle(): void
  undo(): void
}

export interface FanOut extends Announcer {
  /** In the turn of the message: what is retained, and what is owed to kept sessions, into its batch. Undefined: nothing. */
  owe(message: Message): Debts | undefined
  /** After the commit (QoS 0: any time): to everybody who is connected. Settles the debts first. */
  deliver(message: Message, debts: Debts | undefined): void
}

/**
 * One copy a client, at the highest QoS its matching subscriptions were granted [MQTT-3.3.5-1]. Nobody is waited for.
 * Replaces aedes' emitter and its duplicate filter, which takes a counter that went back for a repetition.
 */
export function createFanOut(deps: { topics: Topics; retained: Retained; outbox: Outbox; rows: Rows; sender: Sender; counters: Counters }): FanOut {
  const { topics, retained, outbox, rows, sender, counters } = deps

  function parcelOf({ entry, payload, expiresAt }: Message): Parcel {
    // A copy: the payload is a view of a whole read buffer.
    return { topic: entry.topic, topicBytes: entry.bytes, payload: Uint8Array.from(payload), retain: false, expiresAt }
  }

  /** Kept sessions that are owed this message, now. */
  function oweKept(message: Message): [Session, Owed][] | undefined {
    if (message.qos === 0) return undefined
    let parcel: Parcel | undefined
    let owed: [Session, Owed][] | undefined
    for (const { session, qos } of message.entry.targets) {
      if (!session.kept || qos === 0) continue
      // A command is for who is there now.
      if (message.expiresAt !== undefined && session.link === null) continue
      const debt = outbox.owe(session, (parcel ??= parcelOf(message)), Math.min(message.qos, qos) as 1 | 2)
      if (debt !== null) (owed ??= []).push([session, debt])
    }
    return owed
  }

  function owe(message: Message): Debts | undefined {
    const change = message.retain
      ? retained.write({ topic: message.entry.topic, payload: message.payload, qos: message.qos, own: message.own })
      : undefined
    const owed = oweKept(message)
    if (change === undefined && owed === undefined) return undefined
    return {
      settle() {
        change?.apply()
        for (const [, debt] of owed ?? []) outbox.confirm(debt)
        for (const [session] of owed ?? []) outbox.pump(session)
      },
      undo() {
        change?.undo()
        for (const [session, debt] of owed ?? []) outbox.withdraw(session, debt)
      },
    }
  }

  function deliver(message: Message, debts: Debts | undefined): void {
    debts?.settle()
    const { entry, qos: published } = message
    // Subscriptions may have come and gone since the message was taken.
    const targets = topics.resolve(entry.topic)?.targets ?? []
    if (targets.length === 0) return
    let frame: Buffer | undefined
    let parcel: Parcel | undefined
    for (const { session, qos: granted } of targets) {
      const { link } = session
      if (link === null || !link.ready) continue
      const qos = published < granted ? published : granted
      if (qos === 0) {
        frame ??= encodePublish({ topicBytes: entry.bytes, payload: message.payload, qos: 0, retain: false, dup: false, messageId: 0 })
        sender.publish0(link, frame)
      } else if (!session.kept) {
        const owed = outbox.owe(session, (parcel ??= parcelOf(message)), qos)
        if (owed === null) {
          // Its session ends with the connection, so this is the honest way to tell it that something is missing.
          sender.cut(link, 'slow')
        } else {
          outbox.confirm(owed)
          outbox.pump(session)
        }
      }
    }
  }

  return {
    owe,
    deliver,
    announce(publication: Publication) {
      const entry = topics.resolve(publication.topic)
      if (entry === undefined) {
        counters.add('refused', 'own-topic')
        return
      }
      // Nobody listens, and nothing is to be kept.
      if (!publication.retain && entry.targets.length === 0) return
      const payload = typeof publication.payload === 'string' ? Buffer.from(publication.payload) : publication.payload
      const message: Message = { entry, payload, qos: publication.qos, retain: publication.retain, expiresAt: publication.expiresAt, own: true }
      const debts = owe(message)
      rows.onDisk((error) => {
        if (error === null) deliver(message, debts)
        else debts?.undo()
      })
    },
  }
}
