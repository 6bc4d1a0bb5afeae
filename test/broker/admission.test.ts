import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { inbox, startBroker } from '../support/broker.ts'
import type { BrokerRig } from '../support/broker.ts'
import { eventually } from '../support/eventually.ts'
import { openRaw } from '../support/raw-mqtt.ts'

describe('admission on trusted loopback', () => {
  let rig: BrokerRig
  beforeEach(async () => {
    rig = await startBroker()
  })
  afterEach(() => rig.stop())

  it('refuses an empty client id with clean session = 0 with return code 2, takes it with 1', async () => {
    const refused = await openRaw(rig.port, { connect: null })
    refused.write(Buffer.from([0x10, 12, 0, 4, 77, 81, 84, 84, 4, 0, 0, 0, 0, 0]))
    expect(await refused.next('connack')).toMatchObject({ returnCode: 2 })
    await eventually('closed', refused.closed)
    expect(await (await openRaw(rig.port, { clientId: '', clean: true })).next('connack')).toMatchObject({ returnCode: 0, sessionPresent: false })
  })

  it('serves a client whose CONNECT comes in pieces, as slow networks and WebSocket clients send it', async () => {
    const bytes = Buffer.from([0x10, 15, 0, 4, 77, 81, 84, 84, 4, 2, 0, 0, 0, 3, 97, 98, 99])
    for (let cut = 1; cut < bytes.length; cut++) {
      const client = await openRaw(rig.port, { connect: null })
      client.write(bytes.subarray(0, cut))
      // Several turns, so that the first piece is read by itself.
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
      client.write(bytes.subarray(cut))
      expect(await client.next('connack')).toMatchObject({ returnCode: 0 })
      client.destroy()
    }
  })

  it.each([['too long', 'x'.repeat(300)], ['with NUL', 'a\u0000b']])('refuses a client id %s with return code 2', async (_what, clientId) => {
    expect(await (await openRaw(rig.port, { clientId })).next('connack')).toMatchObject({ returnCode: 2 })
  })

  it.each(['__proto__', 'constructor', '../../etc/passwd', 'a/b+c#%', 'ü 😀'])('serves a client called %j, kept over a restart', async (clientId) => {
    const client = await rig.client({ clientId, clean: false })
    await client.subscribeAsync('to/it', { qos: 1 })
    await client.endAsync()
    await (await rig.client()).publishAsync('to/it', 'x', { qos: 1 })
    rig = await startBroker({ store: await rig.crash() })
    const back = await openRaw(rig.port, { clientId, clean: false })
    expect(await back.next('connack')).toMatchObject({ sessionPresent: true })
    expect((await back.next('publish')).topic).toBe('to/it')
  })

  it.each(['limen/x', 'a/+', '#', '$SYS/x'])('refuses a will on %s at CONNECT', async (topic) => {
    const client = await openRaw(rig.port, { clientId: 'w', will: { topic, payload: Buffer.from('x'), qos: 1, retain: false } })
    expect(await client.next('connack')).toMatchObject({ returnCode: 5 })
    expect(rig.metric('limen_mqtt_rejected_total', { reason: 'will' })).toBe(1)
  })

  it('takes a session over, closing the former connection, a hundred times in a row', async () => {
    const clients = []
    for (let i = 0; i < 100; i++) clients.push(await openRaw(rig.port, { clientId: 'same', clean: i % 3 === 0 }))
    for (const client of clients.slice(0, -1)) await eventually('closed', client.closed)
    const last = clients.at(-1)!
    await last.subscribe('a', 1)
    await (await rig.client()).publishAsync('a', 'x', { qos: 1 })
    await last.next('publish')
    expect(rig.broker.sessions().filter(({ clientId }) => clientId === 'same')).toHaveLength(1)
    expect(rig.metric('limen_mqtt_clients')).toBe(2)
  })

  it('survives takeovers that come all at once', async () => {
    const clients = await Promise.all(Array.from({ length: 60 }, (_, i) => openRaw(rig.port, { clientId: 'same', clean: i % 2 === 0 })))
    for (const client of clients.slice(0, 20)) client.destroy()
    const last = await openRaw(rig.port, { clientId: 'same', clean: true })
    for (const client of clients) await eventually('closed', client.closed)
    await last.subscribe('a', 1)
    await (await rig.client()).publishAsync('a', 'x', { qos: 1 })
    await last.next('publish')
    expect(rig.metric('limen_mqtt_clients')).toBe(2)
  })
})

