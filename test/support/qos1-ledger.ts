import mqtt, { type MqttClient } from 'mqtt'

/** A publisher that keeps its own books: which values the gateway has acknowledged. It resends what was not, as MQTT asks. */
export interface LedgerPublisher {
  readonly device: string
  /** Values of acknowledged readings. */
  readonly acknowledged: ReadonlySet<number>
  /** Values published at least once. */
  readonly sent: () => number
  /** Goes on publishing until told to stop. */
  stop(): void
  /** Resolves when everything sent has been acknowledged. */
  settled(): Promise<void>
  /** The gateway is at another port now. */
  moveTo(url: string): void
  end(): Promise<void>
}

export interface LedgerOptions {
  readonly url: string
  readonly device: string
  readonly inFlight: number
  /** What one reading looks like on the wire. */
  readonly payload: (value: number) => string
  readonly clean: boolean
  /** Where a reading goes. Default: metric `m` of the device. */
  readonly topic?: (value: number) => string
  /** No more new readings a second than this. Default: as many as the gateway takes. */
  readonly perSecond?: number
}

export function startLedgerPublisher(options: LedgerOptions): LedgerPublisher {
  const { device, inFlight, payload, clean, topic = () => `devices/${device}/m` } = options
  let port = Number(new URL(options.url).port)
  const acknowledged = new Set<number>()
  let next = 0
  let outstanding = 0
  let stopped = false
  let settle: (() => void) | undefined

  const client: MqttClient = mqtt.connect({
    protocol: 'mqtt', host: '127.0.0.1', port, clientId: `ledger-${device}`, clean, reconnectPeriod: 50, connectTimeout: 5_000, resubscribe: false, reconnectOnConnackError: true,
  })
  client.on('error', () => {})
  // mqtt.js reads its options at every reconnection.
  client.on('reconnect', () => { client.options.port = port })

  const perSecond = options.perSecond ?? Infinity
  const startedAt = performance.now()
  // One at once, however slow the rest.
  const allowed = (): number => (perSecond === Infinity ? Infinity : 1 + ((performance.now() - startedAt) / 1_000) * perSecond)
  const pacing = perSecond === Infinity ? undefined : setInterval(() => { if (client.connected) fill() }, 10)

  const mayPublish = (): boolean => !stopped && outstanding < inFlight && next < allowed()

  function fill(): void {
    while (mayPublish()) {
      const value = next++
      outstanding++
      client.publish(topic(value), payload(value), { qos: 1 }, (error) => {
        outstanding--
        const failed = error !== undefined && error !== null
        if (!failed) acknowledged.add(value)
        if (stopped && outstanding === 0) settle?.()
        // A client that loses its connection while it resends fails what waits, in a loop that would never end if each were followed by another at once.
        else if (failed) setImmediate(fill)
        else fill()
      })
    }
  }
  client.once('connect', fill)

  return {
    device,
    acknowledged,
    sent: () => next,
    stop() {
      stopped = true
      clearInterval(pacing)
    },
    settled: () => new Promise((resolve) => {
      if (outstanding === 0) resolve()
      else settle = resolve
    }),
    moveTo(url) { port = Number(new URL(url).port); client.options.port = port },
    end: () => {
      stopped = true
      clearInterval(pacing)
      return client.endAsync(true)
    },
  }
}
