import { describe, expect, it, onTestFinished } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { createHttpReceiver } from '../support/http-receiver.ts'
import { ownClient, ownGateway } from '../support/own-gateway.ts'
import { imbalance, ledgerOf } from '../support/reading-books.ts'

const rules = `rules:
  - id: hot
    on: { metric: temp, device: "*" }
    when: { above: 50 }
    priority: high
    then: [ { notify: desk } ]
`

async function scene() {
  const hook = await createHttpReceiver()
  onTestFinished(() => hook.goAway())
  const limen = await ownGateway({
    yaml: `rules: [rules.yaml]\ntargets:\n  desk: { webhook: { url: "${hook.url}", allowPrivate: true } }\n`,
    files: { 'rules.yaml': rules },
  })
  const raise = async (device: string) => {
    const client = await ownClient(limen.mqttUrl)
    await client.publishAsync(`devices/${device}/temp`, '60', { qos: 1 })
  }
  const settled = () => eventually('the books to close', async () => {
    const line = await ledgerOf(limen.httpUrl, 'desk')
    return line.received > 0 && line.queued === 0 && line
  })
  return { hook, limen, raise, settled }
}

describe('a webhook over kill -9', () => {
  it('that had arrived, but was not answered, comes again under the same idempotency key', async () => {
    const { hook, limen, raise, settled } = await scene()
    // Takes it, and says nothing.
    hook.answer = () => {}
    await raise('oven')
    await eventually('the first try', () => hook.requests[0])
    await limen.kill()
    hook.answer = (_, response) => void response.writeHead(204).end()
    await limen.start()
    const again = await eventually('the second try', () => hook.requests[1])
    expect(again.headers['webhook-id']).toBe(hook.requests[0]!.headers['webhook-id'])
    expect(again.body).toBe(hook.requests[0]!.body)
    const line = await settled()
    expect(line).toEqual({ received: 1, delivered: 1, queued: 0, deadLettered: 0, dropped: {} })
    expect(hook.requests).toHaveLength(2)
  })

  it('that nobody was there to take arrives once, however often the gateway was killed', async () => {
    const { hook, limen, raise, settled } = await scene()
    await hook.goAway()
    for (const device of ['a', 'b', 'c']) {
      await raise(device)
      await limen.kill()
      await limen.start()
    }
    await hook.comeBack()
    const line = await settled()
    expect(line).toMatchObject({ received: 3, delivered: 3, deadLettered: 0 })
    expect(imbalance(line)).toBe(0)
    expect(hook.requests.map(({ body }) => (JSON.parse(body) as { subject: string }).subject).sort()).toEqual(['a', 'b', 'c'])
    expect(new Set(hook.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(3)
  })
})
