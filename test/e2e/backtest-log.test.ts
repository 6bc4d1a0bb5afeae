import { describe, expect, it } from 'vitest'
import type { TrialAnswer } from '../../gateway/kernel/backtest.ts'
import { ownClient, ownGateway } from '../support/own-gateway.ts'

const rules = 'rules:\n  - { id: hot, on: { metric: t }, when: { above: 80 }, ack: auto }\n'

const linesOf = (text: string): { event?: string; key?: string; summary?: object }[] => text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as object)

describe('what a gateway recorded', () => {
  it('is gone through beside it, after it was killed and after it stopped; over HTTP other rules are tried on it', async () => {
    const limen = await ownGateway({ yaml: 'rules: [rules.yaml]\ndevices: { oven-1: { labels: { ward: east }, metrics: { t: { unit: Cel, coerce: true } } } }\n', files: { 'rules.yaml': rules, 'other.yaml': '- { id: warm, on: { metric: t, label: { ward: east } }, when: { above: 50 } }\n' } })
    const client = await ownClient(limen.mqttUrl)
    for (const value of ['20', '{"value":"194","unit":"[degF]"}', '60', '20', '55']) await client.publishAsync('devices/oven-1/t', value, { qos: 1 })
    await client.publishAsync('devices/oven-2/t', '90', { qos: 1 })
    const expected = ['oven-1 raised', 'oven-1 cleared', 'oven-2 raised']
    const own = async (): Promise<string[]> => linesOf((await limen.run('backtest')).stdout).flatMap(({ key, event }) => (event === undefined ? [] : [`${key!} ${event}`]))
    expect(await own()).toEqual(expected)

    const tried = async (body: object): Promise<{ status: number; answer: TrialAnswer & { problems?: object[] } }> => {
      const response = await fetch(`${limen.httpUrl}/api/v1/rules/backtest`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
      return { status: response.status, answer: (await response.json()) as TrialAnswer }
    }
    const warm = { id: 'warm', on: { metric: 't', label: { ward: 'east' } }, when: { above: 50 }, mode: 'off' }
    const { status, answer } = await tried({ rules: [warm] })
    expect(status).toBe(200)
    expect(answer.items.map(({ key, event, value }) => [key, event, value])).toEqual([['oven-1', 'raised', 90], ['oven-1', 'returned', 20], ['oven-1', 'reraised', 55]])
    expect(answer).toMatchObject({ truncated: false, until: answer.to, summary: { readings: 6, alarms: 2 } })
    expect(Date.parse(answer.to) - Date.parse(answer.from)).toBe(86_400_000)
    expect((await tried({ rules: '- { id: warm, on: { metric: t }, when: { abov: 50 } }' })).answer).toMatchObject({ status: 400, problems: [{ line: 1, column: 42, path: 'rules[0].when.abov' }] })
    // Nothing of it is left: no rule, no alarm.
    const alarms = (await (await fetch(`${limen.httpUrl}/api/v1/alarms`)).json()) as { items: { rule: string }[] }
    expect(new Set(alarms.items.map(({ rule }) => rule))).toEqual(new Set(['hot']))

    await limen.kill()
    expect(await own()).toEqual(expected)
    const others = await limen.run('backtest', '--rules', 'other.yaml', '--from', new Date(Date.now() - 3_600_000).toISOString(), '--to', new Date(Date.now() + 3_600_000).toISOString())
    expect(linesOf(others.stdout).flatMap(({ key, event }) => (event === undefined ? [] : [`${key!} ${event}`]))).toEqual(['oven-1 raised', 'oven-1 returned', 'oven-1 reraised'])
    expect(others.stderr).toBe('')
    await limen.start()
    await limen.stop()
    expect(await own()).toEqual(expected)
  })
})
