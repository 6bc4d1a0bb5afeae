import { afterAll, describe, expect, it } from 'vitest'
import { createDriver } from '../../bench/driver.ts'
import { startBareAedes, startTrivial } from '../../bench/servers/subjects.ts'

describe('the load generator', () => {
  const driver = createDriver()
  afterAll(() => driver.stop())

  it('accounts for every publish it sends', async () => {
    const server = await startTrivial()
    try {
      const result = await driver.saturate({ port: server.port, connections: 10, inFlight: 50, warmUpSeconds: 0.3, seconds: 0.5, noDelay: true })
      expect(result).toMatchObject({ unacknowledged: 0, lost: [] })
      expect(result.acknowledged).toBeGreaterThan(0)
    } finally {
      await server.stop()
    }
  })

  it('times every alarm, to the command and to the alarm topic, among paced readings', async () => {
    const server = await startBareAedes({ alarms: true })
    try {
      const result = await driver.pace({ port: server.port, connections: 5, rate: 400, seconds: 1, noDelay: true, alarms: 20, run: 'test', listen: 'rules' })
      expect(result).toMatchObject({ sent: 400, acknowledged: 400, lost: [], command: { count: 20, missing: 0 }, alarm: { count: 20, missing: 0 } })
    } finally {
      await server.stop()
    }
  })

  it('leaves the warm-up out of the times, and counts what is missing in it', async () => {
    const server = await startBareAedes({ alarms: true })
    try {
      const result = await driver.pace({ port: server.port, connections: 2, rate: 200, warmUpSeconds: 0.5, seconds: 0.5, noDelay: true, alarms: 20, run: 'warm', listen: 'rules' })
      expect(result).toMatchObject({ sent: 200, command: { count: 10, missing: 0 }, alarm: { count: 10, missing: 0 } })
    } finally {
      await server.stop()
    }
  })

  it('counts what never arrives as missing', async () => {
    const server = await startBareAedes() // answers no alarms
    try {
      const result = await driver.pace({ port: server.port, connections: 2, rate: 100, seconds: 0.5, noDelay: false, alarms: 3, run: 'lost', listen: 'rules', settleSeconds: 0.3 })
      expect(result).toMatchObject({ acknowledged: 50, command: { count: 0, missing: 3 }, alarm: { count: 0, missing: 3 } })
    } finally {
      await server.stop()
    }
  })

  it('says what went wrong when nobody listens', async () => {
    await expect(driver.saturate({ port: 1, connections: 1, inFlight: 1, warmUpSeconds: 0, seconds: 1, noDelay: true })).rejects.toThrow('ECONNREFUSED')
  })
})
