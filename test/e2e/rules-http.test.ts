import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ShownRule } from '../../gateway/kernel/rule-desk.ts'
import { eventually } from '../support/eventually.ts'
import type { GatewayProcess } from '../support/gateway-process.ts'
import { ownClient, ownGateway } from '../support/own-gateway.ts'

const above = (limit: number, message = `above ${limit}`): string => `id: warm\non: { metric: temp, device: "*" }\nwhen: { above: ${limit} }\nmessage: "${message}"\n`
const fileOf = (...rules: readonly string[]): string => `rules:\n${rules.map((rule) => `  - ${rule.trimEnd().replaceAll('\n', '\n    ')}\n`).join('')}`

function api(limen: GatewayProcess) {
  const ask = (method: string, path: string, body?: string) =>
    fetch(`${limen.httpUrl}/api/v1/${path}`, { method, ...(body === undefined ? {} : { body, headers: { 'content-type': body.startsWith('{') ? 'application/json' : 'application/yaml' } }) })
  const json = async <T>(path: string): Promise<T> => (await (await ask('GET', path)).json()) as T
  return {
    ask,
    json,
    put: async (text: string, query = '') => (await ask('PUT', `rules/warm?by=anna${query}`, text)).status,
    warm: async () => json<Partial<ShownRule>>('rules/warm'),
    alarm: async () => (await json<{ items: { rule: string; key: string; state: string; occurrence: number; message: string }[] }>('alarms')).items.find(({ rule }) => rule === 'warm'),
    changes: async () => (await json<{ items: { data: object }[] }>('events?type=limen.gateway.rules-changed')).items.map(({ data }) => data),
  }
}

