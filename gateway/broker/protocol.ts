import { Aedes } from 'aedes'
import type { Client, Subscription as AedesSubscription } from 'aedes'
import type { Duplex } from 'node:stream'
import type { Clock } from '../kernel/clock.ts'
import { LimenError, asError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/log.ts'
import type { Principal } from '../kernel/principal.ts'
import { maySubscribe } from './access.ts'
import { connackError, returnCode } from './admission.ts'
import type { Admission, ConnectPacket, ReturnCode } from './admission.ts'
import { readNextChunk } from './aedes-client.ts'
import type { AedesClient } from './aedes-client.ts'
import type { Counters } from './counters.ts'
import type { Intake, PublishPacket } from './intake.ts'
import type { Done } from './done.ts'
import type { Link } from './session.ts'
import type { BrokerLimits } from './options.ts'
import type { Outbox } from './outbox.ts'
import type { Persistence } from './persistence.ts'
import { guardReads, readAhead } from './reading.ts'
import type { Retained } from './retained.ts'
import type { Sessions } from './sessions.ts'
import { isFilter } from './topic-check.ts'
import type { WillFiring } from './will-firing.ts'
import type { Wills } from './wills.ts'
import { encodeConnack } from './wire.ts'

/** The MQTT protocol over any number of connections: aedes, with the broker's own ways in and out. */
export interface Protocol {
  /** Serves a new connection; closes it at once when there are enough. */
  serve(conn: Duplex, peer: { address: string; principal: Principal | null }): void
  readonly links: ReadonlySet<Link>
  listen(): Promise<void>
  /** Ends every connection; wills of those who did not say goodbye fire. */
  close(): Promise<void>
}

/** More scans of retained messages at once than any honest client asks for. */
const maxScans = 1_000
/** Packets a client may send on the heels of its CONNECT. */
const maxEagerPackets = 1_000

export function createProtocol(
  options: { limits: BrokerLimits; maxPacketSizeBytes: number; linkOf: WeakMap<AedesClient, Link> },
  deps: {
    persistence: Persistence
    admission: Admission
    sessions: Sessions
    outbox: Outbox
    retained: Retained
    wills: Wills
    intake: Intake
    willFiring: WillFiring
    counters: Counters
    clock: Clock
    logger: Logger
    /** No more is read from anybody. */
    isStopping: () => boolean
    /** A client's id may come with messages it sent before. */
    mayResend: (clientId: string) => boolean
  },
): Protocol {
  const { limits, linkOf } = options
  const { admission, sessions, outbox, retained, wills, intake, willFiring, counters, clock, logger } = deps
  const links = new Set<Link>()

  const aedes = new Aedes({
    persistence: deps.persistence,
    mq: silentEmitter,
    connectTimeout: limits.connectTimeoutMs,
    drainTimeout: limits.stallTimeoutMs,
    queueLimit: maxEagerPackets,
    // Counted over all sessions instead (incoming.ts): only ids are kept, not messages.
    maxInflightInbound: 0,
    maxTopicLevels: limits.maxTopicLevels,
    preConnect(client, packet, callback) {
      const link = of(client)
      const code = admission.check(link, packet as unknown as ConnectPacket)
      // Kept by the sweep: no timer is put off with every packet, and a stall of this process cuts nobody.
      link.keepAliveMs = (packet.keepalive ?? 0) * 1_500
      packet.keepalive = 0
      if (code === 0) return callback(null, true)
      // aedes closes without an answer here [MQTT-3.2.2-4].
      client.conn.write(encodeConnack(code), () => callback(connackError(code), false))
    },
    // eslint-disable-next-line max-params -- aedes' signature
    authenticate(client, username, password, callback) {
      void letIn(of(client), { username, password }, (code) => callback(code === 0 ? null : connackError(code), code === 0))
    },
    authorizePublish(client, packet, callback) {
      const link = of(client!)
      if ((packet as object) !== link.client.will) return intake.publish(link, packet as unknown as PublishPacket, callback)
      if (link.principal === null) return callback(new LimenError('FORBIDDEN', 'nobody is logged in'))
      link.willFired = true
      willFiring.fire(link.client.id, link.client.will, { principal: link.principal, done: callback })
    },
    authorizeSubscribe(client, subscription, callback) {
      const { session, principal } = of(client)
      // Restoring a session: the broker's own subscriptions were never gone.
      if (session === null || principal === null) return callback(null, null)
      const { topic: filter, qos } = subscription
      if (!isFilter(filter, limits.maxTopicLevels)) {
        counters.add('violations', 'bad-filter')
        return callback(new LimenError('BAD_INPUT', 'not a topic filter'))
      }
      const reason = !maySubscribe(principal, filter)
        ? 'subscribe'
        : sessions.subscribe(session, { filter, qos }, (error) => callback(error, error === null ? subscription : null))
          ? null
          : 'subscription-limit'
      if (reason === null) return
      counters.add('refused', reason)
      callback(null, null)
    },
  })

  // All messages go in through `authorizePublish` and out through the outbox; what aedes would publish comes from there or is $SYS.
  aedes.publish = (_packet: unknown, client: unknown, done?: Done) => {
    const callback = typeof client === 'function' ? (client as Done) : done
    callback?.(null)
  }

  async function letIn(link: Link, login: Parameters<Admission['admit']>[1], answer: (code: ReturnCode) => void): Promise<void> {
    let code: ReturnCode = returnCode.serverUnavailable
    try {
      code = await admission.admit(link, login)
    } catch (thrown) {
      logger.error({ err: asError(thrown) }, 'a login could not be checked')
    }
    answer(code)
  }

  function of(client: Client): Link {
    return linkOf.get(client as unknown as AedesClient)!
  }

  aedes.on('client', (client) => {
    const link = of(client)
    try {
      // aedes registers a client that closed while it was being let in.
      if (client.closed) return
      const session = sessions.attach(link)
      admission.restrict(session)
      link.maybeResending = session.kept && deps.mayResend(session.id)
    } catch (thrown) {
      logger.warn({ err: asError(thrown) }, 'a session could not be opened')
      client.close()
    } finally {
      admission.settled(link)
    }
  })
  aedes.on('clientReady', (client) => {
    const link = of(client)
    if (link.session?.link !== link) return
    sessions.ready(link)
    outbox.resume(link.session)
    // What came on the heels of the CONNECT.
    readNextChunk(link.client)
  })
  aedes.on('clientDisconnect', (client) => sessions.detach(of(client)))
  aedes.on('subscribe', (subscriptions, client) => {
    const { session } = of(client)
    if (session !== null) sendRetained(session, subscriptions)
  })
  aedes.on('unsubscribe', (filters, client) => {
    const { session } = of(client)
    // Of a kept session they went through the persistence, before the UNSUBACK.
    if (session !== null && !session.kept) sessions.unsubscribe(session, filters)
  })
  aedes.on('clientError', (client, error) => logger.debug({ clientId: client.id, err: error }, 'a client was disconnected'))
  aedes.on('connectionError', (_client, error) => {
    counters.add('rejected', 'protocol')
    logger.debug({ err: error }, 'a connection was closed before it was let in')
  })
  // aedes' types leave out the event its persistence errors come by.
  ;(aedes as NodeJS.EventEmitter).on('error', (error: Error) => logger.error({ err: error }, 'broker'))

  function sendRetained(session: NonNullable<Link['session']>, subscriptions: readonly AedesSubscription[]): void {
    if (session.scans.length >= maxScans) {
      counters.add('dropped', 'retained-scan')
      return
    }
    for (const qos of [0, 1, 2] as const) {
      const filters = subscriptions.filter((subscription) => (subscription.qos as number) === qos).map(({ topic }) => topic)
      if (filters.length > 0) session.scans.push({ messages: retained.scan(filters), qos })
    }
    outbox.pump(session)
  }

  return {
    links,
    serve(conn, { address, principal }) {
      if (links.size >= limits.maxConnections || deps.isStopping()) {
        counters.add('rejected', deps.isStopping() ? 'stopping' : 'connections')
        conn.destroy()
        return
      }
      let link: Link | undefined
      guardReads(conn, {
        limits: { connectPacketBytes: limits.connectPacketBytes, maxPacketSizeBytes: options.maxPacketSizeBytes },
        counters,
        // Between CONNECT and CONNACK nothing more is taken: a stranger gets one chunk and no more.
        mayRead: (connected) => !deps.isStopping() && (!connected || link === undefined || link.ready),
        onRead() {
          if (link !== undefined) link.heardMs = clock.monotonic()
        },
      })
      const client = aedes.handle(conn) as unknown as AedesClient
      const opened: Link = {
        conn, address, client, presetPrincipal: principal, principal: null, session: null, ready: false, corked: false, keepAliveMs: 0, heardMs: clock.monotonic(), connectWill: null, willFired: false, anonymous: false,
        pendingMessages: 0, pendingBytes: 0, last: null, stalledSinceMs: 0, maybeResending: false, unflushed: [],
      }
      link = opened
      links.add(opened)
      linkOf.set(client, opened)
      readAhead(opened, limits)
      conn.on('drain', () => {
        opened.stalledSinceMs = 0
        if (opened.session?.link === opened) outbox.pump(opened.session)
      })
      conn.on('close', () => {
        links.delete(opened)
        sessions.detach(opened)
        admission.settled(opened)
        // It said goodbye.
        if (opened.connectWill !== null && !opened.willFired) wills.remove(client.id, opened.connectWill)
      })
    },
    listen: () => aedes.listen(),
    async close() {
      await new Promise<void>((resolve) => {
        aedes.close(() => resolve())
      })
      for (const { conn } of links) conn.destroy()
    },
  }
}

/** aedes' emitter carries only its own $SYS messages, which nobody hears; clients are served by the fan-out. */
const silentEmitter = {
  on(_topic: string, _listener: unknown, done?: () => void) {
    done?.()
  },
  removeListener(_topic: string, _listener: unknown, done?: () => void) {
    done?.()
  },
  emit(_packet: unknown, done?: () => void) {
    done?.()
  },
  close(done: () => void) {
    setImmediate(done)
  },
}
