import type { IClientOptions, MqttClient } from 'mqtt'
import type { Announcer, Delivery, DeliveryOutcome, StoreWriter, Target } from '../../kernel/contracts.ts'
import { asError } from '../../kernel/errors.ts'
import type { Logger } from '../../kernel/log.ts'
import type { Secret } from '../../kernel/secret.ts'
import { fillTopic } from '../topic-template.ts'

export interface MqttTargetOptions {
  /** `mqtt://`, `mqtts://`, `ws://` or `wss://`; undefined: this gateway's own broker. */
  readonly url: string | undefined
  /** May hold `${source}`, `${type}`, `${subject}`, `${data.…}`. */
  readonly topic: string
  readonly qos: 0 | 1 | 2
  readonly username: string | undefined
  readonly password: Secret | undefined
}

export interface MqttTargetDeps {
  readonly announcer: Announcer
  readonly store: Pick<StoreWriter, 'onDisk' | 'urgent'>
  readonly logger: Logger
}

/** Publishes the CloudEvent as JSON: here, or at another broker. */
export function createMqttTarget(options: MqttTargetOptions, deps: MqttTargetDeps): Target {
  return options.url === undefined ? createLocal(options, deps) : createRemote(options.url, options, deps)
}

/** Accepted once it is in a commit: from there on the broker owes it to its subscribers. */
function createLocal(options: MqttTargetOptions, deps: MqttTargetDeps): Target {
  function send({ event }: Delivery): Promise<DeliveryOutcome> {
    const filled = fillTopic(options.topic, event)
    if (!filled.ok) return Promise.resolve({ kind: 'refused', reason: filled.reason })
    deps.announcer.announce({ topic: filled.topic, payload: JSON.stringify(event), qos: options.qos, retain: false })
    deps.store.urgent()
    return new Promise((resolve) => {
      deps.store.onDisk((error) => resolve(error === null ? { kind: 'accepted' } : { kind: 'retry', reason: `not stored: ${error.message}` }))
    })
  }
  return { send: (batch) => Promise.all(batch.map(send)) }
}

/**
 * Another broker, by a client of its own. QoS 1: accepted after its PUBACK; QoS 2: after its PUBCOMP.
 * The client neither reconnects nor resends: it is let go with its connection, and the runner's next attempt makes a new one.
 */
function createRemote(url: string, options: MqttTargetOptions, deps: MqttTargetDeps): Target {
  const { host } = new URL(url)
  let current: Promise<MqttClient> | undefined
  let newest: MqttClient | undefined

  function connection(): Promise<MqttClient> {
    if (current !== undefined) return current
    const opening = open()
    current = opening
    const forget = (): void => {
      if (current === opening) current = undefined
    }
    opening.then((client) => client.once('close', forget), forget)
    return opening
  }

  async function open(): Promise<MqttClient> {
    const { connect } = await import('mqtt')
    const settings: IClientOptions = {
      clean: true,
      reconnectPeriod: 0,
      connectTimeout: 10_000,
      ...(options.username === undefined ? {} : { username: options.username }),
      ...(options.password === undefined ? {} : { password: options.password.reveal() }),
    }
    const client = connect(url, settings)
    newest = client
    let reason = `no connection to ${host}`
    client.on('error', (error) => {
      // Node gives an AggregateError without a message where every address of a name refuses.
      reason = error.message === '' ? ((error as NodeJS.ErrnoException).code ?? reason) : error.message
      deps.logger.warn({ err: error, host }, 'the broker of an MQTT target')
    })
    await new Promise<void>((resolve, reject) => {
      client.once('connect', () => resolve())
      client.once('close', () => reject(new Error(reason)))
    })
    return client
  }

  async function send({ event }: Delivery, signal: AbortSignal): Promise<DeliveryOutcome> {
    const filled = fillTopic(options.topic, event)
    if (!filled.ok) return { kind: 'refused', reason: filled.reason }
    const opening = connection()
    try {
      const client = await orAborted(opening, signal)
      await publish(client, { topic: filled.topic, payload: JSON.stringify(event), signal })
      return { kind: 'accepted' }
    } catch (thrown) {
      if (current === opening) current = undefined
      return { kind: 'retry', reason: asError(thrown).message }
    }
  }

  async function publish(client: MqttClient, { topic, payload, signal }: { topic: string; payload: string; signal: AbortSignal }): Promise<void> {
    const closed = Promise.withResolvers<never>()
    const onClose = (): void => closed.reject(new Error(`the connection to ${host} was closed before the acknowledgement`))
    client.once('close', onClose)
    try {
      await orAborted(Promise.race([client.publishAsync(topic, payload, { qos: options.qos }), closed.promise]), signal)
    } catch (thrown) {
      // A broker that does not acknowledge: what is in its connection is sent again over another one.
      client.end(true)
      throw thrown
    } finally {
      client.removeListener('close', onClose)
    }
  }

  return {
    send: (batch, signal) => Promise.all(batch.map((delivery) => send(delivery, signal))),
    async stop() {
      current = undefined
      await newest?.endAsync(true)
      newest = undefined
    },
  }
}

/** Rejects with the signal's reason as soon as it is aborted. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => aborted.reject(asError(signal.reason))
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
