import { connect } from 'mqtt'
import { afterEach, describe, expect, it } from 'vitest'
import { createCounters } from '../../devices-sim/counters.ts'
import { createLink } from '../../devices-sim/link.ts'
import type { Link } from '../../devices-sim/link.ts'
import { startBareBroker } from '../support/bare-broker.ts'
import type { BareBroker } from '../support/bare-broker.ts'
import { eventually } from '../support/eventually.ts'

describe('the link of a simulated device', () => {
  const cleanUps: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp()
  })

  async function broker(port?: number): Promise<BareBroker> {
    const started = await startBareBroker(port)
    cleanUps.push(() => started.stop())
    return started
  }

  function link(url: string, commandFilters: string[] = []): { link: Link; counters: ReturnType<typeof createCounters>; commands: string[] } {
    const counters = createCounters()
    const commands: string[] = []
    const made = createLink({ url, clientId: 'd', commandFilters }, {
      connect, counters, onOnline: () => undefined, onError: () => undefined, onCommand: (topic, payload) => void commands.push(`${topic} ${payload}`),
    })
    cleanUps.push(() => made.stop())
    made.start()
    return { link: made, counters, commands }
  }

  it('says online, retained, and offline when it goes; what it publishes is acknowledged', async () => {
    const server = await broker()
    const { link: device, counters } = link(server.url)
    await eventually('the link', () => device.up())
    device.publish('devices/d/t', '21.5')
    await device.stop()
    expect(server.published).toEqual([
      { topic: 'devices/d/status', payload: 'online', retain: true },
      { topic: 'devices/d/t', payload: '21.5', retain: false },
      { topic: 'devices/d/status', payload: 'offline', retain: true },
    ])
    expect(counters).toMatchObject({ sent: 3, acknowledged: 3, errors: 0 })
  })

  it('leaves its last will when it is cut, and comes back', async () => {
    const server = await broker()
    const { link: device, counters } = link(server.url)
    await eventually('the link', () => device.up())
    device.cut()
    await eventually('offline', () => server.published.at(-1)?.payload === 'offline')
    expect(server.published.at(-1)).toEqual({ topic: 'devices/d/status', payload: 'offline', retain: true })
    device.publish('devices/d/t', '1') // without power nothing is sent, nor kept
    device.restore()
    await eventually('online', () => server.published.at(-1)?.payload === 'online')
    expect(server.published.at(-1)).toEqual({ topic: 'devices/d/status', payload: 'online', retain: true })
    expect(counters).toMatchObject({ connected: 1, reconnects: 1 })
    expect(server.published.map(({ topic }) => topic)).not.toContain('devices/d/t')
  })

  it('comes back where it was refused for a while', async () => {
    const server = await broker()
    server.refuse(2)
    const { link: device, counters } = link(server.url)
    await eventually('the link', () => device.up())
    expect(counters).toMatchObject({ connected: 1, errors: 2 })
  })

  it('takes commands', async () => {
    const server = await broker()
    const { link: device, commands } = link(server.url, ['devices/d/+/set'])
    await eventually('the link', () => device.up())
    await eventually('the command', () => {
      server.publish('devices/d/fan/set', 'x')
      return commands.includes('devices/d/fan/set x')
    })
  })

  it('keeps what it measures while the gateway is away, and sends it when it is back', async () => {
    const first = await broker()
    const { link: device } = link(first.url)
    await eventually('the link', () => device.up())
    await first.stop()
    await eventually('the end of the link', () => !device.up())
    device.publish('devices/d/t', '1')
    device.publish('devices/d/t', '2')
    const second = await broker(first.port)
    await eventually('all three', () => second.published.length >= 3)
    expect(second.published.map(({ payload }) => payload)).toEqual(['online', '1', '2'])
  })

  it('keeps no more than its buffer holds, and counts what it drops', () => {
    const { link: device, counters } = link('mqtt://127.0.0.1:1')
    for (let i = 0; i < 510; i++) device.publish('devices/d/t', String(i))
    expect(counters.dropped).toBe(10)
  })
})
