import type { Clock } from '../kernel/clock.ts'
import { LimenError } from '../kernel/errors.ts'
import type { Principal } from '../kernel/principal.ts'
import { samePrincipal } from './access.ts'
import type { Counters } from './counters.ts'
import type { Link, Session, Subscription, SubscriptionRequest } from './session.ts'
import type { BrokerLimits } from './options.ts'
import type { Outbox } from './outbox.ts'
import { asBytes, asText, decodeOwed, decodeSession, decodeSubscription, encodeSession, encodeSubscription } from './records.ts'
import type { Rows } from './rows.ts'
import { createSession, rowKey, splitRowKey } from './session.ts'
import type { Topics } from './topics.ts'

/** All sessions, connected and kept, with what they subscribe to. */
export interface Sessions {
  get(id: string): Session | undefined
  all(): Iterable<Session>
  count(): { readonly kept: number; readonly connected: number }
  /**
   * Makes ready for a client that was let in: finds or makes the kept session, or (clean) gives up what was kept under this id.
   * `done` is called when that is on disk. Throws OVERLOADED when no more sessions are kept.
   */
  prepare(client: { id: string; clean: boolean; principal: Principal }, done: (error: Error | null) => void): void
  /** The client is registered; whoever was connected under this id is not any more. */
  attach(link: Link): Session
  /** CONNACK is out. */
  ready(link: Link): void
  detach(link: Link): void
  /** `done` is called when the subscription may be acknowledged: for a kept session once it is on disk. False: the session has enough. */
  subscribe(session: Session, request: SubscriptionRequest, done: (error: Error | null) => void): boolean
  unsubscribe(session: Session, filters: readonly string[]): void
  /** Gives a session up with all its rows. */
  discard(session: Session): void
  /** Gives up kept sessions nobody came back to. */
  expire(): void
  restore(): Promise<void>
  /** A live subscription appeared or went. */
  onChange(listener: () => void): () => void
}

