import mqtt from 'mqtt'
import type { MqttClient } from 'mqtt'
import { afterEach, describe, expect, it } from 'vitest'
import { inbox, startBroker } from '../support/broker.ts'
import type { BrokerRig } from '../support/broker.ts'
import { eventually } from '../support/eventually.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { openRaw } from '../support/raw-mqtt.ts'

const kept = { clean: false, clientId: 'kept' } as const

describe('kept sessions', () => {
  let rig: BrokerRig
  afterEach(() => rig.stop())

  async function subscribed(filter: string, qos: 0 | 1 | 2): Promise<MqttClient> {
    const client = await rig.client(kept)
    await client.subscribeAsync(filter, { qos })
    return client
  }

  /** The kept client again, collecting from the first byte on. */
  async function back(): Promise<{ client: MqttClient; received: ReturnType<typeof inbox>; present: boolean }> {
    const client = mqtt.connect(`mqtt://127.0.0.1:${rig.port}`, { reconnectPeriod: 0, ...kept })
    client.on('error', () => {})
    const received = inbox(client)
    const present = await new Promise<boolean>((resolve) => client.once('connect', ({ sessionPresent }) => resolve(sessionPresent)))
    return { client, received, present }
  }

  it.each([false, true])('get what came while they were away, in order, at the lower QoS (restart of the broker between: %s)', async (restart) => {
    rig = await startBroker()
    await (await subscribed('q/#', 1)).endAsync()
    const publisher = await rig.client()
    for (const [i, qos] of ([1, 2, 0, 1] as const).entries()) await publisher.publishAsync('q/a', String(i), { qos })
    await publisher.publishAsync('other', 'x', { qos: 1 })
    if (restart) rig = await startBroker({ store: await rig.crash() })
    const { client, received, present } = await back()
    await eventually('three messages', () => received.length >= 3)
    expect(present).toBe(true)
    expect(received).toEqual([0, 1, 3].map((i) => ({ topic: 'q/a', payload: String(i), qos: 1, retain: false, dup: false })))
    await eventually('nothing is owed any more', async () => (await rig.store.list('queue')).length === 0)
    client.end(true)
  })

  it('are present without a subscription, and not after a clean connect, which takes all that was owed', async () => {
    rig = await startBroker()
    const first = await back()
    expect(first.present).toBe(false)
    await first.client.endAsync()
    const second = await back()
    expect(second.present).toBe(true)
    await second.client.subscribeAsync('q', { qos: 1 })
    await second.client.endAsync()
    await (await rig.client()).publishAsync('q', 'x', { qos: 1 })
    const clean = await rig.client({ clean: true, clientId: 'kept' })
    await clean.endAsync()
    const third = await back()
    expect([third.present, third.received]).toEqual([false, []])
    for (const space of ['queue', 'subscription']) expect(await rig.store.list(space)).toEqual([])
    third.client.end(true)
  })

  it.each([1, 2] as const)('get QoS %i again with DUP and the same packet id if they did not acknowledge it, over a crash too', async (qos) => {
    rig = await startBroker()
    const first = await openRaw(rig.port, { clientId: 'kept', clean: false })
    await first.subscribe('q', qos)
    const publisher = await rig.client()
    await publisher.publishAsync('q', 'x', { qos })
    const sent = await first.next('publish')
    expect(sent).toMatchObject({ dup: false, qos })
    first.destroy()
    const second = await openRaw(rig.port, { clientId: 'kept', clean: false })
    expect(await second.next('publish')).toMatchObject({ dup: true, qos, messageId: sent.messageId })
    second.destroy()
    rig = await startBroker({ store: await rig.crash() })
    const third = await openRaw(rig.port, { clientId: 'kept', clean: false })
    const again = await third.next('publish')
    expect(again).toMatchObject({ dup: true, qos, messageId: sent.messageId })
    expect(again.payload?.toString()).toBe('x')
    if (qos === 1) third.send({ cmd: 'puback', messageId: sent.messageId! })
    else {
      third.send({ cmd: 'pubrec', messageId: sent.messageId! })
      await third.next('pubrel')
      // Released and then lost: only PUBREL is owed.
      third.destroy()
      rig = await startBroker({ store: await rig.crash() })
      const fourth = await openRaw(rig.port, { clientId: 'kept', clean: false })
      expect(await fourth.next('pubrel')).toMatchObject({ messageId: sent.messageId })
      fourth.send({ cmd: 'pubcomp', messageId: sent.messageId! })
    }
    await eventually('nothing is owed', async () => (await rig.store.list('queue')).length === 0)
  })

  it('answers a PUBREC for something it does not owe, so that the client can forget it', async () => {
    rig = await startBroker()
    const client = await openRaw(rig.port, { clientId: 'kept', clean: false })
    client.send({ cmd: 'pubrec', messageId: 77 })
    expect(await client.next('pubrel')).toMatchObject({ messageId: 77 })
  })

  it('live messages come behind what is still owed; none twice, none missing, in order', async () => {
    rig = await startBroker({ options: { limits: { maxInFlight: 5 } } })
    await (await subscribed('q', 1)).endAsync()
    const publisher = await rig.client()
    await Promise.all(Array.from({ length: 400 }, (_, i) => publisher.publishAsync('q', String(i), { qos: 1 })))
    const { client, received } = await back()
    await Promise.all(Array.from({ length: 400 }, (_, i) => publisher.publishAsync('q', String(400 + i), { qos: 1 })))
    await eventually('800 messages', () => received.length >= 800)
    expect(received.map(({ payload }) => Number(payload))).toEqual(Array.from({ length: 800 }, (_, i) => i))
    client.end(true)
  })

  it('are owed a bounded number of messages and bytes: the newest are dropped and counted', async () => {
    rig = await startBroker({ options: { limits: { maxQueuedMessages: 3, maxQueuedBytes: 100 } } })
    await (await subscribed('q', 1)).endAsync()
    const publisher = await rig.client()
    for (let i = 0; i < 5; i++) await publisher.publishAsync('q', String(i), { qos: 1 })
    expect((await rig.store.list('queue')).length).toBe(3)
    expect(rig.broker.queue()).toMatchObject({ name: expect.stringMatching(/^The queue of MQTT session /) as unknown, share: 1, dropped: 2 })
    const { client, received } = await back()
    await eventually('three', () => received.length === 3)
    await eventually('nothing owed', async () => (await rig.store.list('queue')).length === 0)
    await client.endAsync()
    await publisher.publishAsync('q', 'x'.repeat(200), { qos: 1 })
    expect(received.map(({ payload }) => payload)).toEqual(['0', '1', '2'])
    expect(rig.metric('limen_mqtt_dropped_total', { reason: 'queue-full' })).toBe(3)
    expect(rig.metric('limen_mqtt_owed_messages')).toBe(0)
    expect(rig.broker.queue()).toMatchObject({ share: 0, dropped: 3 })
  })

  it('owe nothing that was not committed', async () => {
    const store = createMemoryStore({ auto: true })
    rig = await startBroker({ store })
    await (await subscribed('q', 1)).endAsync()
    const publisher = await rig.client()
    store.failNextCommit(new Error('disk full'))
    publisher.publish('q', 'lost', { qos: 1 })
    await new Promise<void>((resolve) => publisher.once('close', () => resolve()))
    expect(rig.metric('limen_mqtt_owed_messages')).toBe(0)
    const other = await rig.client()
    await other.publishAsync('q', 'kept', { qos: 1 })
    const { client, received } = await back()
    await eventually('one', () => received.length === 1)
    expect(received.map(({ payload }) => payload)).toEqual(['kept'])
    client.end(true)
  })

  it('get what is published on the heels of their SUBSCRIBE, though SUBACK waits for the disk', async () => {
    rig = await startBroker()
    const client = await openRaw(rig.port, { clientId: 'kept', clean: false })
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'q', qos: 2 }] })
    client.send({ cmd: 'publish', topic: 'q', payload: 'x', qos: 1, messageId: 2 })
    await client.next('publish')
    await client.next('suback')
  })

  it('stay subscribed if they say goodbye without waiting for SUBACK', async () => {
    rig = await startBroker()
    const client = await openRaw(rig.port, { clientId: 'kept', clean: false })
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'q', qos: 1 }] })
    client.send({ cmd: 'disconnect' })
    await eventually('closed', client.closed)
    await (await rig.client()).publishAsync('q', 'x', { qos: 1 })
    const { received } = await back()
    await eventually('it came', () => received.length === 1)
  })

  it('are not subscribed if it could not be stored', async () => {
    const store = createMemoryStore({ auto: true })
    rig = await startBroker({ store })
    const client = await rig.client(kept)
    store.failNextCommit(new Error('disk full'))
    client.subscribe('q', { qos: 1 })
    await new Promise<void>((resolve) => client.once('close', () => resolve()))
    expect(rig.broker.sessions()).toMatchObject([{ clientId: 'kept', subscriptions: 0 }])
  })

  it('subscribe and unsubscribe on each other’s heels end unsubscribed, on disk too', async () => {
    const store = createMemoryStore()
    rig = await startBroker({ store })
    const connecting = openRaw(rig.port, { clientId: 'kept', clean: false })
    await eventually('the session is in a batch', async () => {
      await store.commit()
      return rig.broker.sessions().some(({ connected }) => connected)
    })
    const client = await connecting
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'q', qos: 1 }] })
    client.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: ['q'] })
    await eventually('both answers', async () => {
      await store.commit()
      return client.seen('unsuback')
    })
    await store.commit()
    expect(rig.broker.sessions()).toMatchObject([{ subscriptions: 0 }])
    expect(await store.list('subscription')).toEqual([])
  })

  it('are given up after a while, with all they were owed', async () => {
    const clock = createFakeClock()
    rig = await startBroker({ clock, options: { limits: { sessionExpiryMs: 3_600_000 } } })
    await (await subscribed('q', 1)).endAsync()
    await eventually('it is offline', () => rig.broker.sessions().some(({ connected }) => !connected))
    await (await rig.client()).publishAsync('q', 'x', { qos: 1 })
    await clock.advance(3_600_000 + 120_000)
    expect(rig.broker.sessions().filter(({ clientId }) => clientId === 'kept')).toEqual([])
    await eventually('no rows are left', async () => (await Promise.all(['session', 'subscription', 'queue'].map((space) => rig.store.list(space)))).flat().length === 0)
  })

  it('are bounded in number: one more is turned away with 3, a clean one is not', async () => {
    rig = await startBroker({ options: { limits: { maxSessions: 1 } } })
    await (await subscribed('q', 1)).endAsync()
    await expect(rig.client({ clean: false, clientId: 'second' })).rejects.toThrow(/unavailable/i)
    await (await rig.client({ clientId: 'third' })).endAsync()
    expect(rig.metric('limen_mqtt_rejected_total', { reason: 'sessions' })).toBe(1)
  })

  it('have a bounded number of subscriptions: more are refused with 0x80 and counted', async () => {
    rig = await startBroker({ options: { limits: { maxSubscriptionsPerSession: 2 } } })
    for (const clean of [true, false]) {
      const client = await openRaw(rig.port, { clientId: `c${String(clean)}`, clean })
      client.send({ cmd: 'subscribe', messageId: 1, subscriptions: ['a', 'b', 'c', 'd'].map((topic) => ({ topic, qos: 1 })) })
      expect((await client.next('suback')).granted).toEqual([1, 1, 128, 128])
    }
    expect(rig.metric('limen_mqtt_refused_total', { reason: 'subscription-limit' })).toBe(4)
  })
})
