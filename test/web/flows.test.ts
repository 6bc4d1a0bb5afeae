import { once } from 'node:events'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { flowsRoom } from '../support/flows-room.ts'
import { observeRoutes } from '../support/observed-routes.ts'
import { controlToken, flowsToken, webScene } from '../support/web-scene.ts'

interface Echo { readonly method: string; readonly url: string; readonly headers: Record<string, string>; readonly length: number; readonly sha: string }

/** The web room with the real room of the flows behind it, and a fake process behind that; on a port. */
async function scene(set: { loopbackTrusted?: boolean; start?: boolean } = {}) {
  const { room, state, events } = flowsRoom()
  const observed = observeRoutes()
  const web = webScene({ loopbackTrusted: set.loopbackTrusted ?? true }, observed, { desk: room.desk, proxy: room.proxy, maxMemoryBytes: 268_435_456 })
  // As in the gateway: its WebSockets end before the server does.
  onTestFinished(() => room.stop())
  await web.web.start()
  if (set.start !== false) {
    room.start()
    await state('running')
  }
  const { port } = web.web.address()!
  const origin = `http://127.0.0.1:${port}`
  const ask = (path: string, init: RequestInit = {}) => fetch(`${origin}${path}`, { redirect: 'manual', ...init })

  /** An upgrade by hand; gives the socket and what was answered first. */
  async function upgrade(headers: Record<string, string>, path = '/flows/comms'): Promise<{ status: number; socket: Duplex; answer: IncomingMessage }> {
    const asked: ClientRequest = httpRequest({ host: '127.0.0.1', port, path, headers: { connection: 'Upgrade', upgrade: 'websocket', ...headers } })
    asked.end()
    const outcome = await Promise.race([
      once(asked, 'upgrade').then(([answer, socket]) => ({ answer: answer as IncomingMessage, socket: socket as Duplex })),
      once(asked, 'response').then(([answer]) => ({ answer: answer as IncomingMessage, socket: (answer as IncomingMessage).socket as Duplex })),
    ])
    outcome.socket.on('error', () => {})
    return { ...outcome, status: outcome.answer.statusCode! }
  }

  return { ...web, room, state, events, observed, ask, upgrade, origin, port }
}

describe('the editor of the flows', () => {
  it('is passed through: address, method, body, headers but for what is nobody\'s business there', async () => {
    const { ask, port } = await scene()
    const answer = await ask('/flows/settings?a=%2F&b=1', {
      method: 'PUT', body: 'x'.repeat(200_000),
      headers: { 'content-type': 'text/plain', authorization: `Bearer ${controlToken}`, cookie: 'limen-session=abc; theme=dark', 'x-limen-user': 'forged', 'node-red-api-version': 'v2', te: 'trailers' },
    })
    expect(answer.status).toBe(200)
    const { method, url, headers, length } = (await answer.json()) as Echo
    expect({ method, url, length }).toEqual({ method: 'PUT', url: '/flows/settings?a=%2F&b=1', length: 200_000 })
    expect(headers).toMatchObject({
      'content-type': 'text/plain', cookie: 'theme=dark', 'x-limen-user': 'limen', 'node-red-api-version': 'v2', host: `127.0.0.1:${port}`,
      'x-forwarded-for': '127.0.0.1', 'x-forwarded-host': `127.0.0.1:${port}`, 'x-forwarded-proto': 'http',
    })
    expect(headers).not.toHaveProperty('authorization')
    expect(headers).not.toHaveProperty('te')
  })

  it('keeps a body of unknown length framed, whatever the method', async () => {
    const { port } = await scene()
    const socket = connect(port, '127.0.0.1')
    const smuggled = 'GET /flows/die HTTP/1.1\r\nHost: x\r\n\r\n'
    socket.write(`DELETE /flows/one HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`)
    const chunks: Buffer[] = []
    for await (const chunk of socket) chunks.push(chunk as Buffer)
    expect(Buffer.concat(chunks).toString()).toContain(`"length":${smuggled.length}`)
  })

  it('has a policy of its own that loads nothing from elsewhere, which no flow can change, nor set a cookie of ours', async () => {
    const { ask } = await scene()
    const { headers } = await ask('/flows/cookie')
    const policy = headers.get('content-security-policy')!
    expect(policy).toMatch(/^default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:;.*connect-src 'self'.*frame-ancestors 'self'$/)
    expect(policy).not.toMatch(/https?:|\*/)
    expect(headers.getSetCookie()).toEqual(['theme=dark'])
    expect(headers.get('x-secret')).toBeNull()
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('cache-control')).toBe('private, no-cache')
    expect((await ask('/login')).headers.get('content-security-policy')).not.toContain('unsafe')
  })

  it('stands at /flows/, where /flows leads', async () => {
    const { ask } = await scene()
    const answer = await ask('/flows')
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/flows/'])
    expect((await (await ask('/flows/')).json() as Echo).url).toBe('/flows/')
  })

  it('takes 10 MiB and no more', async () => {
    const { ask } = await scene()
    const post = (bytes: number) => ask('/flows/flows', { method: 'POST', body: new Uint8Array(bytes) })
    expect((await (await post(10 * 1024 ** 2)).json() as Echo).length).toBe(10 * 1024 ** 2)
    const refused = await post(10 * 1024 ** 2 + 1)
    expect([refused.status, refused.headers.get('content-type')]).toEqual([413, 'application/problem+json; charset=utf-8'])
    async function* endless() { for (let i = 0; i < 200; i++) yield new Uint8Array(65_536) }
    const unnamed = await ask('/flows/flows', { method: 'POST', body: ReadableStream.from(endless()), duplex: 'half' }).then(({ status }) => status, () => 413)
    expect(unnamed).toBe(413)
    expect((await ask('/flows/')).status).toBe(200)
  })

  it('says what the matter is while its process is not there: to a browser as a page, to others as a problem', async () => {
    const { ask, room } = await scene({ start: false })
    const page = await ask('/flows/', { headers: { accept: 'text/html' } })
    expect([page.status, page.headers.get('retry-after')]).toEqual([503, '3'])
    expect(await page.text()).toContain('Flows are coming up')
    const problem = await ask('/flows/settings')
    expect(problem.status).toBe(503)
    expect(await problem.json()).toMatchObject({ status: 503, code: 'FLOWS_UNAVAILABLE', instance: '/flows/settings' })
    await room.stop()
    expect(await (await ask('/flows/settings')).json()).toMatchObject({ detail: 'The gateway is stopping.' })
  })

  it('answers 502 when its process falls in the middle', async () => {
    const { ask } = await scene()
    expect(await (await ask('/flows/die')).json()).toMatchObject({ status: 502, title: 'Flows did not answer' })
  })
})

