import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import mqtt, { type MqttClient } from 'mqtt'
import { afterEach, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'

const endings: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

async function gateway(...args: Parameters<typeof startGatewayProcess>): Promise<GatewayProcess> {
  const process = await startGatewayProcess(...args)
  endings.push(() => process.remove())
  return process
}

async function client(url: string, options: mqtt.IClientOptions = {}): Promise<MqttClient & { seen: Map<string, string[]> }> {
  const connected = await mqtt.connectAsync(url, { reconnectPeriod: 0, ...options })
  endings.push(() => connected.endAsync(true))
  const seen = new Map<string, string[]>()
  connected.on('message', (topic, payload) => {
    const list = seen.get(topic) ?? []
    list.push(payload.toString())
    seen.set(topic, list)
  })
  return Object.assign(connected, { seen })
}

async function webhook(): Promise<{ url: string; received: { headers: IncomingMessage['headers']; body: string }[] }> {
  const received: { headers: IncomingMessage['headers']; body: string }[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => { body += chunk.toString() })
    request.on('end', () => {
      received.push({ headers: request.headers, body })
      response.writeHead(204).end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  endings.push(async () => { server.closeAllConnections(); server.close() })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received }
}

const rules = `rules:
  - id: spo2-low
    on: { metric: spo2, device: "bed-*" }
    when: { level: { lolo: 85, lo: 90, hysteresis: 2 } }
    priority: { lolo: high, lo: medium }
    message: "SpO2 {value}{unit} on {device}"
    then:
      - { command: { device: "lamp-{device}", actuator: light, value: red, safeValue: off } }
      - { notify: nurse-call }
`

describe('from a device’s socket to the siren', () => {
  it('raises, commands, notifies once, is acknowledged and clears, and comes back after kill -9', async () => {
    const hook = await webhook()
    const limen = await gateway({
      yaml: `rules: [rules/*.yaml]\ntargets:\n  nurse-call: { webhook: { url: "${hook.url}", secretEnv: NURSE_SECRET, allowPrivate: true } }\n`,
      files: { 'rules/ward.yaml': rules },
      env: { NURSE_SECRET: 'correct horse' },
    })
    const lamp = await client(limen.mqttUrl, { clientId: 'lamp' })
    await lamp.subscribeAsync('devices/lamp-bed-1/+/set', { qos: 1 })
    lamp.on('message', (topic, payload) => {
      const { id } = JSON.parse(payload.toString()) as { id: string }
      lamp.publish(topic.replace(/set$/, 'ack'), JSON.stringify({ id, status: 'done' }), { qos: 1 })
    })
    const watcher = await client(limen.mqttUrl)
    await watcher.subscribeAsync('limen/#', { qos: 1 })
    const bed = await client(limen.mqttUrl)

    await bed.publishAsync('devices/bed-1/spo2', '{"value":88,"unit":"%","seq":1}', { qos: 1 })
    const raised = await eventually('the alarm’s topic', () => watcher.seen.get('limen/alarms/bed-1/spo2-low')?.[0])
    expect(JSON.parse(raised)).toMatchObject({ rule: 'spo2-low', key: 'bed-1', device: 'bed-1', metric: 'spo2', state: 'unacked', active: true, level: 'lo', priority: 'medium', value: 88, limit: 90, message: 'SpO2 88% on bed-1', occurrence: 1, class: 'process' })
    const command = JSON.parse(await eventually('the command', () => lamp.seen.get('devices/lamp-bed-1/light/set')?.[0])) as Record<string, unknown>
    expect(command).toMatchObject({ value: 'red', ttlMs: 30_000 })
    await eventually('the command done', () => watcher.seen.get('limen/events/limen.command.done')?.[0])
    const call = await eventually('the webhook', () => hook.received[0])
    expect(JSON.parse(call.body)).toMatchObject({ type: 'limen.alarm.raised', source: 'test', subject: 'bed-1', data: { state: 'unacked', from: 'normal', event: 'raised' } })
    const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = call.headers as Record<string, string>
    expect(signature).toBe(`v1,${createHmac('sha256', 'correct horse').update(`${id}.${timestamp}.${call.body}`).digest('base64')}`)

    const alarm = JSON.parse(raised) as { id: string }
    const list = await (await fetch(`${limen.httpUrl}/api/v1/alarms?active=true`)).json() as { items: { id: string }[] }
    expect(list.items.map((a) => a.id)).toEqual([alarm.id])
    const acked = await fetch(`${limen.httpUrl}/api/v1/alarms/${alarm.id}/ack`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ by: 'ada', note: 'seen', occurrence: 1 }) })
    expect(acked.status).toBe(200)

    await limen.kill()
    await limen.start()
    const again = await client(limen.mqttUrl)
    await again.subscribeAsync('limen/alarms/#', { qos: 1 })
    const restored = await eventually('the retained alarm after kill -9', () => again.seen.get('limen/alarms/bed-1/spo2-low')?.[0])
    expect(JSON.parse(restored)).toMatchObject({ id: alarm.id, state: 'acked', acknowledgedBy: 'ada', occurrence: 1, value: 88 })

    const back = await client(limen.mqttUrl)
    await back.publishAsync('devices/bed-1/spo2', '{"value":88,"unit":"%","seq":1}', { qos: 1 })
    await back.publishAsync('devices/bed-1/spo2', '{"value":97,"unit":"%","seq":2}', { qos: 1 })
    await eventually('the alarm’s topic cleared', () => again.seen.get('limen/alarms/bed-1/spo2-low')?.at(-1) === '')
    await eventually('the clearing webhook', () => hook.received.length >= 2)
    expect(hook.received.map(({ body }) => (JSON.parse(body) as { type: string }).type)).toEqual(['limen.alarm.raised', 'limen.alarm.cleared'])
    const journal = async (order: string) => ((await (await fetch(`${limen.httpUrl}/api/v1/events?alarm=${alarm.id}&order=${order}`)).json()) as { items: { type: string }[] }).items.map(({ type }) => type)
    await eventually('both deliveries told', async () => (await journal('desc')).filter((type) => type === 'limen.delivery.delivered').length === 2)
    const told = await journal('asc')
    expect(told.filter((type) => type.startsWith('limen.alarm.'))).toEqual(['limen.alarm.raised', 'limen.alarm.acked', 'limen.alarm.cleared'])
    expect(told).toContain('limen.command.done')
    expect(told).toEqual((await journal('desc')).toReversed())
    expect(await limen.stop()).toBe(0)
    const exported = await limen.run('export', '--format', 'ndjson')
    expect(exported.stdout.trim().split('\n').map((line) => (JSON.parse(line) as { value: number }).value)).toEqual([88, 97])
  })
})
