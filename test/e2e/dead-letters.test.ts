import { describe, expect, it, onTestFinished } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { createHttpReceiver } from '../support/http-receiver.ts'
import { ownClient, ownGateway } from '../support/own-gateway.ts'
import { imbalance, ledgerOf } from '../support/reading-books.ts'

const rules = `rules:
  - id: hot
    on: { metric: temp, device: "*" }
    when: { above: 50 }
    then: [ { notify: desk } ]
`

describe('limen dead-letters', () => {
  it('lists, sends again and discards, on a running gateway and on a stopped one', async () => {
    const hook = await createHttpReceiver()
    onTestFinished(() => hook.goAway())
    hook.answer = (_, response) => void response.writeHead(400, 'Bad Request').end('no such ward')
    const limen = await ownGateway({
      yaml: `rules: [rules.yaml]\ntargets:\n  desk: { webhook: { url: "${hook.url}", allowPrivate: true } }\n`,
      files: { 'rules.yaml': rules },
    })
    const device = await ownClient(limen.mqttUrl)
    for (const oven of ['one', 'two', 'three']) await device.publishAsync(`devices/${oven}/temp`, '60', { qos: 1 })
    await eventually('three dead letters', async () => (await ledgerOf(limen.httpUrl, 'desk')).deadLettered === 3)

    /** Does the gateway's own alarm say so? */
    const alarmed = async (): Promise<boolean> => {
      const { items } = (await (await fetch(`${limen.httpUrl}/api/v1/alarms?rule=technical.dead-letters`)).json()) as { items: { active: boolean; class: string; key: string }[] }
      for (const item of items) expect(item).toMatchObject({ class: 'technical', key: 'gateway', priority: 'high' })
      return items.some(({ active }) => active)
    }
    await eventually('the alarm that dead letters wait', alarmed)

    /** One line a letter; by the device it is about. */
    async function listed(): Promise<Map<string, string>> {
      const { code, stdout } = await limen.run('dead-letters', 'list')
      expect(code).toBe(0)
      const lines = stdout.split('\n').slice(1).filter((line) => line !== '')
      for (const line of lines) expect(line).toMatch(/^\S+\s+desk\s+\d{4}-\S+Z\s+limen\.alarm\.raised \w+\s+1\s+.*400/)
      return new Map(lines.map((line) => [/raised (\w+)/.exec(line)![1]!, line.split(/\s+/)[0]!]))
    }
    const letters = await listed()
    expect([...letters.keys()].sort()).toEqual(['one', 'three', 'two'])

    hook.answer = (_, response) => void response.writeHead(204).end()
    const keyOfOne = hook.requests.find(({ body }) => (JSON.parse(body) as { subject: string }).subject === 'one')!.headers['webhook-id']
    expect((await limen.run('dead-letters', 'redrive', letters.get('one')!)).code).toBe(0)
    await eventually('the redriven one', () => hook.requests.length === 4)
    expect(hook.requests[3]!.headers['webhook-id']).toBe(keyOfOne)
    expect([...(await listed()).keys()].sort()).toEqual(['three', 'two'])
    expect(await limen.stop()).toBe(0)

    expect([...(await listed()).keys()].sort()).toEqual(['three', 'two'])
    expect((await limen.run('dead-letters', 'discard', letters.get('two')!)).code).toBe(2)
    expect((await limen.run('dead-letters', 'discard', letters.get('two')!, '--why', 'the ward is closed')).code).toBe(0)
    expect((await limen.run('dead-letters', 'redrive', letters.get('three')!)).code).toBe(0)
    const unknown = await limen.run('dead-letters', 'redrive', letters.get('one')!)
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining(letters.get('one')!)])
    expect([...(await listed()).keys()]).toEqual([])
    expect(hook.requests).toHaveLength(4)

    await limen.start()
    await eventually('what was redriven while it was stopped', () => hook.requests.length === 5)
    expect((JSON.parse(hook.requests[4]!.body) as { subject: string }).subject).toBe('three')
    const line = await eventually('the books to close', async () => {
      const now = await ledgerOf(limen.httpUrl, 'desk')
      return now.queued === 0 && now
    })
    expect(line).toMatchObject({ received: 3, delivered: 2, deadLettered: 0, dropped: { discarded: 1 } })
    expect(imbalance(line)).toBe(0)
    await eventually('the end of the alarm', async () => !(await alarmed()))
  })
})