describe('who may reach the editor', () => {
  it('admins only; a browser without a login is sent to /login', async () => {
    const { ask, logIn } = await scene({ loopbackTrusted: false })
    expect((await ask('/flows/settings')).status).toBe(401)
    const page = await ask('/flows/', { headers: { accept: 'text/html,*/*' } })
    expect([page.status, page.headers.get('location')]).toEqual([303, '/login'])
    for (const [name, status] of [['vera', 403], ['otto', 403], ['ada', 200]] as const) {
      const { cookie } = await logIn(name)
      expect((await ask('/flows/', { headers: { cookie: cookie!, accept: 'text/html' } })).status).toBe(status)
    }
    expect((await ask('/flows/', { headers: { authorization: `Bearer ${flowsToken}` } })).status).toBe(403)
  })

  it('writes under a session need no token but a page of ours, and say who it was', async () => {
    const { ask, logIn, origin, events } = await scene({ loopbackTrusted: false })
    const { cookie } = await logIn('ada')
    const deploy = async (headers: Record<string, string>) => (await ask('/flows/deploy', { method: 'POST', headers: { cookie: cookie!, ...headers } })).status
    expect(await deploy({})).toBe(403)
    expect(await deploy({ origin: 'http://evil.example' })).toBe(403)
    expect(await deploy({ origin: 'null' })).toBe(403)
    expect(await deploy({ origin })).toBe(200)
    await eventually('the deploy', () => events.some(({ type, data }) => type === 'limen.gateway.flows-deployed' && (data as { by: string }).by === 'ada'))
    // Everywhere else the token is needed as before.
    expect((await ask('/api/v1/flows/restart', { method: 'POST', headers: { cookie: cookie!, origin } })).status).toBe(403)
  })

  it('not the pages of other sites, also on trusted loopback: neither to write nor to fetch, but a link may lead there', async () => {
    const { call } = await scene()
    const ask = async (method: 'GET' | 'POST', headers: Record<string, string>) => (await call({ method, url: '/flows', headers: { host: 'localhost:8080', ...headers } })).statusCode
    expect(await ask('POST', { origin: 'http://evil.example' })).toBe(403)
    expect(await ask('GET', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' })).toBe(403)
    expect(await ask('GET', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors', origin: 'http://localhost:9090' })).toBe(403)
    expect(await ask('GET', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })).toBe(302)
    expect(await ask('GET', { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' })).toBe(302)
  })
})

describe('the WebSocket of the editor', () => {
  it('is piped both ways, without our cookie', async () => {
    const { upgrade, origin } = await scene()
    const { status, socket, answer } = await upgrade({ origin, cookie: 'limen-session=abc', 'sec-websocket-key': 'k' })
    expect(status).toBe(101)
    const saw = JSON.parse(String(answer.headers['x-saw'])) as Record<string, string>
    expect(saw).toMatchObject({ upgrade: 'websocket', 'sec-websocket-key': 'k', 'x-limen-user': 'loopback' })
    expect(saw).not.toHaveProperty('cookie')
    socket.write('ping')
    expect(String((await once(socket, 'data'))[0])).toBe('ping')
    socket.destroy()
  })

  it('is refused to other origins, to viewers and operators, and to nobody', async () => {
    const { upgrade, logIn, origin } = await scene({ loopbackTrusted: false })
    const { cookie: admin } = await logIn('ada')
    const { cookie: operator } = await logIn('otto')
    const status = async (headers: Record<string, string>) => (await upgrade(headers)).status
    expect(await status({ origin })).toBe(401)
    expect(await status({ origin, cookie: operator! })).toBe(403)
    expect(await status({ origin: 'http://evil.example', cookie: admin! })).toBe(403)
    expect(await status({ cookie: admin! })).toBe(403)
    expect(await status({ origin, cookie: admin! })).toBe(101)
  })

  it('ends soon after the login it was opened with', async () => {
    const { upgrade, logIn, origin, users, clock } = await scene({ loopbackTrusted: false })
    const { cookie } = await logIn('ada')
    const { socket } = await upgrade({ origin, cookie: cookie! })
    await clock.advance(4_000)
    expect(socket.destroyed).toBe(false)
    users.revoke('ada')
    const closed = once(socket, 'close')
    await clock.advance(2_000)
    await closed
  })

  it('ends with its process, and is refused where Node-RED refuses it or is not there', async () => {
    const { upgrade, origin, room } = await scene()
    expect((await upgrade({ origin }, '/flows/refused')).status).toBe(403)
    const { socket } = await upgrade({ origin })
    const closed = once(socket, 'close')
    await room.stop()
    await closed
    expect((await upgrade({ origin })).status).toBe(503)
  })
})

describe('flows over the API', () => {
  it('tell how they do, list and bring back versions, start anew, as documented', async () => {
    const { call, state, observed } = await scene()
    expect((await call({ url: '/api/v1/flows' })).json()).toMatchObject({ state: 'running', restarts: 0, lastError: null, maxMemoryBytes: 268_435_456, editor: '/flows/' })
    expect((await call({ url: '/api/v1/flows/versions' })).json()).toEqual({ items: [], next: null })
    const none = await call({ method: 'POST', url: '/api/v1/flows/rollback' })
    expect(none.json()).toMatchObject({ status: 404, detail: expect.stringContaining('nothing was deployed yet') })
    expect((await call({ method: 'POST', url: '/api/v1/flows/rollback', payload: { version: '20261126T110543123Z' } })).statusCode).toBe(404)
    expect((await call({ method: 'POST', url: '/api/v1/flows/rollback', payload: { version: '../x' } })).statusCode).toBe(400)
    expect((await call({ method: 'POST', url: '/api/v1/flows/restart' })).statusCode).toBe(202)
    await state('running')
    expect((await call({ url: '/api/v1/flows' })).json()).toMatchObject({ restarts: 1 })
    observed.checkAgainst((await call({ url: '/api/v1/openapi.json' })).json())
  })

  it('that are off say so, and how to turn them on', async () => {
    const { call } = webScene()
    expect((await call({ url: '/api/v1/flows' })).json()).toEqual({ state: 'off', since: null, restarts: 0, lastError: null, memoryBytes: null, maxMemoryBytes: null, editor: null })
    for (const [method, url] of [['GET', 'versions'], ['POST', 'rollback'], ['POST', 'restart']] as const) {
      expect((await call({ method, url: `/api/v1/flows/${url}` })).json()).toMatchObject({ status: 409, detail: expect.stringContaining('flows: { mode: child }') })
    }
    for (const url of ['/flows', '/flows/', '/flows/settings']) expect((await call({ url })).json()).toMatchObject({ status: 404, detail: expect.stringContaining('flows: { mode: child }') })
  })
})
