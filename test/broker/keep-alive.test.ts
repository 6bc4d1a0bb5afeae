import { afterEach, describe, expect, it } from 'vitest'
import { startBroker } from '../support/broker.ts'
import type { BrokerRig } from '../support/broker.ts'
import { eventually } from '../support/eventually.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { openRaw } from '../support/raw-mqtt.ts'

describe('keep alive', () => {
  let rig: BrokerRig
  afterEach(() => rig.stop())

  it('cuts who is silent for one and a half times what it said, and fires its will; a PINGREQ is enough', async () => {
    const clock = createFakeClock()
    rig = await startBroker({ clock })
    const will = { topic: 'devices/d/status', payload: Buffer.from('offline'), qos: 1, retain: false }
    const silent = await openRaw(rig.port, { clientId: 'silent', keepalive: 10, will })
    const pinging = await openRaw(rig.port, { clientId: 'pinging', keepalive: 10 })
    const without = await openRaw(rig.port, { clientId: 'without' })
    await clock.advance(14_000)
    pinging.send({ cmd: 'pingreq' })
    await pinging.next('pingresp')
    expect(silent.closed()).toBe(false)
    await clock.advance(3_000)
    await eventually('cut', silent.closed)
    await eventually('the will', () => rig.taken.length === 1)
    expect([pinging.closed(), without.closed()]).toEqual([false, false])
    expect(rig.metric('limen_mqtt_cut_total', { reason: 'keepalive' })).toBe(1)
  })

  it('cuts nobody for time in which this process itself stood still', async () => {
    let stoppedMs = 0
    const clock = createFakeClock()
    const stalling = { ...clock, monotonic: () => clock.monotonic() + stoppedMs }
    rig = await startBroker({ clock: stalling })
    const client = await openRaw(rig.port, { clientId: 'c', keepalive: 10 })
    await clock.advance(5_000)
    stoppedMs = 60_000
    await clock.advance(5_000)
    expect(client.closed()).toBe(false)
    await clock.advance(12_000)
    await eventually('cut in the end', client.closed)
  })
})
