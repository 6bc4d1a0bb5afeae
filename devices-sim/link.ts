import type { connect, MqttClient } from 'mqtt'
import type { Counters } from './counters.ts'

/** A device's (or hub's) way to the gateway. */
export interface Link {
  start(): void
  /** QoS 1. While the gateway is away the newest messages are kept and sent when it is back; the oldest are dropped and counted. */
  publish(topic: string, payload: string): void
  /** Is it connected? */
  up(): boolean
  /** Has the gateway too much unacknowledged already? */
  full(): boolean
  /** The device loses its network or its power: no DISCONNECT, so the last will is published. */
  cut(): void
  restore(): void
  /** Says offline, waits a while for what is not acknowledged, goes. */
  stop(): Promise<void>
}

export interface LinkOptions {
  readonly url: string
  readonly login?: { readonly username: string; readonly password: string } | undefined
  readonly clientId: string
  /** Devices of this connection that have actuators. */
  readonly commandFilters: readonly string[]
}

export interface LinkDeps {
  /** `mqtt.connect`, loaded by the caller. */
  readonly connect: typeof connect
  readonly counters: Counters
  readonly onCommand: (topic: string, payload: string) => void
  /** After each CONNACK: report states. */
  readonly onOnline: () => void
  readonly onError: (message: string) => void
}

/** Unacknowledged messages a link allows itself, and what it keeps while away. */
const window = 200
const backlogSize = 500
const goodbyeMs = 3_000

export function createLink({ url, login, clientId, commandFilters }: LinkOptions, { connect: open, counters, onCommand, onOnline, onError }: LinkDeps): Link {
  const statusTopic = `devices/${clientId}/status`
  let session: Session | undefined
  let everConnected = false
  let backlog: { topic: string; payload: string }[] = []

  function fail(error: Error): void {
    counters.errors++
    onError(error.message === '' ? ((error as NodeJS.ErrnoException).code ?? error.name) : error.message)
  }

  function begin(): void {
    const client = open(url, {
      clientId,
      ...login,
      clean: true,
      reconnectPeriod: 1_000,
      // A gateway that cannot just now (its disk is full) refuses a connection, which mqtt.js takes for a last word.
      reconnectOnConnackError: true,
      connectTimeout: 10_000,
      keepalive: 15,
      resubscribe: false, // done below, so that a refused subscription is seen
      protocolVersion: 4,
      will: { topic: statusTopic, payload: Buffer.from('offline'), qos: 1, retain: true },
    })
    const own: Session = { client, up: false, unacknowledged: 0 }
    session = own
    client.on('connect', () => {
      if (session !== own) return
      if (everConnected) counters.reconnects++
      everConnected = true
      if (!own.up) counters.connected++
      own.up = true
      send(own, { topic: statusTopic, payload: 'online', retain: true })
      if (commandFilters.length > 0) client.subscribe([...commandFilters], { qos: 1 }, (error) => void (error && fail(error)))
      onOnline()
      const kept = backlog
      backlog = []
      for (const message of kept) send(own, message)
    })
    client.on('close', () => {
      if (own.up) counters.connected--
      own.up = false
    })
    client.on('error', fail)
    client.on('message', (topic, payload) => onCommand(topic, payload.toString()))
  }

  function send(through: Session, { topic, payload, retain = false }: { topic: string; payload: string; retain?: boolean }): void {
    counters.sent++
    through.unacknowledged++
    through.client.publish(topic, payload, { qos: 1, retain }, (error) => {
      if (session !== through) return // cut in the meantime, and counted there
      through.unacknowledged--
      if (error === undefined || error === null) counters.acknowledged++
      else fail(error)
    })
  }

  return {
    start: begin,
    up: () => session?.up === true,
    full: () => session !== undefined && session.unacknowledged >= window,
    publish(topic, payload) {
      if (session === undefined) return
      if (session.up) return send(session, { topic, payload })
      backlog.push({ topic, payload })
      if (backlog.length > backlogSize) {
        backlog.shift()
        counters.dropped++
      }
    },
    cut() {
      const dying = session
      if (dying === undefined) return
      session = undefined
      if (dying.up) counters.connected--
      dying.up = false
      // the device has lost its power, and with it what was not acknowledged
      counters.dropped += dying.unacknowledged + backlog.length
      backlog = []
      dying.client.end(true)
    },
    restore: begin,
    async stop() {
      const leaving = session
      if (leaving === undefined) return
      if (leaving.up) {
        send(leaving, { topic: statusTopic, payload: 'offline', retain: true })
        const waiting = (): boolean => leaving.up && leaving.unacknowledged > 0
        for (let waitedMs = 0; waiting() && waitedMs < goodbyeMs; waitedMs += 20) await new Promise((resolve) => setTimeout(resolve, 20))
      }
      await leaving.client.endAsync(!leaving.up)
      session = undefined
    },
  }
}

/** From one switching-on of the device to the next; mqtt.js reconnects within it. */
interface Session { readonly client: MqttClient; up: boolean; unacknowledged: number }
