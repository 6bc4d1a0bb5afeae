import { createHmac } from 'node:crypto'
import { createServer } from 'node:https'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type WebhookOptions, createWebhook } from '../../../gateway/delivery/targets/webhook.ts'
import type { Target } from '../../../gateway/kernel/contracts.ts'
import { createSecret } from '../../../gateway/kernel/secret.ts'
import { publicOnlyLookup } from '../../../gateway/delivery/private-address.ts'
import { describeTarget, makeDelivery } from '../../contract/target.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { type HttpReceiver, createHttpReceiver } from '../../support/http-receiver.ts'
import { selfSigned } from '../../support/self-signed.ts'

const clock = createFakeClock()

function makeWebhook(url: string, members: Partial<WebhookOptions> = {}, lookup?: Parameters<typeof createWebhook>[1]['lookup']): Target {
  const target = createWebhook({ url, secret: undefined, allowPrivate: true, ...members }, { clock, ...(lookup === undefined ? {} : { lookup }) })
  onTestFinished(() => target.stop?.())
  return target
}

async function receive(): Promise<HttpReceiver> {
  const receiver = await createHttpReceiver()
  onTestFinished(() => receiver.goAway())
  return receiver
}

const send = async (target: Target) => (await target.send([makeDelivery()], AbortSignal.timeout(10_000)))[0]

describeTarget('a webhook', {
  remote: true,
  async open() {
    const receiver = await createHttpReceiver()
    const quick = receiver.answer
    return {
      target: createWebhook({ url: receiver.url, secret: undefined, allowPrivate: true }, { clock }),
      other: {
        received: () => receiver.requests.map(({ body }) => JSON.parse(body)),
        goAway: () => receiver.goAway(),
        comeBack: () => receiver.comeBack(),
        hang(on) { receiver.answer = on ? () => {} : quick },
        stop: () => receiver.goAway(),
      },
    }
  },
})

