import mqtt, { type IPublishPacket, type MqttClient } from 'mqtt'
import { filterIsSubset, filterMatches } from './topic.ts'

export interface Received {
  readonly topic: string
  readonly payload: Buffer
  /** It was kept by the broker and is not new. */
  readonly retained: boolean
}

export type LinkState = { readonly connected: true } | { readonly connected: false; readonly sinceMs: number | undefined }

/** The one MQTT connection of all nodes. Opened when the first node asks for it; comes back by itself. */
export interface Link {
  readonly state: LinkState
  /** Tells at once and at every change; gives what ends it. */
  onState(show: (state: LinkState) => void): () => void
  /** Messages of this filter, each once however many filters match. `retained`: what the broker keeps is sent, too. Gives what ends it. */
  subscribe(filter: string, options: { readonly take: (received: Received) => void; readonly retained?: boolean }): () => void
  /** QoS 1. Resolves when the gateway has it on disk. While the gateway is away messages wait; above a bound they are refused. */
  publish(topic: string, payload: string): Promise<void>
  stop(): Promise<void>
}

interface Taker { readonly filter: string; readonly take: (received: Received) => void }

const maxWaiting = 1_000

export function createLink(options: { readonly url: string; readonly user: string; readonly password: string }, deps: { onProblem: (message: string) => void }): Link {
  let client: MqttClient | undefined
  let state: LinkState = { connected: false, sinceMs: undefined }
  let stopped = false
  let waiting = 0
  const watchers = new Set<(state: LinkState) => void>()
  const takers = new Set<Taker>()
  /** Filters the broker has been asked for on this connection. */
  const asked = new Set<string>()
  /** Filters whose kept messages somebody new waits for. */
  const anew = new Set<string>()
  let reconciling = false

  function open(): MqttClient {
    if (client !== undefined) return client
    const opened = mqtt.connect(options.url, {
      protocolVersion: 4,
      clientId: 'limen-flows',
      clean: true,
      resubscribe: false,
      reconnectPeriod: 1_000,
      // A gateway that cannot just now (its disk is full) refuses a connection, which mqtt.js takes for a last word.
      reconnectOnConnackError: true,
      connectTimeout: 10_000,
      keepalive: 30,
      ...(options.user === '' ? {} : { username: options.user, password: options.password }),
    })
    client = opened
    opened.on('connect', () => {
      asked.clear()
      change({ connected: true })
      reconcile()
    })
    opened.on('close', () => {
      if (state.connected || state.sinceMs === undefined) change({ connected: false, sinceMs: Date.now() })
    })
    // Said by the state; it tries again.
    opened.on('error', () => {})
    opened.on('message', (topic, payload, packet: IPublishPacket) => {
      const received = { topic, payload, retained: packet.retain }
      for (const taker of takers) if (filterMatches(taker.filter, topic)) taker.take(received)
    })
    return opened
  }

  function change(now: LinkState): void {
    state = now
    for (const show of watchers) show(now)
  }

  /** Brings the broker's subscriptions to what is wanted; once for all changes of one turn. */
  function reconcile(): void {
    if (reconciling || stopped) return
    reconciling = true
    queueMicrotask(() => {
      reconciling = false
      if (client === undefined || !client.connected) return
      const wanted = broadest(new Set([...takers].map(({ filter }) => filter)))
      for (const filter of wanted) {
        const renew = [...anew].some((narrow) => filterIsSubset(narrow, filter))
        if (asked.has(filter) && !renew) continue
        asked.add(filter)
        client.subscribe(filter, { qos: 1 }, (error, granted) => {
          const refused = granted?.some(({ qos }) => qos > 2) === true
          if (error instanceof Error || refused) deps.onProblem(`the gateway does not let flows subscribe to ${filter}${error instanceof Error ? `: ${error.message}` : ''}`)
        })
      }
      anew.clear()
      for (const filter of asked) {
        if (wanted.has(filter)) continue
        asked.delete(filter)
        client.unsubscribe(filter)
      }
    })
  }

  return {
    get state() { return state },
    onState(show) {
      open()
      watchers.add(show)
      show(state)
      return () => void watchers.delete(show)
    },
    subscribe(filter, { take, retained = false }) {
      open()
      const taker = { filter, take }
      takers.add(taker)
      if (retained) anew.add(filter)
      reconcile()
      return () => {
        takers.delete(taker)
        reconcile()
      }
    },
    async publish(topic, payload) {
      if (waiting >= maxWaiting) throw new Error(`${maxWaiting} messages wait for the gateway already; this one is dropped`)
      waiting++
      try {
        await open().publishAsync(topic, payload, { qos: 1 })
      } finally {
        waiting--
      }
    },
    async stop() {
      stopped = true
      await client?.endAsync(true)
    },
  }
}

/** Without those another one covers: a message that matches two filters would come twice. */
function broadest(filters: ReadonlySet<string>): Set<string> {
  return new Set([...filters].filter((filter) => ![...filters].some((other) => other !== filter && filterIsSubset(filter, other))))
}
