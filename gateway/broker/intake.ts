import type { Accept, StoreWriter } from '../kernel/contracts.ts'
import { LimenError } from '../kernel/errors.ts'
import { hash53 } from '../kernel/hash.ts'
import { mayPublish } from './access.ts'
import type { Counters } from './counters.ts'
import type { Debts, FanOut, Message } from './fan-out.ts'
import type { InboundMemory, Remembered } from './inbound-memory.ts'
import type { IncomingIds } from './incoming.ts'
import type { Done } from './done.ts'
import type { Link, Taken } from './session.ts'
import type { BrokerLimits } from './options.ts'
import { carriesIdentity } from './own-identity.ts'
import type { Rows } from './rows.ts'
import type { TopicEntry, Topics } from './topics.ts'

/** A PUBLISH as it was parsed. */
export interface PublishPacket {
  readonly topic: string
  readonly payload: Buffer
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
  readonly dup: boolean
  readonly messageId?: number
}

export interface Intake {
  /**
   * Everything that happens to a PUBLISH, in one synchronous run: may it, was it sent before, what is kept of it, and the door.
   * `done` is called when it may be acknowledged; with an error its connection is closed and the client sends it again.
   */
  publish(link: Link, packet: PublishPacket, done: Done): void
  /** Was this PUBLISH recognised as a copy? Then it is acknowledged and nothing else. */
  isCopy(packet: object): boolean
}

