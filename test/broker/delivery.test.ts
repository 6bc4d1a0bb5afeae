import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { inbox, startBroker } from '../support/broker.ts'
import type { BrokerRig } from '../support/broker.ts'
import { eventually } from '../support/eventually.ts'

describe('delivery between clients', () => {
  let rig: BrokerRig
  beforeEach(async () => {
    rig = await startBroker()
  })
  afterEach(() => rig.stop())

  it.each([
    [0, 0, 0], [0, 2, 0], [1, 0, 0], [1, 1, 1], [1, 2, 1], [2, 0, 0], [2, 1, 1], [2, 2, 2],
  ] as const)('QoS %i published to a wildcard subscription of QoS %i arrives once at QoS %i', async (published, subscribed, arriving) => {
    const subscriber = await rig.client()
    const publisher = await rig.client()
    const received = inbox(subscriber)
    await subscriber.subscribeAsync('a/+', { qos: subscribed })
    await publisher.publishAsync('a/b', 'first', { qos: published })
    await publisher.publishAsync('a/b', 'last', { qos: published })
    await eventually('both messages', () => received.length >= 2)
    expect(received.map(({ payload, qos, retain }) => [payload, qos, retain])).toEqual([['first', arriving, false], ['last', arriving, false]])
  })

  it('gives one copy at the highest QoS granted where subscriptions overlap', async () => {
    const subscriber = await rig.client()
    const received = inbox(subscriber)
    await subscriber.subscribeAsync({ 'x/#': { qos: 2 }, 'x/+': { qos: 1 }, '#': { qos: 0 }, 'x/y': { qos: 0 } })
    await subscriber.publishAsync('x/y', 'one', { qos: 2 })
    await subscriber.publishAsync('end', '', { qos: 1 })
    await eventually('the end', () => received.some(({ topic }) => topic === 'end'))
    expect(received.filter(({ topic }) => topic === 'x/y').map(({ qos }) => qos)).toEqual([2])
  })

  it('delivers every message once whatever QoS is mixed by how many publishers, in order per publisher and QoS', async () => {
    const subscribers = await Promise.all([0, 1, 2].map(async (qos) => {
      const client = await rig.client({ clean: qos !== 1, clientId: `subscriber-${qos}` })
      const received = inbox(client)
      await client.subscribeAsync({ 'mixed/#': { qos: qos as 0 | 1 | 2 }, 'mixed/+': { qos: 0 } })
      return received
    }))
    const levels = fc.sample(fc.array(fc.constantFrom(0 as const, 1 as const, 2 as const), { minLength: 300, maxLength: 300 }), 4)
    await Promise.all(levels.map(async (list, p) => {
      const publisher = await rig.client()
      await Promise.all(list.map((qos, i) => publisher.publishAsync(`mixed/${p}`, `${qos} ${i}`, { qos })))
    }))
    for (const received of subscribers) await eventually('1,200 messages', () => received.length >= 1_200)
    for (const received of subscribers) {
      expect(received.length).toBe(1_200)
      for (const [p, list] of levels.entries()) {
        for (const qos of [0, 1, 2]) {
          const wanted = list.flatMap((level, i) => (level === qos ? [`${qos} ${i}`] : []))
          expect(received.filter(({ topic, payload }) => topic === `mixed/${p}` && payload.startsWith(`${qos} `)).map(({ payload }) => payload)).toEqual(wanted)
        }
      }
    }
  })

  it('keeps what a publisher sent in order even if QoS 0 follows QoS 1', async () => {
    const subscriber = await rig.client()
    const received = inbox(subscriber)
    await subscriber.subscribeAsync('state', { qos: 1 })
    const publisher = await rig.client()
    const sent: string[] = []
    await Promise.all(Array.from({ length: 50 }, (_, i) => {
      sent.push(String(i))
      return publisher.publishAsync('state', String(i), { qos: i % 2 === 0 ? 1 : 0 })
    }))
    await eventually('all', () => received.length >= 50)
    expect(received.map(({ payload }) => payload)).toEqual(sent)
  })

  it('hands what came in to the door with topic, payload, retain and who sent it', async () => {
    const client = await rig.client()
    await client.publishAsync('devices/x/hr', '{"value":7}', { qos: 1, retain: true })
    expect(rig.taken).toEqual([
      { kind: 'publish', topic: 'devices/x/hr', payload: Buffer.from('{"value":7}'), retain: true, principal: { kind: 'trusted', name: 'loopback', role: 'admin' } },
    ])
  })

  it('passes a command to the door and not on to subscribers', async () => {
    const subscriber = await rig.client()
    const received = inbox(subscriber)
    await subscriber.subscribeAsync('#', { qos: 1 })
    await subscriber.publishAsync('devices/x/fan/set', 'ON', { qos: 1, retain: true })
    await subscriber.publishAsync('end', '', { qos: 1 })
    await eventually('the end', () => received.length > 0)
    expect(received.map(({ topic }) => topic)).toEqual(['end'])
    expect(rig.taken.map(({ topic }) => topic)).toEqual(['devices/x/fan/set', 'end'])
    expect(await rig.retained()).toEqual([])
  })

  it.each(['limen/alarms/x/y', '$SYS/uptime', '$share/a'])('acknowledges, drops and counts a publish to %s', async (topic) => {
    const subscriber = await rig.client()
    const received = inbox(subscriber)
    await subscriber.subscribeAsync('#')
    for (const qos of [0, 1, 2] as const) await subscriber.publishAsync(topic, 'x', { qos, retain: true })
    await subscriber.publishAsync('end', '')
    await eventually('the end', () => received.length > 0)
    expect(received.map((message) => message.topic)).toEqual(['end'])
    expect(rig.taken.map((input) => input.topic)).toEqual(['end'])
    expect(rig.metric('limen_mqtt_refused_total', { reason: 'publish-reserved' })).toBe(3)
  })

  it.each(['$SYS/#', '$share/group/a', '$share/group/#'])('refuses a subscription to %s with 0x80, its neighbours in the packet not', async (filter) => {
    const client = await rig.client({ clean: false, clientId: 'kept' })
    await expect(client.subscribeAsync({ 'a': { qos: 1 }, [filter]: { qos: 1 }, 'b/#': { qos: 2 } })).rejects.toThrow(/subscri/i)
    expect(rig.broker.sessions()).toMatchObject([{ clientId: 'kept', subscriptions: 2 }])
    expect((await rig.store.list('subscription')).map(([key]) => key)).toEqual(['kept/a', 'kept/b/#'])
  })

  it('sends nothing after UNSUBSCRIBE', async () => {
    for (const clean of [true, false]) {
      const client = await rig.client({ clean, clientId: `c${String(clean)}` })
      const received = inbox(client)
      await client.subscribeAsync(['a', 'end'], { qos: 1 })
      await client.unsubscribeAsync('a')
      await client.publishAsync('a', 'x', { qos: 1 })
      await client.publishAsync('end', 'x', { qos: 1 })
      await eventually('the end', () => received.length > 0)
      expect(received.map(({ topic }) => topic)).toEqual(['end'])
      await client.endAsync()
    }
  })

  it('says who is listening to a topic, `#` not counted', async () => {
    let changes = 0
    rig.broker.onChange(() => changes++)
    const monitor = await rig.client()
    await monitor.subscribeAsync('#')
    expect(rig.broker.covered('devices/x/fan/set')).toBe(false)
    const device = await rig.client()
    await device.subscribeAsync('devices/x/+/set')
    expect(rig.broker.covered('devices/x/fan/set')).toBe(true)
    expect(rig.broker.covered('devices/y/fan/set')).toBe(false)
    const before = changes
    await device.endAsync()
    await eventually('the device is gone', () => !rig.broker.covered('devices/x/fan/set'))
    expect(changes).toBeGreaterThan(before)
  })
})