describe('rules written over HTTP, on a running gateway', () => {
  it('run from the next reading on, keep alarms where only words change, retire them where the condition does', async () => {
    const limen = await ownGateway({ yaml: 'rules: [rules/*.yaml]\n', files: { 'rules/none.yaml': 'rules: []\n' } })
    const { put, warm, alarm, ask, changes } = api(limen)
    const device = await ownClient(limen.mqttUrl)
    const watcher = await ownClient(limen.mqttUrl)
    await watcher.subscribeAsync(['limen/alarms/#', 'limen/events/limen.gateway.rules-changed'], { qos: 1 })
    const topic = () => watcher.seen.get('limen/alarms/oven/warm')?.at(-1)
    const read = (value: number) => device.publishAsync('devices/oven/temp', String(value), { qos: 1 })

    await read(60)
    expect(await put(above(50))).toBe(201)
    expect(await alarm()).toBeUndefined()
    await read(61)
    expect(await alarm()).toMatchObject({ state: 'unacked', occurrence: 1, message: 'above 50' })

    // Other words: the alarm stands as it stood.
    expect(await put(above(50, 'too warm'))).toBe(200)
    await read(62)
    expect(await alarm()).toMatchObject({ state: 'unacked', occurrence: 1 })

    // What is wrong changes nothing.
    const wrong = await ask('PUT', 'rules/warm', 'on: { metric: temp }\nwhen: { above: hot }\n')
    expect([wrong.status, await wrong.json()]).toMatchObject([400, { problems: [{ line: 2, column: 16, path: 'when.above' }] }])
    expect(await warm()).toMatchObject({ message: 'too warm', revision: 2 })
    expect(await alarm()).toMatchObject({ state: 'unacked' })

    // Another condition: its alarm retires, and the next reading is judged by the new one.
    expect(await put(above(70))).toBe(200)
    await eventually('the alarm to be retired', () => topic() === '')
    await read(65)
    expect((await alarm())?.state ?? 'normal').toBe('normal')
    await read(71)
    expect(await alarm()).toMatchObject({ state: 'unacked', occurrence: 2, message: 'above 70' })

    // Back to what it was; gone; and back again.
    expect((await ask('POST', 'rules/warm/rollback', '{"revision":1}')).status).toBe(200)
    await eventually('the alarm to be retired', () => topic() === '')
    await read(51)
    expect(await alarm()).toMatchObject({ state: 'unacked', message: 'above 50' })
    expect((await ask('DELETE', 'rules/warm?by=otto')).status).toBe(204)
    await eventually('the alarm to be retired', () => topic() === '')
    await read(99)
    expect((await alarm())?.state ?? 'normal').toBe('normal')
    expect(await changes()).toMatchObject([
      { rules: 1, added: ['warm'], by: 'anna', origin: 'http' }, { changed: ['warm'] }, { changed: ['warm'] }, { changed: ['warm'], by: 'loopback' }, { rules: 0, removed: ['warm'], by: 'otto' },
    ])
    await eventually('all of it on the topic, too', () => watcher.seen.get('limen/events/limen.gateway.rules-changed')?.length === 5)
  })

  it('outlive kill -9 and stops; a file that is written later wins, one that is not is left where it was', async () => {
    const limen = await ownGateway({ yaml: 'rules: [rules/*.yaml]\n', files: { 'rules/a.yaml': fileOf(above(10), above(1).replace('warm', 'other')) } })
    const file = join(limen.dir, 'rules/a.yaml')
    const { put, warm, ask, json } = api(limen)
    expect(await warm()).toMatchObject({ origin: 'file', revision: 1, changedBy: 'file:rules/a.yaml', text: above(10) })
    expect(await put(above(20))).toBe(200)
    await limen.kill()
    await limen.start()
    expect(await warm()).toMatchObject({ origin: 'http', revision: 2, changedBy: 'anna', text: above(20) })

    // The file changes, of this rule nothing but its place.
    await writeFile(file, fileOf(above(2).replace('warm', 'other'), above(10)))
    await eventually('the other rule to change', async () => (await json<ShownRule>('rules/other')).message === 'above 2')
    expect(await warm()).toMatchObject({ revision: 2 })
    await writeFile(file, fileOf(above(11)))
    await eventually('the file to win', async () => (await warm()).message === 'above 11')
    expect((await ask('GET', 'rules/other')).status).toBe(404)

    expect((await ask('DELETE', 'rules/warm')).status).toBe(204)
    expect(await limen.stop()).toBe(0)
    await limen.start()
    expect((await ask('GET', 'rules/warm')).status).toBe(404)
    // Changed while nobody looked.
    expect(await limen.stop()).toBe(0)
    await writeFile(file, fileOf(above(12)))
    await limen.start()
    expect(await warm()).toMatchObject({ origin: 'file', message: 'above 12' })

    // Wrong files at a start: what ran last runs.
    expect(await put(above(13))).toBe(200)
    await limen.kill()
    await writeFile(file, fileOf(above(14)).replace('above: 14', 'abvoe: 14'))
    await limen.start()
    expect(await warm()).toMatchObject({ origin: 'http', message: 'above 13' })
    await eventually('an alarm about the files', async () => (await json<{ items: { rule: string; message: string }[] }>('alarms?active=true')).items.some(({ rule, message }) => rule === 'technical.rules' && /a\.yaml:4/.test(message)))
    await writeFile(file, fileOf(above(14)))
    await eventually('the mended file to win', async () => (await warm()).message === 'above 14')
    const { items } = await json<{ items: { revision: number; action: string; by: string }[] }>('rules/warm/versions')
    expect(items.map(({ revision, action, by }) => `${revision} ${action} ${by}`)).toEqual([
      '7 file file:rules/a.yaml', '6 put anna', '5 file file:rules/a.yaml', '4 delete loopback', '3 file file:rules/a.yaml', '2 put anna', '1 file file:rules/a.yaml',
    ])
  })

  it('under readings: every reading is judged by one rule or the other, none is lost, and many writers take turns', async () => {
    const limen = await ownGateway({ yaml: 'rules: [rules/*.yaml]\n', files: { 'rules/none.yaml': 'rules: []\n' } })
    const { put, warm, json } = api(limen)
    const device = await ownClient(limen.mqttUrl)
    let sent = 0
    const ending = new AbortController()
    const flow = (async () => {
      while (!ending.signal.aborted) await Promise.all(Array.from({ length: 20 }, () => device.publishAsync('devices/oven/temp', JSON.stringify({ value: sent % 2 === 0 ? 40 : 60, seq: ++sent }), { qos: 1 })))
    })()
    for (let round = 0; round < 10; round++) {
      // Only words change: alarms go on as they were.
      const statuses = await Promise.all(Array.from({ length: 4 }, (_, i) => put(above(50, `round ${round} writer ${i}`))))
      expect(statuses.every((status) => status === 200 || status === 201)).toBe(true)
    }
    const stale = await Promise.all([put(above(50, 'first'), '&ifRevision=40'), put(above(50, 'second'), '&ifRevision=40')])
    expect(stale.sort()).toEqual([200, 409])
    ending.abort()
    await flow
    expect(await warm()).toMatchObject({ revision: 41, state: 'live' })
    const { metrics } = await json<{ metrics: { temp: { value: number } } }>('devices/oven')
    expect(metrics.temp.value).toBe(sent % 2 === 0 ? 60 : 40)
    const readings = await limen.run('export', '--device', 'oven', '--format', 'ndjson')
    expect(readings.stdout.trim().split('\n')).toHaveLength(sent)
    // One unacknowledged alarm, raised once and returned and raised again: it was never retired.
    for (const [type, times] of [['raised', 1], ['retired', 0]] as const) expect((await json<{ items: object[] }>(`events?type=limen.alarm.${type}`)).items).toHaveLength(times)
  })
})