export function createIntake(deps: {
  accept: Accept
  store: Pick<StoreWriter, 'noteInbound'>
  topics: Topics
  fanOut: FanOut
  rows: Rows
  memory: InboundMemory
  incoming: IncomingIds
  counters: Counters
  limits: BrokerLimits
  /** These messages were acknowledged; look later whether the PUBACKs left. */
  acknowledged: (link: Link) => void
}): Intake {
  const { accept, topics, fanOut, rows, memory, incoming, counters, limits } = deps
  const copies = new WeakSet<object>()

  /** Acknowledges what needs no commit of its own, but not before what came earlier [MQTT-4.6.0-2]. */
  function after(link: Link, done: Done): void {
    const { last } = link
    if (link.pendingMessages === 0 || last === null) done()
    else (last.followers ??= []).push(done)
  }

  /** A copy of a message taken before: no second evaluation; its first copy may still be on its way to the disk. */
  function copy(link: Link, packet: PublishPacket, first: { done: Done; of: { committed: boolean; waiters: Done[] | null } }): void {
    counters.add('duplicates', String(packet.qos))
    copies.add(packet)
    if (first.of.committed || link.pendingMessages > 0) after(link, first.done)
    else (first.of.waiters ??= []).push(first.done)
  }

  function publish(link: Link, packet: PublishPacket, done: Done): void {
    const { qos } = packet
    counters.received[qos]++
    const entry = topics.resolve(packet.topic)
    const { principal, session } = link
    if (entry === undefined || principal === null || session === null) {
      counters.add('violations', 'bad-topic')
      return done(new LimenError('BAD_INPUT', 'not a topic one may publish to'))
    }
    if (qos > 0 && (packet.messageId ?? 0) === 0) {
      counters.add('violations', 'bad-packet-id')
      return done(new LimenError('BAD_INPUT', 'a packet id must not be 0 [MQTT-2.3.1-1]'))
    }
    if (!mayPublish(principal, entry.topic, entry.kind)) {
      counters.add('refused', entry.kind === 'open' || entry.kind === 'status' ? 'publish' : `publish-${entry.kind}`)
      return after(link, done)
    }
    if (qos === 0) take(link, packet, { entry, done, remembered: null, hash: 0 })
    else takeOnce(link, packet, { entry, done })
  }

  /** QoS 1 and 2: not again what was taken before. */
  function takeOnce(link: Link, packet: PublishPacket, { entry, done }: { entry: TopicEntry; done: Done }): void {
    const session = link.session!
    const messageId = packet.messageId!
    // QoS 2 has its packet id for this. A status may come again: saying it twice changes nothing, and a device that boots
    // says it under the same packet id each time.
    const remembers = packet.qos === 1 && !link.anonymous && entry.kind !== 'status' && !carriesIdentity(packet.payload)
    const hash = remembers || packet.qos === 2 ? hash53(packet.payload, entry.seed) : 0
    if (packet.qos === 2) {
      const first = incoming.find(session, messageId, hash)
      if (first !== undefined) return copy(link, packet, { done, of: first })
    }
    let remembered: Remembered | null = null
    if (remembers) {
      const first = packet.dup || link.maybeResending ? memory.find(session.id, messageId, hash) : undefined
      if (first !== undefined) return copy(link, packet, { done, of: first })
      link.maybeResending = false
      remembered = memory.remember(session.id, messageId, hash)
    }
    if (packet.qos === 2 && !incoming.hasRoom(session, messageId)) {
      return done(new LimenError('OVERLOADED', 'too many QoS 2 messages wait for PUBREL'))
    }
    take(link, packet, { entry, done, remembered, hash })
  }

  function take(
    link: Link,
    packet: PublishPacket,
    { entry, done, remembered, hash }: { entry: TopicEntry; done: Done; remembered: Remembered | null; hash: number },
  ): void {
    const { qos, payload, retain } = packet
    // A command enters as a manual command; the command room publishes what becomes of it.
    const message: Message | null = entry.kind === 'command' ? null : { entry, payload, qos, retain, expiresAt: undefined, own: false }
    const held = qos > 0 || link.pendingMessages > 0
    const taken: Taken = { followers: null }
    let debts: Debts | undefined
    let id: ReturnType<IncomingIds['take']> | undefined
    let waitsFor = 2
    let failure: Error | null = null
    link.pendingMessages++
    link.pendingBytes += payload.length
    link.last = taken

    function finished(error: Error | null): void {
      if (error !== null) failure ??= error
      if (--waitsFor > 0) return
      link.pendingMessages--
      link.pendingBytes -= payload.length
      if (link.last === taken) link.last = null
      if (failure === null) succeed()
      else fail(failure)
    }

    function succeed(): void {
      if (message !== null && held) fanOut.deliver(message, debts)
      else debts?.settle()
      id?.apply()
      if (remembered !== null) {
        remembered.committed = true
        link.unflushed.push(remembered)
        for (const waiter of remembered.waiters ?? []) waiter()
        remembered.waiters = null
        deps.acknowledged(link)
      }
      if (waitsForAck) done()
      for (const follower of taken.followers ?? []) follower()
    }

    function fail(error: Error): void {
      counters.add('failures', 'publish')
      debts?.undo()
      id?.undo(error)
      if (remembered !== null) {
        memory.forget(remembered)
        for (const waiter of remembered.waiters ?? []) waiter(error)
      }
      if (waitsForAck) done(error)
      for (const follower of taken.followers ?? []) follower(error)
    }

    // QoS 0 is best effort and waits for no disk, unless so much of this connection waits already that reading on would pile up.
    const waitsForAck = qos > 0 || link.pendingMessages > limits.maxPendingMessages || link.pendingBytes > limits.maxPendingBytes
    accept({ kind: 'publish', topic: entry.topic, payload, retain, principal: link.principal! }, finished)
    if (failure === null) {
      if (message !== null && (retain || (qos > 0 && entry.targets.length > 0))) debts = fanOut.owe(message)
      if (qos === 2) id = incoming.take(link.session!, packet.messageId!, hash)
      if (remembered !== null) deps.store.noteInbound({ clientId: remembered.clientId, messageId: remembered.messageId, hash: remembered.hash })
      if (debts !== undefined || id !== undefined) rows.onDisk(finished)
      else finished(null)
    } else {
      // The door was shut: nothing of this message may be kept.
      finished(null)
    }
    if (!held && message !== null && failure === null) fanOut.deliver(message, undefined)
    if (!waitsForAck) done()
  }

  return { publish, isCopy: (packet) => copies.has(packet) }
}
