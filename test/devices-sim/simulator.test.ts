import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startBareBroker } from '../support/bare-broker.ts'
import { eventually } from '../support/eventually.ts'

const main = join(import.meta.dirname, '../../devices-sim/main.ts')

/** The simulator as a process of its own. */
function simulate(args: readonly string[]) {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let words = ''
  child.stdout.on('data', (chunk: Buffer) => void (words += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => void (words += chunk.toString()))
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, words }))
  return { child, ended }
}

describe('the simulator', () => {
  it('runs for its time, says what it did, and leaves its devices offline', async () => {
    const broker = await startBareBroker()
    try {
      const { code, words } = await simulate(['home', '--devices', '1', '--for', '1500ms', '--url', broker.url]).ended
      expect(code).toBe(0)
      expect(words).toMatch(/home: 1 rooms to mqtt:.*\n\d+ sent in \d+\.\d s .*acknowledged, 0 errors\n$/s)
      const status = broker.published.filter(({ topic }) => topic === 'devices/climate-hall/status').map(({ payload }) => payload)
      expect(status).toEqual(['online', 'offline'])
      expect(broker.published.some(({ topic }) => topic === 'devices/meter-main/power')).toBe(true)
    } finally {
      await broker.stop()
    }
  })

  it.each(['SIGINT', 'SIGTERM'] as const)('stops cleanly on %s', async (signal) => {
    const broker = await startBareBroker()
    try {
      const { child, ended } = simulate(['ward', '--devices', '1', '--url', broker.url])
      await eventually('readings', () => broker.published.length > 2)
      child.kill(signal)
      expect((await ended).code).toBe(0)
      expect(broker.published.at(-1)).toMatchObject({ payload: 'offline' })
    } finally {
      await broker.stop()
    }
  })

  it('replays a file to its end', async () => {
    const broker = await startBareBroker()
    try {
      const file = join(import.meta.dirname, '../cases/simulate-csv/patient.csv')
      const { code } = await simulate(['--csv', file, '--device', 'p1', '--speed', '1e9', '--url', broker.url]).ended
      expect(code).toBe(0)
      const rows = broker.published.filter(({ topic }) => topic === 'devices/p1').map(({ payload }) => JSON.parse(payload) as object)
      expect(rows).toMatchObject([{ heart_rate: 84, spo2: 95, seq: 3 }, { heart_rate: 86.5, seq: 4 }, { heart_rate: 91, spo2: 97, seq: 5 }])
    } finally {
      await broker.stop()
    }
  })

  it('leaves with 2 and one line for wrong arguments, with 1 for a missing file and for a broker that is never reached', async () => {
    const wrong = await simulate(['moon']).ended
    expect(wrong).toMatchObject({ code: 2, words: expect.stringMatching(/^[^\n]+\n$/) })
    const missing = await simulate(['--csv', 'nowhere.csv', '--device', 'd']).ended
    expect(missing).toMatchObject({ code: 1, words: expect.stringContaining('there is no file nowhere.csv') })
    const away = await simulate(['home', '--for', '300ms', '--url', 'mqtt://127.0.0.1:1']).ended
    expect(away).toMatchObject({ code: 1, words: expect.stringContaining('was never reached; start the gateway with npm start') })
  })
})
