import { describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { openLive } from '../support/live-client.ts'
import { ownClient, ownGateway } from '../support/own-gateway.ts'

const rules = `rules:
  - id: hr-high
    on: { metric: hr }
    when: { above: 130 }
    priority: high
`

describe('a dashboard on the whole gateway', () => {
  it('sees values and alarms as they come, is told when the gateway stops, and resumes', async () => {
    const limen = await ownGateway({ yaml: 'rules: [rules/*.yaml]\n', files: { 'rules/a.yaml': rules } })
    const bed = await ownClient(limen.mqttUrl)
    const port = Number(new URL(limen.httpUrl).port)
    await bed.publishAsync('devices/bed-1/hr', '{"value":70,"unit":"1/min","ts":1}', { qos: 1 })
    const live = await openLive(port, { origin: limen.httpUrl, query: '?after=0' })
    live.watch('bed-1')
    expect(await eventually('the first values', () => live.values()[0])).toEqual([['bed-1', 'hr', 70, 1, 'good', '1/min']])
    await bed.publishAsync('devices/bed-1/hr', '{"value":140,"ts":2}', { qos: 1 })
    await eventually('the new value', () => live.values().flat().some((row) => row[2] === 140))
    const raised = await eventually('the alarm', () => live.frames.find(({ event, data }) => event === 'limen.alarm.raised' && data!.includes('hr-high')))
    expect(JSON.parse(raised.data!)).toMatchObject({ data: { rule: 'hr-high', value: 140 } })
    await eventually('a pulse that counts them', () => live.pulses().some((pulse) => pulse.readings === 2 && pulse.devices === 1 && pulse.newest !== null))

    const info = await (await fetch(`${limen.httpUrl}/api/v1/gateway`)).json() as { started: string; now: string }
    expect(info).toMatchObject({ node: process.version, disk: { freeBytes: expect.any(Number) }, retention: { readingsMs: 30 * 86_400_000 }, health: { ready: true } })
    expect(Date.parse(info.started)).toBeLessThanOrEqual(Date.parse(info.now))

    expect(await limen.stop()).toBe(0)
    expect(await live.closed()).toEqual({ code: 1001, reason: 'the gateway is stopping' })
    const last = live.frames.findLast(({ id }) => id !== undefined)!.id!
    await limen.start()
    const again = await openLive(Number(new URL(limen.httpUrl).port), { query: `?after=${last}` })
    await eventually('what came meanwhile', () => again.frames.some(({ event }) => event === 'limen.gateway.started'))
    expect(again.frames.some(({ event, id }) => event === 'gap' || id === raised.id)).toBe(false)
  })
})
