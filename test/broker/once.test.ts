import { afterEach, describe, expect, it } from 'vitest'
import type { Inbound } from '../../gateway/kernel/contracts.ts'
import { startBroker } from '../support/broker.ts'
import type { BrokerRig } from '../support/broker.ts'
import { eventually } from '../support/eventually.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import type { MemoryStore } from '../support/memory-store.ts'
import { openRaw } from '../support/raw-mqtt.ts'
import type { RawMqtt } from '../support/raw-mqtt.ts'

const device = { clientId: 'pump', clean: false } as const

async function inboundOf(store: MemoryStore): Promise<Inbound[]> {
  const all: Inbound[] = []
  for await (const { inbound } of store.recent({ maxReadings: Infinity, sinceWallMs: 0 })) all.push(...inbound)
  return all
}

describe('once, though sent twice', () => {
  let rig: BrokerRig
  afterEach(() => rig.stop())

  const publish = (client: RawMqtt, fields: { messageId: number; payload: string; qos?: 1 | 2; dup?: boolean; topic?: string }): void =>
    client.send({ cmd: 'publish', topic: 'devices/pump/flow', qos: 1, retain: false, dup: false, ...fields })
  const payloads = (): string[] => rig.taken.map(({ payload }) => Buffer.from(payload).toString())

  /** Publishes `sent`, commits them, and the process dies before a PUBACK; then it is back. */
  async function crashBeforePuback(sent: { messageId: number; payload: string; qos?: 1 | 2 }[]): Promise<RawMqtt> {
    const store = createMemoryStore()
    rig = await startBroker({ store })
    const connecting = openRaw(rig.port, device)
    await eventually('the session is in a batch', async () => {
      await store.commit()
      return rig.broker.sessions().some(({ connected }) => connected)
    })
    const client = await connecting
    for (const message of sent) publish(client, message)
    await eventually('they came in', () => rig.taken.length === sent.length)
    // Committed, but nobody hears of it.
    client.pause()
    await store.commit()
    const after = await rig.crash()
    rig = await startBroker({ store: reopen(after), inbound: await inboundOf(after) })
    return openRaw(rig.port, device)
  }

  /** The same content in a store that commits by itself. */
  function reopen(store: MemoryStore): MemoryStore {
    setInterval(() => void store.commit(), 1).unref()
    return store
  }

  it('QoS 1 with DUP=1 is acknowledged and not taken again after a crash', async () => {
    const client = await crashBeforePuback([{ messageId: 7, payload: '1' }, { messageId: 8, payload: '2' }])
    publish(client, { messageId: 7, payload: '1', dup: true })
    publish(client, { messageId: 8, payload: '2', dup: true })
    publish(client, { messageId: 9, payload: '3' })
    expect([await client.next('puback'), await client.next('puback'), await client.next('puback')].map(({ messageId }) => messageId)).toEqual([7, 8, 9])
    expect(payloads()).toEqual(['3'])
    expect(rig.metric('limen_mqtt_duplicates_total', { qos: '1' })).toBe(2)
  })

  it('QoS 1 with DUP=0 as the first messages of a kept session is known too, and a new message ends that', async () => {
    const client = await crashBeforePuback([{ messageId: 7, payload: '1' }, { messageId: 8, payload: '2' }])
    publish(client, { messageId: 7, payload: '1' })
    publish(client, { messageId: 9, payload: 'new' })
    publish(client, { messageId: 8, payload: '2' })
    for (let i = 0; i < 3; i++) await client.next('puback')
    expect(payloads()).toEqual(['new', '2'])
  })

  it('another payload or packet id is another message, DUP or not', async () => {
    const client = await crashBeforePuback([{ messageId: 7, payload: '1' }])
    publish(client, { messageId: 7, payload: '2', dup: true })
    publish(client, { messageId: 8, payload: '1', dup: true })
    for (let i = 0; i < 2; i++) await client.next('puback')
    expect(payloads()).toEqual(['2', '1'])
  })

  it('what was acknowledged is not remembered: the same again is a new message', async () => {
    rig = await startBroker()
    const client = await openRaw(rig.port, device)
    publish(client, { messageId: 7, payload: 'ON' })
    await client.next('puback')
    await new Promise((resolve) => setImmediate(resolve))
    publish(client, { messageId: 7, payload: 'ON', dup: true })
    await client.next('puback')
    expect(payloads()).toEqual(['ON', 'ON'])
  })

  it('a message with an identity of its own is left to those who know it, and a status may always come again', async () => {
    rig = await startBroker()
    const client = await openRaw(rig.port, device)
    publish(client, { messageId: 7, payload: '{"value":1,"ts":5}' })
    publish(client, { messageId: 8, payload: 'online', topic: 'devices/pump/status' })
    publish(client, { messageId: 9, payload: '5' })
    for (let i = 0; i < 3; i++) await client.next('puback')
    expect((await inboundOf(rig.store)).map(({ messageId }) => messageId)).toEqual([9])
  })

  it.each([1, 2] as const)('a resend of QoS %i waits for the commit of its first copy', async (qos) => {
    const store = createMemoryStore()
    rig = await startBroker({ store })
    const committing = setInterval(() => void store.commit(), 1)
    const first = await openRaw(rig.port, device)
    clearInterval(committing)
    publish(first, { messageId: 7, payload: '1', qos })
    await eventually('it came in', () => rig.taken.length === 1)
    first.destroy()
    const connecting = openRaw(rig.port, device)
    const second = await connecting
    publish(second, { messageId: 7, payload: '1', qos, dup: true })
    await eventually('the resend came in', () => rig.metric('limen_mqtt_duplicates_total') === 1)
    const answer = qos === 1 ? 'puback' : 'pubrec'
    expect(second.seen(answer)).toBe(false)
    await store.commit()
    expect(await second.next(answer)).toMatchObject({ messageId: 7 })
    expect(payloads()).toEqual(['1'])
  })

  it('a resend of what could not be stored is taken as new', async () => {
    const store = createMemoryStore({ auto: true })
    rig = await startBroker({ store })
    const first = await openRaw(rig.port, device)
    store.failNextCommit(new Error('disk full'))
    publish(first, { messageId: 7, payload: '1' })
    await eventually('closed', first.closed)
    expect(first.seen('puback')).toBe(false)
    const second = await openRaw(rig.port, device)
    publish(second, { messageId: 7, payload: '1', dup: true })
    await second.next('puback')
    expect(payloads()).toEqual(['1', '1'])
  })

  it('QoS 2 is taken once until PUBREL, over a crash too, and answered PUBREC each time', async () => {
    const client = await crashBeforePuback([{ messageId: 7, payload: '1', qos: 2 }])
    for (let i = 0; i < 3; i++) {
      publish(client, { messageId: 7, payload: '1', qos: 2, dup: true })
      expect(await client.next('pubrec')).toMatchObject({ messageId: 7 })
    }
    expect(payloads()).toEqual([])
    client.send({ cmd: 'pubrel', messageId: 7 })
    await client.next('pubcomp')
    expect(await rig.store.list('incoming')).toEqual([])
    publish(client, { messageId: 7, payload: '1', qos: 2 })
    await client.next('pubrec')
    expect(payloads()).toEqual(['1'])
  })

  it('a QoS 2 id that was never released but comes with another message is a new one', async () => {
    rig = await startBroker()
    const client = await openRaw(rig.port, device)
    publish(client, { messageId: 7, payload: '1', qos: 2 })
    await client.next('pubrec')
    publish(client, { messageId: 7, payload: '2', qos: 2 })
    await client.next('pubrec')
    expect(payloads()).toEqual(['1', '2'])
  })

  it('PUBCOMP comes only once the id’s deletion is on disk, however often PUBREL is sent', async () => {
    const store = createMemoryStore()
    rig = await startBroker({ store })
    const committing = setInterval(() => void store.commit(), 1)
    const client = await openRaw(rig.port, device)
    publish(client, { messageId: 7, payload: '1', qos: 2 })
    await client.next('pubrec')
    clearInterval(committing)
    client.send({ cmd: 'pubrel', messageId: 7 })
    client.send({ cmd: 'pubrel', messageId: 7 })
    client.send({ cmd: 'pingreq' })
    await client.next('pingresp')
    expect(client.seen('pubcomp')).toBe(false)
    await store.commit()
    await client.next('pubcomp')
    await client.next('pubcomp')
    client.send({ cmd: 'pubrel', messageId: 99 })
    expect(await client.next('pubcomp')).toMatchObject({ messageId: 99 })
  })

  it('acknowledges in the order of arrival, refused and repeated messages among them', async () => {
    const store = createMemoryStore()
    rig = await startBroker({ store })
    const committing = setInterval(() => void store.commit(), 1)
    const client = await openRaw(rig.port, device)
    clearInterval(committing)
    publish(client, { messageId: 1, payload: 'a' })
    publish(client, { messageId: 2, payload: 'x', topic: 'limen/forbidden' })
    publish(client, { messageId: 3, payload: 'b' })
    publish(client, { messageId: 3, payload: 'b', dup: true })
    publish(client, { messageId: 4, payload: 'x', topic: 'limen/forbidden' })
    client.send({ cmd: 'pingreq' })
    await client.next('pingresp')
    expect(client.seen('puback')).toBe(false)
    await store.commit()
    await eventually('all', () => client.received.filter(({ cmd }) => cmd === 'puback').length === 5)
    expect(client.received.filter(({ cmd }) => cmd === 'puback').map(({ messageId }) => messageId)).toEqual([1, 2, 3, 3, 4])
    expect(payloads()).toEqual(['a', 'b'])
  })

  it('QoS 0 waits for no disk', async () => {
    const store = createMemoryStore()
    rig = await startBroker({ store })
    const committing = setInterval(() => void store.commit(), 1)
    const subscriber = await openRaw(rig.port, { clientId: 's' })
    await subscriber.subscribe('devices/#', 0)
    const client = await openRaw(rig.port, device)
    clearInterval(committing)
    client.send({ cmd: 'publish', topic: 'devices/pump/flow', qos: 0, payload: '1', retain: false, dup: false })
    expect(await subscriber.next('publish')).toMatchObject({ topic: 'devices/pump/flow', qos: 0 })
  })
})
