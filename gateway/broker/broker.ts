import { once } from 'node:events'
import type { IncomingMessage, Server as HttpServer } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { Cancel, Clock } from '../kernel/clock.ts'
import type { Accept, Announcer, Authenticator, Inbound, Reachability, StoreReader, StoreWriter } from '../kernel/contracts.ts'
import { LimenError, asError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/log.ts'
import type { MetricSource } from '../kernel/metric.ts'
import type { Principal } from '../kernel/principal.ts'
import type { QueueState } from '../kernel/queue.ts'
import { createAdmission } from './admission.ts'
import type { AedesClient } from './aedes-client.ts'
import { createCounters } from './counters.ts'
import { createFanOut } from './fan-out.ts'
import { createInboundMemory } from './inbound-memory.ts'
import { createIncomingIds } from './incoming.ts'
import { createIntake } from './intake.ts'
import type { Link } from './session.ts'
import { createFlushWatch } from './flush-watch.ts'
import { describeBroker } from './metrics.ts'
import { defaultLimits } from './options.ts'
import type { BrokerLimits, BrokerOptions } from './options.ts'
import { createOutbox } from './outbox.ts'
import { createPersistence } from './persistence.ts'
import { createProtocolPersistence } from './protocol-persistence.ts'
import { createProtocol } from './protocol.ts'
import { owedQueue } from './owed-queue.ts'
import { createRetained } from './retained.ts'
import { createRows } from './rows.ts'
import { createSender } from './sender.ts'
import { createSessions } from './sessions.ts'
import { createTopics } from './topics.ts'
import { openWebSocketDoor } from './websocket.ts'
import type { WebSocketEntry } from './websocket.ts'
import { createWillFiring } from './will-firing.ts'
import { createWills } from './wills.ts'

export interface BrokerDeps {
  readonly store: StoreWriter & StoreReader
  readonly accept: Accept
  readonly authenticator: Authenticator
  readonly clock: Clock
  readonly logger: Logger
}

export interface SessionInfo {
  readonly clientId: string
  readonly principal: string
  readonly connected: boolean
  readonly kept: boolean
  readonly subscriptions: number
  readonly queuedMessages: number
  readonly queuedBytes: number
}

export interface Broker extends Announcer, Reachability {
  /** Reads sessions, queues, retained messages and wills from the store. `inbound`: what the store kept of messages whose PUBACK may not have left. Once, before `start`. */
  restore(inbound?: Iterable<Inbound>): Promise<void>
  /** Fires wills from before a crash, listens, says `online`. ADDRESS_IN_USE if it cannot. */
  start(): Promise<void>
  /** Says `offline`, acknowledges what is taken, ends every connection. The store must run on until it resolves. */
  stop(): Promise<void>
  /** Where it listens; undefined before `start`. */
  readonly addresses: { readonly mqtt: { readonly host: string; readonly port: number } | undefined }
  /** MQTT over WebSocket on a path of an HTTP server; gives a function that closes the door. */
  attachWebSocket(server: HttpServer, door: { path: string; allowOrigin: (request: IncomingMessage) => boolean; principalOf?: (request: IncomingMessage) => Principal | null }): Promise<() => void>
  /** Cuts whoever's credentials no longer hold; called by itself when they change. */
  revalidate(): void
  disconnectPrincipal(principal: Pick<Principal, 'kind' | 'name'>): void
  sessions(): readonly SessionInfo[]
  readonly queue: () => QueueState
  readonly metrics: MetricSource
}

const sweepMs = 1_000
const expireEverySweeps = 60
const drainMs = 3_000
const statusTopic = 'limen/gateway/status'

/** The MQTT broker: connections, sessions, retained messages, and the way of every message from a socket to the door and back out. */
export function createBroker(options: BrokerOptions, deps: BrokerDeps): Broker {
  const { accept, authenticator, clock, logger, store } = deps
  const limits: BrokerLimits = { ...defaultLimits, ...options.limits }
  const linkOf = new WeakMap<AedesClient, Link>()
  let state: 'new' | 'restored' | 'running' | 'stopping' | 'stopped' = 'new'
  const isStopping = (): boolean => state === 'stopping' || state === 'stopped'
  const counters = createCounters()
  const rows = createRows({ store, clock, counters })
  const sender = createSender({ clock, counters, limits })
  const topics = createTopics(limits)
  const retained = createRetained({ rows, counters, limits })
  const outbox = createOutbox({ rows, clock, counters, limits, sender })
  const sessions = createSessions({ rows, topics, outbox, clock, counters, limits })
  const incoming = createIncomingIds({ rows, counters, limits, sessions: () => sessions.all() })
  const wills = createWills({ rows })
  const memory = createInboundMemory()
  const fanOut = createFanOut({ topics, retained, outbox, rows, sender, counters })
  const flushWatch = createFlushWatch({ memory })
  const intake = createIntake({ accept, store, topics, fanOut, rows, memory, incoming, counters, limits, acknowledged: (link) => flushWatch.acknowledged(link) })
  const willFiring = createWillFiring({ accept, topics, fanOut, wills, rows, counters, clock, isStopping })
  const persistence = createProtocolPersistence(
    createPersistence({ rows, sessions, topics, outbox, retained, incoming, wills }),
    { sessions, outbox, incoming, wills, linkOf: (client) => linkOf.get(client), isCopy: (packet) => intake.isCopy(packet) },
  )
  const admission = createAdmission({ loopbackTrusted: options.loopbackTrusted, limits }, { authenticator, sessions, outbox, counters, logger, isStopping })
  const protocol = createProtocol(
    { limits, maxPacketSizeBytes: options.maxPacketSizeBytes, linkOf },
    { persistence, admission, sessions, outbox, retained, wills, intake, willFiring, counters, clock, logger, isStopping, mayResend: (clientId) => memory.knows(clientId) },
  )
  const server = createServer({ noDelay: true, keepAlive: true }, (socket) => {
    protocol.serve(socket, { address: socket.remoteAddress ?? '', principal: null })
  })
  const doors = new Set<WebSocketEntry>()
  let address: { host: string; port: number } | undefined
  let cancelSweep: Cancel | undefined
  let unfollow: (() => void) | undefined
  let sweeps = 0

  function sweep(): void {
    sender.sweep(protocol.links)
    flushWatch.look()
    outbox.expire()
    if (++sweeps % expireEverySweeps === 0) sessions.expire()
    cancelSweep = clock.after(sweepMs, sweep)
  }

  function revalidate(): void {
    for (const link of protocol.links) {
      if (link.principal !== null && !authenticator.stillValid(link.principal)) sender.cut(link, 'revoked')
    }
    for (const session of sessions.all()) {
      if (session.link === null && !authenticator.stillValid(session.principal)) sessions.discard(session)
    }
  }

  async function restore(inbound: Iterable<Inbound> = []): Promise<void> {
    if (state !== 'new') return
    state = 'restored'
    await retained.restore()
    await sessions.restore()
    await wills.restore()
    memory.load(inbound)
  }

  /** Everything taken so far is on disk, or could not be stored. Gives up after a while: a stop must end. */
  async function settled(): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = clock.after(drainMs, resolve)
      rows.urgent()
      rows.onDisk(() => {
        cancel()
        // What was acknowledged just now is still to be written to the sockets.
        setImmediate(resolve)
      })
    })
  }

  async function listen(): Promise<void> {
    server.listen({ host: options.host, port: options.port })
    try {
      await once(server, 'listening')
    } catch (thrown) {
      const cause = asError(thrown)
      throw new LimenError('ADDRESS_IN_USE', `cannot listen on ${options.host}:${options.port}: ${cause.message}`, { cause, remedy: 'free the port or change mqtt.port' })
    }
    address = { host: options.host, port: (server.address() as AddressInfo).port }
    server.on('error', (error) => logger.error({ err: error }, 'MQTT listener'))
  }

  return {
    restore,
    async start() {
      if (state === 'new') await restore()
      if (state !== 'restored') return
      state = 'running'
      await protocol.listen()
      for (const [clientId, will] of wills.all()) {
        willFiring.fire(clientId, will, {
          principal: will.principal,
          done: (error) => error && logger.warn({ clientId, err: error }, 'a will from before the restart could not be published'),
        })
      }
      unfollow = authenticator.onChange(revalidate)
      await listen()
      sweep()
      fanOut.announce({ topic: statusTopic, payload: 'online', qos: 1, retain: true })
    },
    async stop() {
      if (state !== 'running') {
        state = 'stopped'
        return
      }
      state = 'stopping'
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
      unfollow?.()
      fanOut.announce({ topic: statusTopic, payload: 'offline', qos: 1, retain: true })
      await settled()
      await protocol.close()
      for (const door of doors) door.close()
      // Wills of those who were still connected.
      await settled()
      await closed
      cancelSweep?.()
      state = 'stopped'
    },
    get addresses() {
      return { mqtt: address }
    },
    async attachWebSocket(httpServer, { path, allowOrigin, principalOf }) {
      const entry = await openWebSocketDoor(
        { path, allowOrigin, maxMessageBytes: options.maxPacketSizeBytes + 64 * 1024 },
        {
          server: httpServer,
          onConnection: (conn, request) => protocol.serve(conn, { address: request.socket.remoteAddress ?? '', principal: principalOf?.(request) ?? null }),
          onRefused: (reason) => counters.add('rejected', `websocket-${reason}`),
        },
      )
      doors.add(entry)
      return () => {
        doors.delete(entry)
        entry.close()
      }
    },
    announce: (publication) => fanOut.announce(publication),
    covered: (topic) => topics.resolve(topic)?.targets.some(({ session, specific }) => specific && session.link?.ready === true) ?? false,
    onChange: (listener) => sessions.onChange(listener),
    revalidate,
    disconnectPrincipal({ kind, name }) {
      for (const link of protocol.links) if (link.principal?.kind === kind && link.principal.name === name) sender.cut(link, 'revoked')
    },
    sessions: () => [...sessions.all()].map((session) => ({
      clientId: session.id,
      principal: session.principal.name,
      connected: session.link !== null,
      kept: session.kept,
      subscriptions: session.subscriptions.size,
      queuedMessages: session.owed.size,
      queuedBytes: session.owedBytes,
    })),
    queue: () => owedQueue({ counters, sessions, outbox, limits }),
    metrics: () => describeBroker({ counters, sessions, outbox, retained, incoming, rows, connections: () => protocol.links.size }),
  }
}
