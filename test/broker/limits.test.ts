import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { inbox, startBroker } from '../support/broker.ts'
import type { BrokerRig } from '../support/broker.ts'
import { eventually } from '../support/eventually.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { openRaw } from '../support/raw-mqtt.ts'

describe('limits and hostile clients', () => {
  let rig: BrokerRig
  afterEach(() => rig.stop())

  async function stillServes(): Promise<void> {
    const client = await rig.client()
    const received = inbox(client)
    await client.subscribeAsync('alive', { qos: 1 })
    await client.publishAsync('alive', 'yes', { qos: 1 })
    await eventually('an answer', () => received.length === 1)
    await client.endAsync()
  }

  it.each<[string, string, number[]]>([
    ['too-long', 'a CONNECT that says it is 256 MB long', [0x10, 0xff, 0xff, 0xff, 0x7f]],
    ['not-connect-first', 'a PUBLISH first', [0x30, 3, 0, 1, 97]],
    ['not-connect-first', 'HTTP', [...Buffer.from('GET / HTTP/1.1\r\n\r\n')]],
  ])('closes at once: %s (%s)', async (reason, _what, bytes) => {
    rig = await startBroker()
    const client = await openRaw(rig.port, { connect: null })
    client.write(Buffer.from(bytes))
    await eventually('closed', client.closed)
    expect(rig.metric('limen_mqtt_violations_total', { reason })).toBe(1)
    await stillServes()
  })

  it.each<[string, number[]]>([
    ['a packet that says it is 256 MB long', [0x30, 0xff, 0xff, 0xff, 0x7f]],
    ['a 101-level topic', publish('a/'.repeat(100) + 'a')],
    ['a topic that is no UTF-8', [0x30, 4, 0, 2, 0xc3, 0x28]],
    ['a topic with NUL', publish('a\u0000b')],
    ['a topic with a wildcard', publish('a/+')],
    ['an empty topic', [0x30, 2, 0, 0]],
    ['packet id 0', [0x32, 5, 0, 1, 97, 0, 0]],
    ['a filter with a misplaced #', [0x82, 8, 0, 1, 0, 3, 97, 35, 98, 0]],
    ['an empty filter', [0x82, 5, 0, 1, 0, 0, 0]],
    ['a second CONNECT', [0x10, 13, 0, 4, 77, 81, 84, 84, 4, 2, 0, 0, 0, 1, 97]],
  ])('closes the connection of who sends %s, and nobody else’s', async (_what, bytes) => {
    rig = await startBroker()
    const other = await rig.client()
    const client = await openRaw(rig.port, { clientId: 'bad' })
    client.write(Buffer.from(bytes))
    await eventually('closed', client.closed)
    expect(other.connected).toBe(true)
    expect(rig.taken).toEqual([])
    await stillServes()
  })

  it('takes a packet as long as the limit, with a topic of 65,535 bytes', async () => {
    rig = await startBroker({ options: { maxPacketSizeBytes: 100_000 } })
    const client = await rig.client()
    const received = inbox(client)
    await client.subscribeAsync('#')
    const topic = 'x'.repeat(65_535)
    await client.publishAsync(topic, 'y'.repeat(100_000 - 65_535 - 4), { qos: 1 })
    await eventually('it came back', () => received.length === 1)
    expect(received[0]!.topic).toBe(topic)
  })

  it('survives 30,000 distinct topics', async () => {
    rig = await startBroker()
    const client = await rig.client()
    for (let i = 0; i < 30_000; i += 500) await Promise.all(Array.from({ length: 500 }, (_, k) => client.publishAsync(`many/${i + k}`, '')))
    await client.publishAsync('end', '', { qos: 1 })
    await eventually('all', () => rig.taken.length === 30_001)
    await stillServes()
  })

  it('closes what comes over the limit of connections, and serves again when one has gone', async () => {
    rig = await startBroker({ options: { limits: { maxConnections: 3 } } })
    const first = await Promise.all([rig.client(), rig.client(), rig.client()])
    await expect(rig.client()).rejects.toThrow()
    await first[0].endAsync()
    await eventually('room', () => rig.metric('limen_mqtt_connections') === 2)
    await stillServes()
    expect(rig.metric('limen_mqtt_rejected_total', { reason: 'connections' })).toBe(1)
  })

  it('closes silent connections after the connect time-out', async () => {
    rig = await startBroker({ options: { limits: { connectTimeoutMs: 50 } } })
    const sockets: Socket[] = []
    for (let i = 0; i < 300; i++) sockets.push(connect(rig.port, '127.0.0.1').on('error', () => {}))
    for (const socket of sockets) if (!socket.closed) await once(socket.resume(), 'close')
    await eventually('all gone', () => rig.metric('limen_mqtt_connections') === 0)
    await stillServes()
  })

  it('a subscriber that stops reading holds up neither publishers nor others; QoS 0 to it is dropped beyond the bound, and it is cut in time', async () => {
    const clock = createFakeClock()
    rig = await startBroker({ clock, options: { limits: { maxBufferedBytes: 1024 * 1024 } } })
    const frozen = await openRaw(rig.port, { clientId: 'frozen' })
    await frozen.subscribe('#', 0)
    frozen.pause()
    const healthy = await rig.client()
    const received = inbox(healthy)
    await healthy.subscribeAsync('big', { qos: 1 })
    const publisher = await rig.client()
    const payload = 'x'.repeat(100_000)
    for (let i = 0; i < 200; i++) await publisher.publishAsync('big', payload, { qos: 1 })
    await eventually('the healthy one has all', () => received.length === 200)
    expect(rig.metric('limen_mqtt_dropped_total', { reason: 'slow' })).toBeGreaterThan(50)
    expect(rig.metric('limen_mqtt_cut_total')).toBe(0)
    await clock.advance(10_000)
    expect(rig.metric('limen_mqtt_cut_total', { reason: 'slow' })).toBe(1)
    frozen.resume()
    await eventually('closed', frozen.closed)
  })

  it('a subscriber that stops reading is cut by time, a kept one keeps what it is owed', async () => {
    const clock = createFakeClock()
    rig = await startBroker({ clock })
    const frozen = await openRaw(rig.port, { clientId: 'frozen', clean: false })
    await frozen.subscribe('big', 1)
    frozen.pause()
    const publisher = await rig.client()
    const payload = 'x'.repeat(100_000)
    for (let i = 0; i < 60; i++) await publisher.publishAsync('big', payload, { qos: 1 })
    await clock.advance(5_000)
    expect(rig.metric('limen_mqtt_cut_total')).toBe(0)
    await clock.advance(5_000)
    expect(rig.metric('limen_mqtt_cut_total', { reason: 'slow' })).toBe(1)
    await eventually('offline', () => rig.broker.sessions().some(({ clientId, connected, queuedMessages }) => clientId === 'frozen' && !connected && queuedMessages === 60))
  })

  it('a clean session that acknowledges nothing is cut when it is owed too much', async () => {
    rig = await startBroker({ options: { limits: { maxQueuedMessages: 50, maxInFlight: 10 } } })
    const mute = await openRaw(rig.port, { clientId: 'mute' })
    await mute.subscribe('a', 1)
    const publisher = await rig.client()
    for (let i = 0; i < 51; i++) await publisher.publishAsync('a', String(i), { qos: 1 })
    await eventually('closed', mute.closed)
    expect(mute.received.filter(({ cmd }) => cmd === 'publish')).toHaveLength(10)
    expect(rig.metric('limen_mqtt_owed_messages')).toBe(0)
  })

  it('10,000 QoS 2 messages without PUBREL are served; beyond the total the publisher is closed', async () => {
    rig = await startBroker({ options: { limits: { maxIncomingTotal: 10_000 } } })
    const client = await openRaw(rig.port, { clientId: 'two', clean: false })
    for (let messageId = 1; messageId <= 9_000; messageId++) client.send({ cmd: 'publish', topic: 'a', payload: 'x', qos: 2, messageId })
    await eventually('all', () => client.received.filter(({ cmd }) => cmd === 'pubrec').length === 9_000)
    for (let messageId = 9_001; messageId <= 12_000; messageId++) client.send({ cmd: 'publish', topic: 'a', payload: 'x', qos: 2, messageId })
    await eventually('closed', client.closed)
    expect(rig.metric('limen_mqtt_rejected_total', { reason: 'incoming-limit' })).toBeGreaterThan(0)
  })

  it('reads on while a chunk waits for its commit, up to the limit of what may wait', async () => {
    const store = createMemoryStore()
    rig = await startBroker({ store, options: { limits: { maxPendingMessages: 40 } } })
    const committing = setInterval(() => void store.commit(), 1)
    const hub = await openRaw(rig.port, { clientId: 'hub' })
    clearInterval(committing)
    const chunk = (from: number): void => hub.write(Buffer.concat(Array.from({ length: 20 }, (_, i) => Buffer.from(publish('devices/a/b', from + i)))))
    chunk(1)
    await eventually('the first chunk', () => rig.taken.length === 20)
    chunk(21)
    await eventually('the second chunk, nothing committed yet', () => rig.taken.length === 40)
    for (let from = 41; from < 401; from += 20) {
      chunk(from)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    expect(rig.taken.length).toBeLessThanOrEqual(80)
    await eventually('all in the end', async () => {
      await store.commit()
      return hub.received.filter(({ cmd }) => cmd === 'puback').length === 400
    })
    expect(hub.received.filter(({ cmd }) => cmd === 'puback').map(({ messageId }) => messageId)).toEqual(Array.from({ length: 400 }, (_, i) => i + 1))
  })
})

/** A PUBLISH of QoS 0, or of QoS 1 with a packet id. */
function publish(topic: string, messageId?: number): number[] {
  const name = Buffer.from(topic)
  const body = [name.length >> 8, name.length & 255, ...name, ...(messageId === undefined ? [] : [messageId >> 8, messageId & 255])]
  const length = body.length < 128 ? [body.length] : [(body.length & 127) | 128, body.length >> 7]
  return [messageId === undefined ? 0x30 : 0x32, ...length, ...body]
}
