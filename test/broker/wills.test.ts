import { afterEach, describe, expect, it } from 'vitest'
import { inbox, startBroker } from '../support/broker.ts'
import type { BrokerRig } from '../support/broker.ts'
import { eventually } from '../support/eventually.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { openRaw } from '../support/raw-mqtt.ts'

const will = (topic: string, payload = 'gone'): object => ({ topic, payload: Buffer.from(payload), qos: 1, retain: true })

describe('last wills', () => {
  let rig: BrokerRig
  afterEach(() => rig.stop())
  const wills = async (): Promise<number> => (await rig.store.list('will')).length
  const payloads = (): string[] => rig.taken.map(({ payload }) => Buffer.from(payload).toString())

  it('fire when the connection breaks: through the door, to subscribers, retained; and are gone from the store', async () => {
    rig = await startBroker()
    const watcher = await rig.client()
    const received = inbox(watcher)
    await watcher.subscribeAsync('devices/+/status', { qos: 1 })
    const device = await openRaw(rig.port, { clientId: 'd', will: will('devices/d/status') })
    expect(await wills()).toBe(1)
    device.destroy()
    await eventually('the will', () => received.length === 1)
    expect(received).toMatchObject([{ topic: 'devices/d/status', payload: 'gone', qos: 1 }])
    expect(rig.taken).toMatchObject([{ topic: 'devices/d/status', retain: true }])
    expect([await wills(), (await rig.retained()).length]).toEqual([0, 1])
  })

  it('do not fire after DISCONNECT', async () => {
    rig = await startBroker()
    const device = await openRaw(rig.port, { clientId: 'd', will: will('devices/d/status') })
    device.send({ cmd: 'disconnect' })
    await eventually('it is gone from the store', async () => (await wills()) === 0)
    expect(rig.taken).toEqual([])
  })

  it('fire at the next start if the gateway died first, once', async () => {
    rig = await startBroker()
    await openRaw(rig.port, { clientId: 'a', will: will('devices/a/status') })
    await openRaw(rig.port, { clientId: 'b', clean: false, will: will('devices/b/status') })
    rig = await startBroker({ store: await rig.crash() })
    await eventually('both fired', async () => rig.taken.length === 2 && (await wills()) === 0)
    expect(rig.taken.map(({ topic }) => topic).sort()).toEqual(['devices/a/status', 'devices/b/status'])
    rig = await startBroker({ store: await rig.crash() })
    expect(rig.taken).toEqual([])
  })

  it('of a taken over connection fires, and the new connection’s will stays stored', async () => {
    rig = await startBroker()
    await openRaw(rig.port, { clientId: 'd', will: will('devices/d/status', 'first') })
    const second = await openRaw(rig.port, { clientId: 'd', will: will('devices/d/status', 'second') })
    await eventually('the first fired', () => rig.taken.length === 1)
    expect([payloads(), await wills()]).toEqual([['first'], 1])
    rig = await startBroker({ store: await rig.crash() })
    await eventually('the second fired', () => rig.taken.length === 1)
    expect(payloads()).toEqual(['second'])
    second.destroy()
  })

  it('stay to fire at the next start if the store could not take them', async () => {
    rig = await startBroker()
    const device = await openRaw(rig.port, { clientId: 'd', will: will('devices/d/status') })
    rig.store.failNextCommit(new Error('disk full'))
    device.destroy()
    await eventually('it failed', () => rig.metric('limen_mqtt_failures_total', { reason: 'will' }) === 1)
    rig = await startBroker({ store: await rig.crash() })
    await eventually('it fired', () => rig.taken.length === 1)
  })

  it('are tried again a second later if the store could not take them', async () => {
    const clock = createFakeClock()
    rig = await startBroker({ clock })
    const device = await openRaw(rig.port, { clientId: 'd', will: will('devices/d/status') })
    rig.store.failNextCommit(new Error('disk full'))
    device.destroy()
    await eventually('it failed', () => rig.metric('limen_mqtt_failures_total', { reason: 'will' }) === 1)
    await clock.advance(1_000)
    await eventually('it is on disk', async () => (await wills()) === 0)
    expect(await rig.retained()).toEqual(['devices/d/status'])
  })

  it('fire when the gateway stops, before it has stopped', async () => {
    rig = await startBroker()
    await openRaw(rig.port, { clientId: 'd', will: will('devices/d/status') })
    await rig.broker.stop()
    expect([rig.taken.length, await wills()]).toEqual([1, 0])
    expect(await rig.retained()).toEqual(['devices/d/status'])
  })
})
