import mqtt from 'mqtt'
import type { IClientOptions, MqttClient } from 'mqtt'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { createBroker } from '../../gateway/broker/broker.ts'
import type { Broker } from '../../gateway/broker/broker.ts'
import type { BrokerOptions } from '../../gateway/broker/options.ts'
import { systemClock } from '../../gateway/kernel/clock.ts'
import type { Clock } from '../../gateway/kernel/clock.ts'
import type { Accept, Authenticator, Inbound, InboundPublish } from '../../gateway/kernel/contracts.ts'
import { silentLogger } from '../../gateway/kernel/log.ts'
import type { Principal } from '../../gateway/kernel/principal.ts'
import { createMemoryStore } from './memory-store.ts'
import type { MemoryStore } from './memory-store.ts'

export interface BrokerRig {
  readonly broker: Broker
  readonly store: MemoryStore
  readonly port: number
  /** What came through the door, in order. */
  readonly taken: InboundPublish[]
  readonly authenticator: FakeAuthenticator
  /** A connected client; ended with the rig. */
  client(options?: IClientOptions): Promise<MqttClient>
  /** A bare socket. */
  socket(): Promise<Socket>
  /** An HTTP server with the broker's WebSocket door at /mqtt. */
  webSocket(door?: { allowOrigin?: () => boolean }): Promise<{ url: string; server: Server }>
  /** Topics retained on disk, the gateway's own status left out. */
  retained(): Promise<string[]>
  metric(name: string, labels?: Record<string, string>): number
  stop(): Promise<void>
  /** Kill -9: connections cut, nothing of the open batch kept. Gives the store as it is on disk. */
  crash(): Promise<MemoryStore>
}

export interface FakeAuthenticator extends Authenticator {
  readonly logins: Map<string, { password: string; principal: Principal }>
  change(): void
}

export function createFakeAuthenticator(): FakeAuthenticator {
  const logins = new Map<string, { password: string; principal: Principal }>()
  const listeners = new Set<() => void>()
  return {
    logins,
    async device({ username, password }) {
      const login = logins.get(username ?? '')
      return login !== undefined && Buffer.from(password ?? '').toString() === login.password ? login.principal : null
    },
    user: async () => null,
    stillValid: (principal) => principal.kind === 'trusted' || [...logins.values()].some((login) => login.principal.name === principal.name),
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    hasDeviceCredential: () => true,
    hasUser: () => true,
    change() {
      for (const listener of listeners) listener()
    },
  }
}

/** The broker on a free port, with the real protocol and an in-memory store. */
export async function startBroker(setup: {
  options?: Partial<BrokerOptions>
  store?: MemoryStore
  clock?: Clock
  inbound?: Iterable<Inbound>
  accept?: (store: MemoryStore, taken: InboundPublish[]) => Accept
  authenticator?: FakeAuthenticator
} = {}): Promise<BrokerRig> {
  const store = setup.store ?? createMemoryStore({ auto: true })
  const taken: InboundPublish[] = []
  const authenticator = setup.authenticator ?? createFakeAuthenticator()
  const accept: Accept = setup.accept?.(store, taken) ?? ((input, done) => {
    if (input.kind === 'publish') taken.push({ ...input, payload: Buffer.from(input.payload) })
    mortal.onDisk((error) => done(error, { taken: true }))
  })
  let dead = false
  /** A dead process writes nothing more, and does not complain. */
  const mortal: MemoryStore = {
    ...store,
    put: (space, key, value) => dead || store.put(space, key, value),
    delete: (space, key) => dead || store.delete(space, key),
    onDisk: (callback) => dead || store.onDisk(callback),
    noteInbound: (inbound) => dead || store.noteInbound(inbound),
    urgent: () => dead || store.urgent(),
  }
  const broker = createBroker(
    { host: '127.0.0.1', port: 0, maxPacketSizeBytes: 256 * 1024, loopbackTrusted: true, ...setup.options },
    { store: mortal, accept, authenticator, clock: setup.clock ?? systemClock, logger: silentLogger },
  )
  await broker.restore(setup.inbound)
  await broker.start()
  const port = broker.addresses.mqtt!.port
  const clients: MqttClient[] = []
  const sockets: Socket[] = []
  const servers: Server[] = []

  function endClients(): void {
    for (const client of clients) client.end(true)
    for (const socket of sockets) socket.destroy()
    for (const server of servers) {
      server.closeAllConnections()
      server.close()
    }
  }

  return {
    broker,
    store,
    port,
    taken,
    authenticator,
    async client(options = {}) {
      const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0, ...options })
      clients.push(client)
      client.on('error', () => {})
      await new Promise<void>((resolve, reject) => {
        client.once('connect', () => resolve())
        client.once('error', reject)
        client.once('close', () => reject(new Error('closed before CONNACK')))
      })
      return client
    },
    async socket() {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      sockets.push(socket)
      socket.on('error', () => {})
      await once(socket, 'connect')
      return socket
    },
    async webSocket(door = {}) {
      const server = createServer()
      servers.push(server)
      await broker.attachWebSocket(server, { path: '/mqtt', allowOrigin: door.allowOrigin ?? (() => true) })
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/mqtt`, server }
    },
    retained: async () => (await store.list('retained')).map(([topic]) => topic).filter((topic) => topic !== 'limen/gateway/status'),
    metric(name, labels = {}) {
      let sum = 0
      for (const sample of broker.metrics()) {
        if (sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels?.[label] === value)) sum += sample.value
      }
      return sum
    },
    async stop() {
      endClients()
      // For stores that commit only when they are told to.
      const committing = setInterval(() => void store.commit(), 1)
      await broker.stop()
      clearInterval(committing)
    },
    async crash() {
      const after = store.crash()
      dead = true
      endClients()
      // Its sockets and timers must not outlive the test.
      void broker.stop()
      return after
    },
  }
}

/** Collects what a client receives, the gateway's retained status left out. */
export function inbox(client: MqttClient): { topic: string; payload: string; qos: number; retain: boolean; dup: boolean }[] {
  const messages: ReturnType<typeof inbox> = []
  client.on('message', (topic, payload, { qos, retain, dup }) => {
    if (topic !== 'limen/gateway/status') messages.push({ topic, payload: payload.toString(), qos, retain, dup })
  })
  return messages
}
