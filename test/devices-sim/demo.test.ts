import { spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { startChild } from '../../devices-sim/demo/children.ts'
import { createFeed } from '../../devices-sim/demo/feed.ts'
import { keepGateway } from '../../devices-sim/demo/gateway.ts'
import { parseDemoArguments } from '../../devices-sim/demo/options.ts'
import { takenPort } from '../../devices-sim/demo/ports.ts'
import { createReceiver } from '../../devices-sim/demo/receiver.ts'
import type { Received } from '../../devices-sim/demo/receiver.ts'
import { eventually } from '../support/eventually.ts'
import { tempDir } from '../support/temp-dir.ts'

const root = join(import.meta.dirname, '../..')
const cleanUps: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp()
})

/** Listens on a free port until the test is over. */
async function occupy(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanUps.push(() => new Promise((resolve) => server.close(resolve)))
  const address = server.address()
  return address !== null && typeof address === 'object' ? address.port : 0
}

describe('the demonstration', () => {
  it('has configuration and rules that the gateway accepts', async () => {
    const child = startChild('check', [join(root, 'gateway/main.ts'), 'check', '--config', join(root, 'demo/limen.yaml')], { env: { DEMO_WEBHOOK_SECRET: 'whsec_c2VjcmV0' } })
    expect(await child.ended, child.lastWords()).toBe(0)
  })

  it('says which port is taken and what to do, and leaves nothing running', async () => {
    const port = await occupy()
    const child = startChild('demo', [join(root, 'devices-sim/demo.ts')], { env: { LIMEN_MQTT__PORT: String(port), LIMEN_HTTP__PORT: '0' } })
    expect(await child.ended).toBe(1)
    expect(child.lastWords()).toMatch(new RegExp(`port ${port} \\(MQTT\\) is taken .*LIMEN_MQTT__PORT=1884 npm run demo`, 's'))
    expect(await takenPort([{ port: 0, what: 'any', instead: '' }])).toBeUndefined()
  })

  it('starts a gateway that was killed again, on its data and its ports, and says so', async () => {
    const data = tempDir()
    const told: string[] = []
    const stopping = new AbortController()
    const gateway = await keepGateway({ root, data, secret: `whsec_${Buffer.from('secret').toString('base64')}`, signal: stopping.signal }, (text) => void told.push(text))
    if ('failure' in gateway) throw new Error(gateway.failure)
    cleanUps.push(() => (stopping.abort(), gateway.stop()))
    const site = async (): Promise<unknown> => ((await (await fetch(`${gateway.http}/api/v1/gateway`)).json()) as { started: string }).started
    const before = await site()
    process.kill(gateway.pid()!, 'SIGKILL')
    await eventually('it is back', () => told.length === 2)
    expect(told[0]).toContain('SIGKILL')
    expect(await site()).not.toBe(before)
  })

  it('refuses arguments it does not know with 2', async () => {
    const child = startChild('demo', [join(root, 'devices-sim/demo.ts'), '--fast'])
    expect(await child.ended).toBe(2)
  })

  it('shows alarms and commands as lines, marks the path they belong to, and passes over anything else', () => {
    const describeEvent = createFeed()
    const alarm = (event: string, data: object): unknown => describeEvent(JSON.stringify({ type: `limen.alarm.${event}`, subject: 'bed-1', data }))
    expect(alarm('raised', { rule: 'spo2-low', level: 'lo', priority: 'medium', message: 'SpO₂ 89 % on bed-1', state: 'unacked' }))
      .toEqual({ text: 'medium alarm raised              SpO₂ 89 % on bed-1   (spo2-low lo, unacked)', path: 'alarm raised' })
    expect(alarm('raised', { rule: 'technical.offline', priority: 'medium', message: 'm', state: 'unacked' })).toMatchObject({ path: 'device offline' })
    expect(alarm('acked', { rule: 'r', acknowledgedBy: 'demo nurse' })).toMatchObject({ text: expect.stringContaining('acked by demo nurse'), path: 'alarm acknowledged' })
    expect(describeEvent(JSON.stringify({ type: 'limen.command.done', data: { device: 'lamp', actuator: 'light', value: 'red' } }))).toMatchObject({ path: 'command done' })
    for (const other of ['', '{}', 'null', '[]', '{"type":"limen.gateway.started"}', '{"type":"limen.alarm.raised","data":null}']) expect(() => describeEvent(other)).not.toThrow()
    expect(describeEvent('{"type":"limen.gateway.started"}')).toBeUndefined()
  })

  it('tells that a device is back, but not that it is there', () => {
    const feed = createFeed()
    const device = (event: string): string | undefined => feed(JSON.stringify({ type: `limen.device.${event}`, subject: 'bed-1' }))?.text
    expect([device('registered'), device('online')]).toEqual([undefined, undefined])
    expect(device('offline')).toMatch(/^device +offline +bed-1$/)
    expect(device('online')).toMatch(/^device +online +bed-1$/)
    expect(device('online')).toBeUndefined()
  })

  it('tells a webhook that is signed with its secret from one that is not', async () => {
    const port = await occupy()
    await cleanUps.pop()!()
    const received: Received[] = []
    const receiver = createReceiver({ port, secret: `whsec_${Buffer.from('secret').toString('base64')}`, onReceived: (one) => void received.push(one) })
    await receiver.start()
    cleanUps.push(() => receiver.stop())
    const body = JSON.stringify({ type: 'limen.alarm.raised', subject: 'bed-1' })
    const post = async (key: string, text = body): Promise<number> => (await fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST', body: text,
      headers: { 'webhook-id': 'i', 'webhook-timestamp': '1', 'webhook-signature': `v1,${createHmac('sha256', key).update(`i.1.${text}`).digest('base64')}` },
    })).status
    expect(await post('secret')).toBe(204)
    expect(await post('guess')).toBe(204)
    expect(await post('secret', 'no json')).toBe(400)
    expect(received).toEqual([
      { id: 'i', type: 'limen.alarm.raised', subject: 'bed-1', signed: true },
      { id: 'i', type: 'limen.alarm.raised', subject: 'bed-1', signed: false },
    ])
  })

  it('ends a child that does not listen to SIGTERM, and takes its children with it when it is itself ended', async () => {
    const deaf = startChild('deaf', ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("up")'])
    while (deaf.lastWords() === '') await new Promise((resolve) => setTimeout(resolve, 10))
    await deaf.stop(200)
    expect(await deaf.ended).toBe('SIGKILL')

    const children = JSON.stringify(join(root, 'devices-sim/demo/children.ts'))
    const parent = spawn(process.execPath, ['--input-type=module', '-e', `
      const { startChild } = await import(${children})
      startChild('c', ['-e', 'console.log(process.pid); setInterval(() => {}, 1000)'], { onLine: (line) => { console.log(line); process.exit(3) } })
    `], { stdio: ['ignore', 'pipe', 'inherit'] })
    let pid = ''
    parent.stdout.on('data', (chunk: Buffer) => void (pid += chunk.toString()))
    await once(parent, 'close')
    const alive = (): boolean => {
      try {
        return process.kill(Number(pid), 0)
      } catch {
        return false
      }
    }
    for (let tries = 0; alive() && tries < 100; tries++) await new Promise((resolve) => setTimeout(resolve, 20))
    expect(Number(pid)).toBeGreaterThan(1)
    expect(alive()).toBe(false)
  })
})

describe('the arguments of the demonstration', () => {
  it('are how long, where, and whether to begin with nothing; anything else is told', () => {
    expect(parseDemoArguments([], '/limen')).toEqual({ ok: true, options: { forMs: undefined, data: '/limen/data/demo', fresh: false } })
    expect(parseDemoArguments(['--fresh', '--for', '60s', '--data', '/tmp/x'], '/limen')).toEqual({ ok: true, options: { forMs: 60_000, data: '/tmp/x', fresh: true } })
    for (const wrong of [['--for', '0'], ['--for', 'long'], ['--quick'], ['now']]) expect(parseDemoArguments(wrong, '/')).toMatchObject({ ok: false, problem: expect.stringContaining('--fresh') })
  })
})
