import { describe, expect, it, vi } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { createHttpReceiver } from '../support/http-receiver.ts'
import { ownClient, ownGateway } from '../support/own-gateway.ts'
import { type Node, startFlows } from './flows-process.ts'

// Processes start here that load much: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const rules = `rules:
  - id: spo2-low
    on: { metric: spo2, device: "bed-*" }
    when: { level: { lolo: 85, lo: 90, hysteresis: 2 } }
    priority: { lolo: high, lo: medium }
    message: "SpO2 {value} on {device}"
  - id: fever
    on: { metric: temperature, device: "bed-*" }
    when: { above: 38 }
    priority: low
    message: "temperature {value}"
`

/** The same flows with other environment variables of a tab. */
function withEnv(nodes: readonly Node[], tab: string, values: Readonly<Record<string, string>>): Node[] {
  return nodes.map((node) => (node.id !== tab ? node : { ...node, env: (node['env'] as { name: string; value: string }[]).map((one) => ({ ...one, value: values[one.name] ?? one.value })) }))
}

describe('the example of the import menu', () => {
  it('turns a lamp on when an alarm is raised and off when it is over, built from the palette alone', async () => {
    const limen = await ownGateway({ yaml: 'rules: [rules/*.yaml]\n', files: { 'rules/r.yaml': rules } })
    const flows = startFlows({ mqttUrl: limen.mqttUrl, httpUrl: limen.httpUrl })
    await flows.heard('started')
    const example = JSON.parse((await flows.ask(`/flows/library/examples/flows/limen-nodes/${encodeURIComponent('alarm in - turn a lamp on while an alarm stands')}`)).text) as Node[]
    const seen = await flows.watch()
    await flows.deploy(() => example)
    await eventually('the nodes to be connected', () => ['ex-lamp-1', 'ex-lamp-2'].every((id) => seen.some(({ topic, data }) => topic === `status/${id}` && JSON.stringify(data).includes('connected'))))
    const lamp = await ownClient(limen.mqttUrl)
    await lamp.subscribeAsync('devices/lamp-hall/light/set', { qos: 1 })
    const values = (): unknown[] => (lamp.seen.get('devices/lamp-hall/light/set') ?? []).map((text) => (JSON.parse(text) as { value: unknown }).value)
    await lamp.publishAsync('devices/bed-1/temperature', '39', { qos: 1 })
    await eventually('the lamp is on', () => values().includes('on'))
    await lamp.publishAsync('devices/bed-1/temperature', '36', { qos: 1 })
    await eventually('the lamp is off', () => values().includes('off'))
  })
})

describe('the flows that come with it', () => {
  it('tell a chat of alarms, switch a light on motion, and sum up the day, on a real gateway', async () => {
    const limen = await ownGateway({ yaml: 'rules: [rules/*.yaml]\n', files: { 'rules/r.yaml': rules } })
    const chat = await createHttpReceiver()
    let refuse = true
    chat.answer = (_request, response) => {
      response.writeHead(refuse ? 500 : 200).end()
      refuse = false
    }
    const flows = startFlows({ mqttUrl: limen.mqttUrl, httpUrl: limen.httpUrl })
    await flows.heard('started')
    const seen = await flows.watch()
    let since = 0
    const statusOf = (id: string): string => JSON.stringify(seen.slice(since).findLast(({ topic }) => topic === `status/${id}`)?.data ?? null)
    const connected = (): Promise<unknown> => eventually('the nodes to be connected', () => ['chat-in', 'motion-in', 'motion-out', 'day-in'].every((id) => /connected|green/.test(statusOf(id))))
    await connected()
    const bed = await ownClient(limen.mqttUrl)
    const say = (topic: string, value: string): Promise<unknown> => bed.publishAsync(`devices/${topic}`, value, { qos: 1 })

    // Without an address nothing is sent, and it says so.
    await say('bed-0/spo2', '80')
    await eventually('it says why', () => statusOf('chat-none').includes('CHAT_URL is not set'))
    expect(chat.requests).toEqual([])

    const deployed = flows.messages.length
    // What the nodes before said of themselves is true no more: these may not hear yet what is published next.
    since = seen.length
    await flows.deploy((nodes) => withEnv(withEnv(nodes, 'limen-chat', { CHAT_URL: `${chat.url}/hook` }), 'limen-motion', { OFF_AFTER: '1' }))
    await eventually('they run again', () => flows.messages.slice(deployed).some(({ type }) => type === 'started'))
    await connected()

    await say('bed-1/spo2', '89')
    await eventually('the first attempt', () => chat.requests.length === 1)
    await say('bed-1/temperature', '39')

    const lamp = await ownClient(limen.mqttUrl)
    await lamp.subscribeAsync(['devices/+/+/set', 'events/+'], { qos: 1 })
    lamp.on('message', (topic, payload) => {
      if (topic.endsWith('/set')) lamp.publish(topic.replace(/set$/, 'ack'), JSON.stringify({ id: (JSON.parse(payload.toString()) as { id: string }).id, status: 'done' }), { qos: 1 })
    })
    const lights = (): unknown[] => (lamp.seen.get('devices/lamp-kitchen/light/set') ?? []).map((text) => (JSON.parse(text) as { value: unknown }).value)
    for (const [sensor, value] of [['motion-hall', 'true'], ['motion-kitchen', 'true'], ['motion-kitchen', 'true']]) await say(`${sensor}/motion`, value!)
    await eventually('the light is on', () => lights().length === 1)
    for (const value of ['false', 'true', 'false', 'false']) await say('motion-kitchen/motion', value)
    await eventually('the light is off', () => lights().length === 2)
    expect(lights()).toEqual(['on', 'off'])
    expect([...lamp.seen.keys()].filter((topic) => topic.endsWith('/set'))).toEqual(['devices/lamp-kitchen/light/set'])

    const texts = (): string[] => chat.requests.map(({ body }) => (JSON.parse(body) as { text: string }).text)
    await eventually('the second attempt', () => chat.requests.length === 2)
    expect(texts()[1]).toBe(texts()[0])
    expect(texts()[0]).toBe('🟠 SpO2 89 on bed-1\nraised · medium · spo2-low · bed-1')
    await say('bed-1/spo2', '80')
    await eventually('worse', () => texts().some((text) => text === '🔴 SpO2 80 on bed-1\nworse · high · spo2-low · bed-1'))
    const { items } = (await (await fetch(`${limen.httpUrl}/api/v1/alarms?rule=spo2-low`)).json()) as { items: { id: string; device: string }[] }
    await fetch(`${limen.httpUrl}/api/v1/alarms/${items.find(({ device }) => device === 'bed-1')!.id}/ack`, { method: 'POST', body: '{"by":"nurse"}', headers: { 'content-type': 'application/json' } })
    await say('bed-1/spo2', '97')
    await eventually('cleared', () => texts().some((text) => text.startsWith('✅') && text.includes('cleared')))
    expect(texts()).toHaveLength(4)

    await eventually('it has counted', () => statusOf('day-count').includes('3 alarms'))
    expect((await flows.ask('/flows/inject/day-now', { method: 'POST', body: {} })).status).toBe(200)
    const summary = JSON.parse(await eventually('the summary', () => lamp.seen.get('events/summary.daily')?.[0])) as Record<string, unknown>
    expect(summary).toMatchObject({ alarms: { total: 3, high: 1, medium: 1, low: 1 }, worst: [{ device: 'bed-1', alarms: 2 }, { device: 'bed-0', alarms: 1 }], acknowledged: { count: 1 } })
    await eventually('the summary in the chat', () => texts().some((text) => text.startsWith('📋 3 alarms in the last 24 hours: 1 high, 1 medium, 1 low\nmost: bed-1 (2), bed-0 (1)\n1 acknowledged')))
    expect(flows.messages.filter(({ type }) => type === 'error')).toEqual([])
    expect(await flows.stop()).toBe(0)
    await chat.goAway()
  })
})