describe('a webhook', () => {
  it('posts one CloudEvent with the headers of Standard Webhooks', async () => {
    const receiver = await receive()
    const secret = createSecret('s3cret')
    await makeWebhook(`${receiver.url}/hook?x=1`, { secret }).send([makeDelivery()], AbortSignal.timeout(10_000))
    const [{ method, url, headers, body }] = receiver.requests as [HttpReceiver['requests'][0]]
    const timestamp = String(Math.floor(clock.wall() / 1_000))
    expect({ method, url }).toEqual({ method: 'POST', url: '/hook?x=1' })
    expect(headers).toMatchObject({ 'content-type': 'application/cloudevents+json', 'webhook-id': 'key-1', 'webhook-timestamp': timestamp })
    const signature = createHmac('sha256', 's3cret').update(`key-1.${timestamp}.${body}`).digest('base64')
    expect(headers['webhook-signature']).toBe(`v1,${signature}`)
  })

  it('takes a secret written whsec_ as base64', async () => {
    const receiver = await receive()
    await makeWebhook(receiver.url, { secret: createSecret(`whsec_${Buffer.from([1, 2, 3]).toString('base64')}`) }).send([makeDelivery()], AbortSignal.timeout(10_000))
    const { headers, body } = receiver.requests[0]!
    const signature = createHmac('sha256', Buffer.from([1, 2, 3])).update(`key-1.${headers['webhook-timestamp'] as string}.${body}`).digest('base64')
    expect(headers['webhook-signature']).toBe(`v1,${signature}`)
  })

  it('is unsigned without a secret', async () => {
    const receiver = await receive()
    await send(makeWebhook(receiver.url))
    expect(receiver.requests[0]!.headers['webhook-signature']).toBeUndefined()
  })

  it.each([200, 201, 202, 204])('takes %i for accepted', async (status) => {
    const receiver = await receive()
    receiver.answer = (_, response) => void response.writeHead(status).end()
    expect(await send(makeWebhook(receiver.url))).toEqual({ kind: 'accepted', answer: `HTTP ${status}` })
  })

  it.each([408, 425, 429, 500, 502, 503, 504])('tries again after %i', async (status) => {
    const receiver = await receive()
    receiver.answer = (_, response) => void response.writeHead(status).end('busy\nnow')
    expect(await send(makeWebhook(receiver.url))).toEqual({ kind: 'retry', reason: `HTTP ${status}: busy now` })
  })

  it.each([400, 401, 403, 404, 409, 410, 413, 422])('gives up after %i, with the server\'s words', async (status) => {
    const receiver = await receive()
    receiver.answer = (_, response) => void response.writeHead(status).end('no such hook')
    expect(await send(makeWebhook(receiver.url))).toEqual({ kind: 'refused', reason: `HTTP ${status}: no such hook` })
  })

  it('honours Retry-After in seconds and as a date', async () => {
    const receiver = await receive()
    const values = ['120', new Date(clock.wall() + 90_000).toUTCString(), 'soon']
    receiver.answer = (_, response) => void response.writeHead(503, { 'retry-after': values.shift()! }).end()
    const target = makeWebhook(receiver.url)
    expect(await send(target)).toEqual({ kind: 'retry', reason: 'HTTP 503', afterMs: 120_000 })
    expect(await send(target)).toEqual({ kind: 'retry', reason: 'HTTP 503', afterMs: 90_000 })
    expect(await send(target)).toEqual({ kind: 'retry', reason: 'HTTP 503' })
  })

  it.each([301, 302, 307, 308])('does not follow a redirect (%i)', async (status) => {
    const [receiver, elsewhere] = [await receive(), await receive()]
    receiver.answer = (_, response) => void response.writeHead(status, { location: elsewhere.url }).end()
    expect(await send(makeWebhook(receiver.url))).toMatchObject({ kind: 'refused' })
    expect(elsewhere.requests).toEqual([])
  })

  it('keeps its connection', async () => {
    const receiver = await receive()
    const target = makeWebhook(receiver.url)
    for (let i = 0; i < 5; i++) expect(await send(target)).toMatchObject({ kind: 'accepted' })
    expect(receiver.connections()).toBe(1)
  })

  it('sends again at once when the server has closed a kept connection', async () => {
    const receiver = await receive()
    const target = makeWebhook(receiver.url)
    let drop = false
    receiver.answer = (_, response) => {
      if (drop) response.socket!.resetAndDestroy()
      else response.writeHead(204).end()
      drop = !drop
    }
    expect(await send(target)).toMatchObject({ kind: 'accepted' })
    expect(await send(target)).toMatchObject({ kind: 'accepted' })
    expect(receiver.requests).toHaveLength(3)
  })

  it('reads no more of an endless answer than it needs', async () => {
    const receiver = await receive()
    let closed = false
    receiver.answer = (_, response) => {
      response.writeHead(200)
      const pour = (): void => { while (!response.destroyed && response.write('x'.repeat(65_536))) { /* until the socket is full */ } }
      response.on('drain', pour).on('close', () => { closed = true })
      pour()
    }
    expect(await send(makeWebhook(receiver.url))).toMatchObject({ kind: 'accepted' })
    await expect.poll(() => closed).toBe(true)
  })

  it.each(['http://127.0.0.1:9', 'http://[::1]:9', 'http://2130706433:9', 'http://169.254.169.254/latest/meta-data', 'http://10.0.0.1', 'http://[::ffff:192.168.1.1]'])('does not call %s unless private addresses are allowed', async (url) => {
    expect(await send(makeWebhook(url, { allowPrivate: false }))).toMatchObject({ kind: 'refused', reason: expect.stringContaining('allowPrivate: true') as string })
  })

  it('does not call a name that leads to a private address', async () => {
    const receiver = await receive()
    const url = receiver.url.replace('127.0.0.1', 'localhost')
    expect(await send(makeWebhook(url, { allowPrivate: false }))).toMatchObject({ kind: 'refused', reason: expect.stringContaining('localhost has no public address') as string })
    expect(receiver.requests).toEqual([])
  })

  it('is not fooled by a name whose answer changes between check and connection', async () => {
    const receiver = await receive()
    const asked: string[] = []
    const rebinding = publicOnlyLookup((hostname, callback) => {
      asked.push(hostname)
      callback(null, [{ address: asked.length === 1 ? '203.0.114.1' : '127.0.0.1', family: 4 }])
    })
    const url = receiver.url.replace('127.0.0.1', 'rebind.test')
    const target = makeWebhook(url, { allowPrivate: false }, rebinding)
    const [first] = await target.send([makeDelivery()], AbortSignal.timeout(200))
    expect(first).toMatchObject({ kind: 'retry' })
    expect(asked).toEqual(['rebind.test'])
    expect(await send(target)).toMatchObject({ kind: 'refused' })
    expect(receiver.requests).toEqual([])
  })

  it('sends nothing over TLS to a server whose certificate cannot be verified', async () => {
    const receiver = await createHttpReceiver({ create: (listener) => createServer(selfSigned, listener) })
    onTestFinished(() => receiver.goAway())
    expect(await send(makeWebhook(receiver.url.replace('http:', 'https:')))).toMatchObject({ kind: 'retry', reason: expect.stringContaining('self-signed') as string })
    expect(receiver.requests).toEqual([])
  })

  it('tries again when the name cannot be resolved', async () => {
    const lookup = publicOnlyLookup((_, callback) => callback(Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' }), []))
    expect(await send(makeWebhook('http://nowhere.test', { allowPrivate: false }, lookup))).toEqual({ kind: 'retry', reason: 'getaddrinfo EAI_AGAIN' })
  })
})