describe('admission with a login', () => {
  let rig: BrokerRig
  beforeEach(async () => {
    rig = await startBroker({ options: { loopbackTrusted: false } })
    const { logins } = rig.authenticator
    logins.set('pump', { password: 'p', principal: { kind: 'device', name: 'pump', device: 'pump' } })
    logins.set('fan', { password: 'f', principal: { kind: 'device', name: 'fan', device: 'fan' } })
    logins.set('wide', { password: 'w', principal: { kind: 'device', name: 'wide', device: '+' } })
    logins.set('eve', { password: 'e', principal: { kind: 'user', name: 'eve', role: 'viewer' } })
    logins.set('ann', { password: 'a', principal: { kind: 'user', name: 'ann', role: 'operator' } })
  })
  afterEach(() => rig.stop())

  it.each([[undefined, undefined, 5], ['pump', 'wrong', 4], ['nobody', 'p', 4]])('refuses %s / %s with return code %i', async (username, password, code) => {
    await expect(rig.client({ ...(username === undefined ? {} : { username, password }) })).rejects.toMatchObject({ code })
    expect(rig.metric('limen_mqtt_rejected_total', { reason: 'login' })).toBe(1)
  })

  it('a device publishes under its own id and subscribes to its own commands, nothing else', async () => {
    const pump = await rig.client({ username: 'pump', password: 'p' })
    await pump.publishAsync('devices/pump/flow', '1', { qos: 1 })
    for (const topic of ['devices/fan/speed', 'devices/pump/valve/set', 'events/x', 'devices/pumpx/a']) await pump.publishAsync(topic, '1', { qos: 1 })
    expect(rig.taken.map(({ topic }) => topic)).toEqual(['devices/pump/flow'])
    await pump.subscribeAsync('devices/pump/+/set', { qos: 1 })
    for (const filter of ['#', 'devices/#', 'devices/pump/#', 'devices/fan/+/set', 'limen/#']) await expect(pump.subscribeAsync(filter)).rejects.toThrow(/subscri/i)
    expect(rig.metric('limen_mqtt_refused_total', { reason: 'publish' })).toBe(3)
    expect(rig.metric('limen_mqtt_refused_total', { reason: 'publish-command' })).toBe(1)
    expect(rig.metric('limen_mqtt_refused_total', { reason: 'subscribe' })).toBe(5)
  })

  it('an id that is a wildcard is granted nothing', async () => {
    const wide = await rig.client({ username: 'wide', password: 'w' })
    await wide.publishAsync('devices/x/y', '1', { qos: 1 })
    expect(rig.taken).toEqual([])
    await expect(wide.subscribeAsync('devices/+/+/set')).rejects.toThrow(/subscri/i)
  })

  it('a viewer reads limen/# and devices/# and publishes nothing; an operator gives commands', async () => {
    const eve = await rig.client({ username: 'eve', password: 'e' })
    await eve.subscribeAsync(['limen/#', 'devices/#'])
    await expect(eve.subscribeAsync('#')).rejects.toThrow(/subscri/i)
    await eve.publishAsync('devices/fan/speed/set', '1', { qos: 1 })
    const ann = await rig.client({ username: 'ann', password: 'a' })
    await ann.publishAsync('devices/fan/speed/set', '2', { qos: 1 })
    expect(rig.taken.map(({ principal, payload }) => [principal.name, Buffer.from(payload).toString()])).toEqual([['ann', '2']])
  })

  it('refuses a will outside what the device may publish', async () => {
    await expect(rig.client({ username: 'pump', password: 'p', will: { topic: 'devices/fan/status', payload: Buffer.from('offline'), qos: 1, retain: true } }))
      .rejects.toMatchObject({ code: 5 })
  })

  it('a client id belongs to who used it: others are refused while it lives or is kept', async () => {
    const pump = await rig.client({ username: 'pump', password: 'p', clientId: 'id' })
    await expect(rig.client({ username: 'fan', password: 'f', clientId: 'id' })).rejects.toMatchObject({ code: 5 })
    expect(pump.connected).toBe(true)
    await pump.endAsync()
    await eventually('free again', () => rig.broker.sessions().length === 0)
    const kept = await rig.client({ username: 'fan', password: 'f', clientId: 'id', clean: false })
    await kept.endAsync()
    await expect(rig.client({ username: 'pump', password: 'p', clientId: 'id' })).rejects.toMatchObject({ code: 5 })
    rig = await startBroker({ store: await rig.crash(), options: { loopbackTrusted: false }, authenticator: rig.authenticator })
    await expect(rig.client({ username: 'pump', password: 'p', clientId: 'id' })).rejects.toMatchObject({ code: 5 })
    expect(rig.metric('limen_mqtt_rejected_total', { reason: 'client-id-taken' })).toBe(1)
  })

  it('what was kept on trusted loopback is given up for who logs in later', async () => {
    const trusted = await startBroker()
    const client = await trusted.client({ clientId: 'id', clean: false })
    await client.subscribeAsync('secret', { qos: 1 })
    await client.endAsync()
    await (await trusted.client()).publishAsync('secret', 'x', { qos: 1 })
    rig = await startBroker({ store: await trusted.crash(), options: { loopbackTrusted: false }, authenticator: rig.authenticator })
    const pump = await rig.client({ username: 'pump', password: 'p', clientId: 'id', clean: false })
    expect(rig.broker.sessions()).toMatchObject([{ clientId: 'id', principal: 'pump', subscriptions: 0, queuedMessages: 0 }])
    expect(await rig.store.list('queue')).toEqual([])
    await pump.endAsync()
  })

  it('a revoked credential cuts its connections at once and gives up what was kept for it', async () => {
    const away = await rig.client({ username: 'pump', password: 'p', clientId: 'away', clean: false })
    await away.endAsync()
    const pump = await rig.client({ username: 'pump', password: 'p' })
    const fan = await rig.client({ username: 'fan', password: 'f' })
    const closed = new Promise<void>((resolve) => pump.once('close', () => resolve()))
    rig.authenticator.logins.delete('pump')
    rig.authenticator.change()
    await closed
    expect(fan.connected).toBe(true)
    expect(rig.broker.sessions().map(({ principal }) => principal)).toEqual(['fan'])
    expect(rig.metric('limen_mqtt_cut_total', { reason: 'revoked' })).toBe(1)
  })

  it('a kept session whose owner lost rights comes back without what it may no longer receive', async () => {
    const ann = await rig.client({ username: 'ann', password: 'a', clientId: 'desk', clean: false })
    await ann.subscribeAsync(['#', 'limen/#'], { qos: 1 })
    await ann.endAsync()
    await (await rig.client({ username: 'pump', password: 'p' })).publishAsync('devices/pump/x', '1', { qos: 1 })
    const other = await rig.client({ username: 'ann', password: 'a' })
    await other.publishAsync('secret', '1', { qos: 1 })
    rig.broker.announce({ topic: 'limen/events/x', payload: 'e', qos: 1, retain: false })
    await rig.store.commit()
    rig.authenticator.logins.set('ann', { password: 'a', principal: { kind: 'user', name: 'ann', role: 'viewer' } })
    const back = await rig.client({ username: 'ann', password: 'a', clientId: 'desk', clean: false })
    const received = inbox(back)
    expect(rig.broker.sessions().find(({ clientId }) => clientId === 'desk')).toMatchObject({ subscriptions: 1 })
    expect(rig.metric('limen_mqtt_dropped_total', { reason: 'no-longer-allowed' })).toBe(1)
    rig.broker.announce({ topic: 'limen/events/y', payload: 'f', qos: 1, retain: false })
    await eventually('the second event', () => received.some(({ payload }) => payload === 'f'))
    expect(received.map(({ topic }) => topic)).not.toContain('secret')
  })
})