export function createSessions(deps: {
  rows: Rows
  topics: Topics
  outbox: Outbox
  clock: Clock
  counters: Counters
  limits: BrokerLimits
}): Sessions {
  const { rows, topics, outbox, clock, counters, limits } = deps
  const sessions = new Map<string, Session>()
  const listeners = new Set<() => void>()
  let kept = 0
  let connected = 0

  function changed(): void {
    for (const listener of listeners) listener()
  }

  function enter(session: Session): Session {
    sessions.set(session.id, session)
    if (session.kept) kept++
    return session
  }

  function leave(session: Session): void {
    if (!session.alive) return
    session.alive = false
    if (sessions.get(session.id) === session) sessions.delete(session.id)
    if (session.kept) kept--
    for (const subscription of session.subscriptions.values()) topics.remove(subscription)
    outbox.forget(session)
    session.incoming.clear()
  }

  function discard(session: Session): void {
    if (!session.alive) return
    if (session.kept) {
      for (const filter of session.subscriptions.keys()) rows.remove('subscription', rowKey(session, filter))
      for (const messageId of session.incoming.keys()) rows.remove('incoming', rowKey(session, String(messageId)))
      rows.remove('session', session.row)
    }
    leave(session)
    changed()
  }

  function writeRow(session: Session): void {
    rows.put('session', session.row, encodeSession({ principal: session.principal, offlineSinceMs: session.offlineSinceMs }))
  }

  function create(id: string, principal: Principal): Session {
    if (kept >= limits.maxSessions) {
      counters.add('rejected', 'sessions')
      throw new LimenError('OVERLOADED', `no more than ${limits.maxSessions} sessions are kept`, { remedy: 'connect with clean session = 1' })
    }
    const session = enter(createSession(id, true, principal))
    writeRow(session)
    return session
  }

  function bind(session: Session, { filter, qos, options }: SubscriptionRequest): Subscription {
    const before = session.subscriptions.get(filter)
    if (before !== undefined) topics.remove(before)
    const subscription: Subscription = { session, filter, qos, options, committed: !session.kept }
    session.subscriptions.set(filter, subscription)
    topics.add(subscription)
    return subscription
  }

  function unbind(session: Session, subscription: Subscription): void {
    session.subscriptions.delete(subscription.filter)
    topics.remove(subscription)
  }

  return {
    get: (id) => sessions.get(id),
    all: () => sessions.values(),
    count: () => ({ kept, connected }),
    prepare({ id, clean, principal }, done) {
      const known = sessions.get(id)
      // What was kept for loopback goes to whoever logs in under that id later only empty.
      const usable = known !== undefined && known.kept && samePrincipal(known.principal, principal)
      if (usable && !clean) return done(null)
      if (known !== undefined && known.kept) discard(known)
      else if (clean) return done(null)
      if (!clean) {
        const session = create(id, principal)
        rows.urgent()
        rows.onDisk((error) => {
          if (error !== null) leave(session)
          done(error)
        })
        return
      }
      rows.urgent()
      rows.onDisk(done)
    },
    attach(link) {
      const { id, clean } = link.client
      const principal = link.principal!
      const known = sessions.get(id)
      if (known !== undefined && known.link !== null && known.link !== link) {
        // aedes closes the former client, but loses sight of it if a third one of this id closed while it was connecting.
        counters.add('cut', 'takeover')
        const former = known.link
        former.client.close()
        if (known.link === former) detach(former)
      }
      let session = sessions.get(id)
      if (clean) {
        if (session !== undefined) discard(session)
        session = enter(createSession(id, false, principal))
      } else if (session === undefined || !session.kept) {
        if (session !== undefined) discard(session)
        session = create(id, principal)
      }
      session.principal = principal
      session.fresh = false
      session.link = link
      session.offlineSinceMs = 0
      link.session = session
      connected++
      return session
    },
    ready(link) {
      link.ready = true
      changed()
    },
    detach,
    subscribe(session, request, done) {
      const { filter, qos, options } = request
      const before = session.subscriptions.get(filter)
      if (before === undefined && session.subscriptions.size >= limits.maxSubscriptionsPerSession) return false
      if (before?.committed === true && before.qos === qos && options === undefined) {
        done(null)
        return true
      }
      // In force at once: what the client publishes on the heels of its SUBSCRIBE comes back to it.
      const subscription = bind(session, request)
      changed()
      if (!session.kept) {
        done(null)
        return true
      }
      rows.put('subscription', rowKey(session, filter), encodeSubscription(request))
      rows.urgent()
      rows.onDisk((error) => {
        if (error === null) subscription.committed = true
        else if (session.alive && session.subscriptions.get(filter) === subscription) {
          unbind(session, subscription)
          if (before !== undefined) bind(session, before)
          changed()
        }
        done(error)
      })
      return true
    },
    unsubscribe(session, filters) {
      for (const filter of filters) {
        const subscription = session.subscriptions.get(filter)
        if (subscription === undefined) continue
        unbind(session, subscription)
        if (session.kept) rows.remove('subscription', rowKey(session, filter))
      }
      changed()
    },
    discard,
    expire() {
      const before = clock.wall() - limits.sessionExpiryMs
      for (const session of sessions.values()) {
        if (session.link !== null || !session.kept || session.offlineSinceMs > before) continue
        counters.add('dropped', 'session-expired')
        discard(session)
      }
    },
    async restore() {
      for await (const [row, text] of rows.all('session')) {
        const { principal, offlineSinceMs } = decodeSession(asText(text))
        const session = enter(createSession(decodeURIComponent(row), true, principal))
        session.fresh = false
        session.offlineSinceMs = offlineSinceMs === 0 ? clock.wall() : offlineSinceMs
      }
      for await (const [key, qos] of rows.all('subscription')) {
        const session = owner(key)
        if (session === undefined) rows.remove('subscription', key)
        else bind(session, { filter: splitRowKey(key).rest, ...decodeSubscription(asText(qos)) }).committed = true
      }
      for await (const [key, row] of rows.all('queue')) {
        const session = owner(key)
        if (session === undefined) rows.remove('queue', key)
        else outbox.restore(session, decodeOwed(asBytes(row), Number(splitRowKey(key).rest)))
      }
      for await (const [key, hash] of rows.all('incoming')) {
        const session = owner(key)
        if (session === undefined) rows.remove('incoming', key)
        else session.incoming.set(Number(splitRowKey(key).rest), { hash: Number(asText(hash)), committed: true, waiters: null, releasing: null })
      }
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }

  /** Whose row is it? Undefined: of a session that was given up while its deletion failed. */
  function owner(key: string): Session | undefined {
    return sessions.get(splitRowKey(key).clientId)
  }

  function detach(link: Link): void {
    const { session } = link
    if (session === null || session.link !== link) return
    session.link = null
    connected--
    if (!session.alive) return
    if (session.kept) {
      session.offlineSinceMs = clock.wall()
      outbox.suspend(session)
      writeRow(session)
    } else leave(session)
    changed()
  }
}
