import mqtt from 'mqtt'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { inbox, startBroker } from '../support/broker.ts'
import type { BrokerRig } from '../support/broker.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { eventually } from '../support/eventually.ts'

describe('MQTT over WebSocket', () => {
  let rig: BrokerRig
  afterEach(() => rig.stop())

  it('serves clients beside TCP, with all QoS and large messages', async () => {
    rig = await startBroker({ options: { maxPacketSizeBytes: 1024 * 1024 } })
    const { url } = await rig.webSocket()
    const browser = await mqtt.connectAsync(url, { reconnectPeriod: 0 })
    const device = await rig.client()
    const [atBrowser, atDevice] = [inbox(browser), inbox(device)]
    await browser.subscribeAsync('to/browser', { qos: 2 })
    await device.subscribeAsync('to/device', { qos: 2 })
    const large = 'x'.repeat(900_000)
    for (const qos of [0, 1, 2] as const) {
      await browser.publishAsync('to/device', large, { qos })
      await device.publishAsync('to/browser', large, { qos })
    }
    await eventually('all', () => atBrowser.length === 3 && atDevice.length === 3)
    expect([...atBrowser, ...atDevice].every(({ payload }) => payload === large)).toBe(true)
    expect(atBrowser.map(({ qos }) => qos)).toEqual([0, 1, 2])
    await browser.endAsync()
    await eventually('gone', () => rig.metric('limen_mqtt_clients') === 1)
  })

  it('a burst of small messages arrives whole and in order', async () => {
    rig = await startBroker()
    const { url } = await rig.webSocket()
    const browser = await mqtt.connectAsync(url, { reconnectPeriod: 0 })
    const received = inbox(browser)
    await browser.subscribeAsync('n', { qos: 1 })
    const publisher = await rig.client()
    await Promise.all(Array.from({ length: 2_000 }, (_, i) => publisher.publishAsync('n', String(i), { qos: 1 })))
    await eventually('all', () => received.length === 2_000)
    expect(received.map(({ payload }) => Number(payload))).toEqual(Array.from({ length: 2_000 }, (_, i) => i))
    await browser.endAsync()
  })

  async function refusal(socket: WebSocket): Promise<number> {
    return new Promise((resolve, reject) => {
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0))
      socket.on('open', () => reject(new Error('it was let in')))
      socket.on('error', () => {})
    })
  }

  it('refuses a foreign origin with 403, no MQTT sub-protocol with 400, another path with 404', async () => {
    rig = await startBroker()
    const open = await rig.webSocket()
    const closed = await rig.webSocket({ allowOrigin: () => false })
    expect(await refusal(new WebSocket(closed.url, 'mqtt', { origin: 'https://evil.example' }))).toBe(403)
    expect(await refusal(new WebSocket(open.url))).toBe(400)
    expect(await refusal(new WebSocket(open.url, 'chat'))).toBe(400)
    expect(await refusal(new WebSocket(`${open.url}x`, 'mqtt'))).toBe(404)
    expect(rig.metric('limen_mqtt_rejected_total', { reason: 'websocket-403' })).toBe(1)
  })

  it.each<[string, string | Buffer]>([
    ['text', 'hello'],
    ['a message over the limit', Buffer.alloc(2_000_000, 0x10)],
    ['a packet that says it is 256 MB long', Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f])],
  ])('closes on %s and lives on', async (_what, data) => {
    rig = await startBroker()
    const { url } = await rig.webSocket()
    const socket = new WebSocket(url, 'mqtt')
    socket.on('error', () => {})
    await once(socket, 'open')
    socket.send(data)
    await once(socket, 'close')
    await eventually('gone', () => rig.metric('limen_mqtt_connections') === 0)
    await (await mqtt.connectAsync(url, { reconnectPeriod: 0 })).endAsync()
  })

  it('a browser that stops reading is cut', async () => {
    const clock = createFakeClock()
    rig = await startBroker({ clock, options: { limits: { maxBufferedBytes: 512 * 1024 } } })
    const { url } = await rig.webSocket()
    const browser = new WebSocket(url, 'mqtt')
    browser.on('error', () => {})
    await once(browser, 'open')
    browser.send(Buffer.from([0x10, 13, 0, 4, 77, 81, 84, 84, 4, 2, 0, 0, 0, 1, 97, 0x82, 6, 0, 1, 0, 1, 35, 0]))
    await eventually('subscribed', () => rig.broker.sessions().some(({ subscriptions }) => subscriptions === 1))
    browser.pause()
    const publisher = await rig.client()
    for (let i = 0; i < 300 && rig.metric('limen_mqtt_dropped_total') === 0; i++) await publisher.publishAsync('big', 'x'.repeat(100_000), { qos: 1 })
    await clock.advance(10_000)
    expect(rig.metric('limen_mqtt_cut_total', { reason: 'slow' })).toBe(1)
    browser.terminate()
  })

  it('a stop closes its connections and leaves the HTTP server alone', async () => {
    rig = await startBroker()
    const { url, server } = await rig.webSocket()
    const browser = await mqtt.connectAsync(url, { reconnectPeriod: 0 })
    const closed = new Promise<void>((resolve) => browser.once('close', () => resolve()))
    await rig.broker.stop()
    await closed
    expect([server.listening, server.listenerCount('upgrade')]).toEqual([true, 0])
  })
})
