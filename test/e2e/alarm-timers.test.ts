import { describe, expect, it, onTestFinished } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { createHttpReceiver } from '../support/http-receiver.ts'
import { ownClient, ownGateway } from '../support/own-gateway.ts'

const rules = `rules:
  - { id: steps, on: { metric: temp }, when: { above: 50 }, escalate: [1s, 1h] }
  - { id: again, on: { metric: temp }, when: { above: 50 }, realarm: 1s }
  - { id: hidden, on: { metric: temp }, when: { above: 50 }, then: [ { notify: desk } ] }
`

interface Happened { readonly type: string; readonly data: { readonly rule: string; readonly id: string; readonly state: string; readonly by: string | null; readonly note: string | null; readonly reason?: string } }

describe('what falls due while the gateway is dead', () => {
  it('comes once after the start: a step of escalation, a re-alarm, the end of a shelf with its notification; comments are still there', async () => {
    const hook = await createHttpReceiver()
    onTestFinished(() => hook.goAway())
    hook.answer = (_, response) => void response.writeHead(204).end()
    const limen = await ownGateway({
      yaml: `rules: [rules.yaml]\ntargets:\n  desk: { webhook: { url: "${hook.url}", allowPrivate: true } }\n`,
      files: { 'rules.yaml': rules },
    })
    const told = async (rule: string): Promise<readonly (readonly (string | null | undefined)[])[]> => {
      const { items } = (await (await fetch(`${limen.httpUrl}/api/v1/events?type=limen.alarm.*`)).json()) as { items: Happened[] }
      return items.filter(({ data }) => data.rule === rule).map(({ type, data }) => [type.slice('limen.alarm.'.length), data.reason ?? data.note])
    }
    const act = async (rule: string, verb: string, body: object): Promise<number> => {
      const { items } = (await (await fetch(`${limen.httpUrl}/api/v1/alarms?rule=${rule}`)).json()) as { items: { id: string }[] }
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
      return (await fetch(`${limen.httpUrl}/api/v1/alarms/${items[0]!.id}/${verb}`, init)).status
    }

    await (await ownClient(limen.mqttUrl)).publishAsync('devices/oven/temp', '60', { qos: 1 })
    await eventually('the first notification', () => hook.requests.length === 1)
    expect(await act('steps', 'comment', { by: 'ann', note: 'fetching the key' })).toBe(200)
    expect(await act('again', 'ack', { by: 'ann' })).toBe(200)
    expect(await act('hidden', 'shelve', { by: 'ann', until: Date.now() + 5_000 })).toBe(200)
    await limen.kill()
    await new Promise((resolve) => setTimeout(resolve, 5_200))
    await limen.start()

    await eventually('the step', async () => (await told('steps')).at(-1)?.[0] === 'escalated')
    await eventually('the re-alarm', async () => (await told('again')).at(-1)?.[0] === 'realarmed')
    await eventually('the second notification', () => hook.requests.length === 2)
    // Before the kill or after it: once.
    expect(await told('steps')).toEqual([['raised', null], ['commented', 'fetching the key'], ['escalated', 'step 1 of 2']].sort(byOrderOf(await told('steps'))))
    expect((await told('again')).map(([event]) => event)).toEqual(['raised', 'acked', 'realarmed'])
    expect(await told('hidden')).toEqual([['raised', null], ['shelved', null], ['unshelved', 'expired'], ['raised', 'expired']])
    await limen.kill()
    await limen.start()
    expect((await told('steps')).filter(([event]) => event === 'escalated')).toHaveLength(1)
    expect(await act('again', 'ack', { by: 'bob' })).toBe(200)
  })
})

/** The comment may come before or after the step: the machine decides how quick it was. */
function byOrderOf(found: readonly (readonly unknown[])[]): (a: readonly unknown[], b: readonly unknown[]) => number {
  const at = (row: readonly unknown[]): number => found.findIndex(([event]) => event === row[0])
  return (a, b) => at(a) - at(b)
}
