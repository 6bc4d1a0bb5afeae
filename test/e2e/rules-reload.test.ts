import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { ownClient, ownGateway } from '../support/own-gateway.ts'

const above = (limit: number, id = 'warm') => `rules:\n  - id: ${id}\n    on: { metric: temp, device: "*" }\n    when: { above: ${limit} }\n    message: "above ${limit}"\n`

describe('rules of a running gateway', () => {
  it('change with their file, from the next reading on; a wrong file changes nothing and says where it is wrong', async () => {
    const limen = await ownGateway({ yaml: 'rules: [rules/*.yaml]\n', files: { 'rules/a.yaml': above(90) } })
    const watcher = await ownClient(limen.mqttUrl)
    await watcher.subscribeAsync('limen/alarms/#', { qos: 1 })
    const device = await ownClient(limen.mqttUrl)
    const rulesNow = async () => ((await (await fetch(`${limen.httpUrl}/api/v1/rules`)).json()) as { items: { id: string; message: string }[] }).items
    const newest = (topic: string) => watcher.seen.get(topic)?.at(-1)
    const file = join(limen.dir, 'rules/a.yaml')

    await device.publishAsync('devices/oven/temp', '60', { qos: 1 })
    await writeFile(file, above(50))
    await eventually('the changed rule', async () => (await rulesNow())[0]?.message === 'above 50')
    expect(newest('limen/alarms/oven/warm')).toBeUndefined()
    await device.publishAsync('devices/oven/temp', '61', { qos: 1 })
    const raised = await eventually('the alarm by the new limit', () => newest('limen/alarms/oven/warm'))
    expect(JSON.parse(raised)).toMatchObject({ state: 'unacked', value: 61, limit: 50 })

    await writeFile(file, above(50).replace('above: 50', 'abvoe: 40'))
    const wrong = await eventually('the alarm about the wrong file', () => newest('limen/alarms/gateway/technical.rules'))
    expect((JSON.parse(wrong) as { message: string }).message).toMatch(/a\.yaml:4:\d+.*abvoe/)
    expect((await rulesNow()).map(({ message }) => message)).toEqual(['above 50'])
    expect(newest('limen/alarms/oven/warm')).toBe(raised)

    await writeFile(join(limen.dir, 'rules/b.yaml'), above(10, 'lukewarm'))
    await writeFile(file, above(55))
    await eventually('both files to run', async () => (await rulesNow()).map(({ id }) => id).sort().join() === 'lukewarm,warm')
    await eventually('the alarm of the changed condition to retire', () => newest('limen/alarms/oven/warm') === '')
    await device.publishAsync('devices/oven/temp', '62', { qos: 1 })
    await eventually('the alarm of the rule in a new file', () => newest('limen/alarms/oven/lukewarm'))
    await eventually('all clear about the files', () => newest('limen/alarms/gateway/technical.rules') === '')
    type Change = { added: string[]; changed: string[]; removed: string[] }
    const { items } = (await (await fetch(`${limen.httpUrl}/api/v1/events?type=limen.gateway.rules-changed`)).json()) as { items: { data: Change }[] }
    expect(items[0]!.data).toEqual({ rules: 1, added: [], changed: ['warm'], removed: [], by: 'file:rules/a.yaml', origin: 'file' })
    // Both files at once or one after the other.
    expect(items.slice(1).flatMap(({ data }) => [...data.added.map((id) => `+${id}`), ...data.changed, ...data.removed.map((id) => `-${id}`)]).sort()).toEqual(['+lukewarm', 'warm'])
  })

  it('written over HTTP follow the zones and tables of files: one that is added can be named, one that changes or goes is noticed', async () => {
    const zones = (radius: string) => `zones: { yard: { circle: { lat: 47, lon: 8, radius: ${radius} } } }\n`
    const limen = await ownGateway({ yaml: 'rules: [rules/*.yaml]\n', files: { 'rules/a.yaml': above(90) } })
    const api = async (path: string, init?: RequestInit) => (await fetch(`${limen.httpUrl}/api/v1/${path}`, init)).json() as Promise<{ revision: number; changedBy: string; when: { spec: { zone: { radiusM: number } } } }>
    const put = (): Promise<Response> => fetch(`${limen.httpUrl}/api/v1/rules/away`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ on: { device: 'd*' }, when: { geofence: { zone: 'yard', on: 'exit' } } }) })
    const technical = async () => (await api('alarms?active=true&rule=technical.rules') as unknown as { items: { message: string }[] }).items.map(({ message }) => message)
    expect((await put()).status).toBe(400)
    // Nothing but the zone is new.
    await writeFile(join(limen.dir, 'rules/zones.yaml'), zones('50m'))
    await eventually('the rule to be taken', async () => (await put()).status === 201)
    await writeFile(join(limen.dir, 'rules/zones.yaml'), zones('80m'))
    const followed = await eventually('the rule to follow', async () => {
      const rule = await api('rules/away')
      return rule.when.spec.zone.radiusM === 80 ? rule : undefined
    })
    expect(followed).toMatchObject({ revision: 2, changedBy: 'limen' })
    await writeFile(join(limen.dir, 'rules/zones.yaml'), '')
    await eventually('the alarm', async () => (await technical())[0]?.includes('there is no zone "yard"'))
    expect(await api('rules/away')).toMatchObject({ revision: 2, when: { spec: { zone: { radiusM: 80 } } } })
    await writeFile(join(limen.dir, 'rules/zones.yaml'), zones('90m'))
    await eventually('the rule to follow again', async () => (await api('rules/away')).when.spec.zone.radiusM === 90)
    await eventually('its end', async () => (await technical()).length === 0)
  })
})
