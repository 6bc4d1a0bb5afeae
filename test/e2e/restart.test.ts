import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { ownClient, ownGateway } from '../support/own-gateway.ts'

const rule = 'rules:\n  - id: warm\n    on: { metric: temp, device: "*" }\n    when: { above: 50 }\n'

describe('a gateway that starts again', () => {
  it('runs the last rules that were right where their files are damaged, with an alarm that ends when they are mended', async () => {
    const limen = await ownGateway({ yaml: 'rules: [rules/*.yaml]\n', files: { 'rules/a.yaml': rule } })
    const file = join(limen.dir, 'rules/a.yaml')
    // What is acknowledged was committed after the rules were kept.
    await (await ownClient(limen.mqttUrl)).publishAsync('devices/oven/temp', '20', { qos: 1 })
    await limen.kill()
    await writeFile(file, rule.slice(0, -10))
    await limen.start()
    const client = await ownClient(limen.mqttUrl)
    await client.subscribeAsync('limen/alarms/#', { qos: 1 })
    const wrong = await eventually('the alarm about the file', () => client.seen.get('limen/alarms/gateway/technical.rules')?.at(-1))
    expect(JSON.parse(wrong)).toMatchObject({ state: 'unacked', message: expect.stringContaining('a.yaml') as string })
    await client.publishAsync('devices/oven/temp', '60', { qos: 1 })
    await eventually('the alarm by the rule of before', () => client.seen.get('limen/alarms/oven/warm')?.at(-1))
    await writeFile(file, rule)
    await eventually('all clear', () => client.seen.get('limen/alarms/gateway/technical.rules')?.at(-1) === '')
    // The very set that ran: nothing was retired.
    expect(client.seen.get('limen/alarms/oven/warm')).toHaveLength(1)
  })

  it('shows the last values of devices, from the readings of the log', async () => {
    const limen = await ownGateway()
    const device = await ownClient(limen.mqttUrl)
    await device.publishAsync('devices/oven', '{"temp":61.5,"door":"open"}', { qos: 1 })
    const values = async () => {
      const { metrics } = (await (await fetch(`${limen.httpUrl}/api/v1/devices/oven`)).json()) as { metrics: Record<string, { value: unknown }> }
      return Object.fromEntries(Object.entries(metrics).map(([metric, { value }]) => [metric, value]))
    }
    expect(await values()).toEqual({ temp: 61.5, door: 'open' })
    await limen.kill()
    await limen.start()
    expect(await values()).toEqual({ temp: 61.5, door: 'open' })
  })
})
