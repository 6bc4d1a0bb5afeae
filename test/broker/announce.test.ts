import { afterEach, describe, expect, it } from 'vitest'
import { inbox, startBroker } from '../support/broker.ts'
import type { BrokerRig } from '../support/broker.ts'
import { eventually } from '../support/eventually.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { openRaw } from '../support/raw-mqtt.ts'

describe('what the gateway announces', () => {
  let rig: BrokerRig
  afterEach(() => rig.stop())

  it('is seen after the commit, in the order of the calls, and never if the commit fails', async () => {
    const store = createMemoryStore()
    rig = await startBroker({ store })
    const committing = setInterval(() => void store.commit(), 1)
    const watcher = await rig.client()
    const received = inbox(watcher)
    await watcher.subscribeAsync('limen/#', { qos: 1 })
    clearInterval(committing)
    for (const i of [1, 2, 3]) rig.broker.announce({ topic: `limen/events/${i}`, payload: 'x', qos: i === 2 ? 0 : 1, retain: i === 3 })
    await watcher.publishAsync('other', '')
    expect(received).toEqual([])
    await store.commit()
    await eventually('three', () => received.length === 3)
    expect(received.map(({ topic }) => topic)).toEqual(['limen/events/1', 'limen/events/2', 'limen/events/3'])
    rig.broker.announce({ topic: 'limen/events/lost', payload: 'x', qos: 1, retain: true })
    store.failNextCommit(new Error('disk full'))
    await store.commit()
    rig.broker.announce({ topic: 'limen/events/after', payload: 'x', qos: 1, retain: false })
    await store.commit()
    await eventually('the one after', () => received.length === 4)
    expect(received.at(-1)!.topic).toBe('limen/events/after')
    expect(await rig.retained()).toEqual(['limen/events/3'])
  })

  it('is owed to kept sessions in the same batch', async () => {
    rig = await startBroker()
    const kept = await rig.client({ clientId: 'kept', clean: false })
    await kept.subscribeAsync('limen/#', { qos: 1 })
    await kept.endAsync()
    rig.broker.announce({ topic: 'limen/events/x', payload: 'one', qos: 1, retain: false })
    await rig.store.commit()
    rig = await startBroker({ store: await rig.crash() })
    const back = await openRaw(rig.port, { clientId: 'kept', clean: false })
    expect((await back.next('publish')).payload?.toString()).toBe('one')
  })

  it('with an expiry is for who is there: not queued, not stored, not handed over again after it', async () => {
    const clock = createFakeClock()
    rig = await startBroker({ clock })
    const expiresAt = clock.wall() + 5_000
    const away = await rig.client({ clientId: 'away', clean: false })
    await away.subscribeAsync('devices/away/+/set', { qos: 1 })
    await away.endAsync()
    await eventually('away', () => rig.broker.sessions().some(({ connected }) => !connected))
    rig.broker.announce({ topic: 'devices/away/fan/set', payload: 'x', qos: 1, retain: false, expiresAt })
    expect(rig.broker.sessions()).toMatchObject([{ queuedMessages: 0 }])
    const device = await openRaw(rig.port, { clientId: 'here', clean: false })
    await device.subscribe('devices/here/+/set', 1)
    rig.broker.announce({ topic: 'devices/here/fan/set', payload: 'x', qos: 1, retain: false, expiresAt })
    const first = await device.next('publish')
    expect(await rig.store.list('queue')).toEqual([])
    device.destroy()
    // Back before it expires: the same packet again.
    const again = await openRaw(rig.port, { clientId: 'here', clean: false })
    expect(await again.next('publish')).toMatchObject({ messageId: first.messageId, dup: true })
    again.destroy()
    await eventually('gone', () => rig.broker.sessions().every(({ connected }) => !connected))
    await clock.advance(6_000)
    const late = await openRaw(rig.port, { clientId: 'here', clean: false })
    await late.subscribe('end', 0)
    rig.broker.announce({ topic: 'end', payload: '', qos: 0, retain: false })
    await late.next('publish')
    expect(late.received.filter(({ cmd }) => cmd === 'publish').map(({ topic }) => topic)).toEqual(['end'])
    expect(rig.metric('limen_mqtt_dropped_total', { reason: 'expired' })).toBe(1)
  })

  it('a command is not handed over before it is on disk, whatever else is', async () => {
    const store = createMemoryStore()
    rig = await startBroker({ store })
    const committing = setInterval(() => void store.commit(), 1)
    const device = await openRaw(rig.port, { clientId: 'd', clean: false })
    await device.subscribe('#', 1)
    await eventually('nothing is owed', async () => {
      for (const { messageId, cmd } of device.received) if (cmd === 'publish') device.send({ cmd: 'puback', messageId })
      return rig.metric('limen_mqtt_owed_messages') === 0
    })
    clearInterval(committing)
    const before = device.received.length
    rig.broker.announce({ topic: 'devices/d/fan/set', payload: 'x', qos: 1, retain: false, expiresAt: Infinity })
    device.send({ cmd: 'publish', topic: 'other', payload: 'q0', qos: 0 })
    device.send({ cmd: 'pingreq' })
    await device.next('pingresp')
    expect(device.received.slice(before).filter(({ topic }) => topic?.startsWith('devices/'))).toEqual([])
    await store.commit()
    await eventually('the command', () => device.received.some(({ topic }) => topic === 'devices/d/fan/set'))
  })

  it('ends with a retained offline on a clean stop, seen by who is connected', async () => {
    rig = await startBroker()
    rig.broker.announce({ topic: 'limen/gateway/status', payload: 'online', qos: 1, retain: true })
    const watcher = await openRaw(rig.port, { clientId: 'w' })
    await watcher.subscribe('limen/gateway/status', 1)
    expect((await watcher.next('publish')).payload?.toString()).toBe('online')
    await rig.broker.stop()
    expect((await watcher.next('publish')).payload?.toString()).toBe('offline')
    await eventually('closed', watcher.closed)
    const [[, row]] = (await rig.store.list('retained')) as [[string, Uint8Array]]
    expect(Buffer.from(row).subarray(1).toString()).toBe('offline')
  })

  it('a stop acknowledges what it took, takes nothing more, and may be called twice', async () => {
    const store = createMemoryStore()
    rig = await startBroker({ store })
    const committing = setInterval(() => void store.commit(), 1)
    const client = await openRaw(rig.port, { clientId: 'c' })
    clearInterval(committing)
    client.send({ cmd: 'publish', topic: 'a', payload: 'x', qos: 1, messageId: 5 })
    await eventually('it came in', () => rig.taken.length === 1)
    const stopping = rig.broker.stop()
    client.send({ cmd: 'publish', topic: 'a', payload: 'y', qos: 1, messageId: 6 })
    await store.commit()
    expect(await client.next('puback')).toMatchObject({ messageId: 5 })
    await eventually('closed', client.closed)
    await store.commit()
    await stopping
    await rig.broker.stop()
    expect(rig.taken.length).toBe(1)
  })
})
