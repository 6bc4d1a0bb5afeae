import { afterEach, describe, expect, it } from 'vitest'
import { inbox, startBroker } from '../support/broker.ts'
import type { BrokerRig } from '../support/broker.ts'
import { eventually } from '../support/eventually.ts'
import { createMemoryStore } from '../support/memory-store.ts'

describe('retained messages', () => {
  let rig: BrokerRig
  afterEach(() => rig.stop())

  async function retainedFor(filter: string, qos: 0 | 1 | 2 = 2): Promise<[string, string, number][]> {
    const client = await rig.client()
    const received = inbox(client)
    await client.subscribeAsync({ [filter]: { qos }, 'marker/end': { qos: 0 } })
    await client.publishAsync('marker/end', '')
    await eventually('the marker', () => received.some(({ topic }) => topic === 'marker/end'))
    // Retained messages come before or after live ones, so wait for both ways round.
    await client.publishAsync('marker/end', '', { qos: 1 })
    await eventually('the second marker', () => received.filter(({ topic }) => topic === 'marker/end').length >= 2)
    return received.filter(({ retain, topic }) => retain && topic !== 'limen/gateway/status').map(({ topic, payload, qos: level }) => [topic, payload, level])
  }

  it('come to new subscribers with the RETAIN flag, at the lower of both QoS, last value only', async () => {
    rig = await startBroker()
    const publisher = await rig.client()
    for (const qos of [0, 1, 2] as const) {
      await publisher.publishAsync(`r/${qos}`, 'old', { qos, retain: true })
      await publisher.publishAsync(`r/${qos}`, 'new', { qos, retain: true })
    }
    expect(await retainedFor('r/+')).toEqual([['r/0', 'new', 0], ['r/1', 'new', 1], ['r/2', 'new', 2]])
    expect(await retainedFor('r/2', 1)).toEqual([['r/2', 'new', 1]])
    expect(await retainedFor('#', 0)).toEqual([['r/0', 'new', 0], ['r/1', 'new', 0], ['r/2', 'new', 0]])
  })

  it('are cleared by an empty payload and not by a publish without the flag', async () => {
    rig = await startBroker()
    const publisher = await rig.client()
    await publisher.publishAsync('a', 'x', { qos: 1, retain: true })
    await publisher.publishAsync('b', 'y', { qos: 1, retain: true })
    await publisher.publishAsync('a', '', { qos: 1, retain: true })
    await publisher.publishAsync('b', '', { qos: 1 })
    expect(await retainedFor('#')).toEqual([['b', 'y', 1]])
    expect(await rig.retained()).toEqual(['b'])
  })

  it('are there again after a crash if they were acknowledged', async () => {
    rig = await startBroker()
    const publisher = await rig.client()
    await publisher.publishAsync('a', 'kept', { qos: 1, retain: true })
    const store = await rig.crash()
    rig = await startBroker({ store })
    expect(await retainedFor('#')).toEqual([['a', 'kept', 1]])
  })

  it('are seen by nobody before they are on disk, and not at all if they never were', async () => {
    const store = createMemoryStore()
    rig = await startBroker({ store })
    const publisher = await rig.client()
    const watcher = await rig.client()
    const received = inbox(watcher)
    await watcher.subscribeAsync('a', { qos: 1 })
    let acknowledged = false
    publisher.publish('a', 'lost', { qos: 1, retain: true }, (error) => {
      acknowledged = error === undefined || error === null
    })
    await eventually('it came in', () => rig.taken.length === 1)
    await watcher.unsubscribeAsync('a')
    await watcher.subscribeAsync('a', { qos: 1 })
    store.failNextCommit(new Error('disk full'))
    const closed = new Promise((resolve) => publisher.once('close', () => resolve(undefined)))
    await store.commit()
    await closed
    expect({ acknowledged, received, rows: await rig.retained() }).toEqual({ acknowledged: false, received: [], rows: [] })
    expect(rig.metric('limen_mqtt_retained_messages')).toBe(0)
  })

  it('are bounded in number and bytes; what is beyond is delivered, not retained, and counted; the gateway’s own always are', async () => {
    rig = await startBroker({ options: { limits: { maxRetained: 2, maxRetainedBytes: 50 } } })
    const publisher = await rig.client()
    await publisher.publishAsync('a', '1', { qos: 1, retain: true })
    await publisher.publishAsync('b', '1', { qos: 1, retain: true })
    await publisher.publishAsync('c', '1', { qos: 1, retain: true })
    await publisher.publishAsync('b', 'x'.repeat(60), { qos: 1, retain: true })
    await publisher.publishAsync('a', '2', { qos: 1, retain: true })
    rig.broker.announce({ topic: 'limen/alarms/x/y', payload: 'own', qos: 1, retain: true })
    await rig.store.commit()
    expect(await retainedFor('#')).toEqual([['a', '2', 1], ['b', '1', 1], ['limen/alarms/x/y', 'own', 1]])
    expect(rig.metric('limen_mqtt_dropped_total', { reason: 'retained-limit' })).toBe(2)
  })

  it('thousands come without overrunning the subscriber’s window', async () => {
    rig = await startBroker({ options: { limits: { maxInFlight: 10 } } })
    for (let i = 0; i < 3_000; i++) rig.broker.announce({ topic: `limen/alarms/${i}/x`, payload: String(i), qos: 1, retain: true })
    const client = await rig.client()
    const received = inbox(client)
    await client.subscribeAsync('limen/alarms/+/x', { qos: 1 })
    await eventually('all', () => received.length >= 3_000)
    expect(new Set(received.map(({ topic }) => topic)).size).toBe(3_000)
    expect(received.length).toBe(3_000)
  })
})
