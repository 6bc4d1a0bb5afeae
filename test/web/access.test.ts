import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import type { HTTPMethods } from 'fastify'
import { describe, expect, it } from 'vitest'
import type { Role } from '../../gateway/kernel/principal.ts'
import { controlToken, flowsToken, webScene } from '../support/web-scene.ts'

const event = { specversion: '1.0', id: '1', source: 's', type: 't' }

/** Every route with the least role it takes; `public` needs none. */
const routes: readonly (readonly [method: HTTPMethods, url: string, least: Role | 'public', payload?: object])[] = [
  ['GET', '/api/v1/alarms', 'viewer'],
  ['GET', '/api/v1/alarms/hr-high.bed-1', 'viewer'],
  ['GET', '/api/v1/alarms/hr-high.bed-1/evidence', 'viewer'],
  ['GET', '/api/v1/alarms/hr-high.bed-1/deliveries', 'viewer'],
  ['POST', '/api/v1/alarms/hr-high.bed-1/ack', 'operator', {}],
  ['POST', '/api/v1/alarms/hr-high.bed-1/reset', 'operator', {}],
  ['POST', '/api/v1/alarms/hr-high.bed-1/shelve', 'operator', {}],
  ['POST', '/api/v1/alarms/hr-high.bed-1/unshelve', 'operator', {}],
  ['POST', '/api/v1/alarms/hr-high.bed-1/suppress', 'operator', {}],
  ['POST', '/api/v1/alarms/hr-high.bed-1/unsuppress', 'operator', {}],
  ['POST', '/api/v1/alarms/hr-high.bed-1/out-of-service', 'admin', {}],
  ['POST', '/api/v1/alarms/hr-high.bed-1/return-to-service', 'admin', {}],
  ['POST', '/api/v1/alarms/hr-high.bed-1/comment', 'operator', {}],
  ['GET', '/api/v1/devices', 'viewer'],
  ['GET', '/api/v1/devices/bed-1', 'viewer'],
  ['PUT', '/api/v1/devices/bed-1', 'admin', {}],
  ['GET', '/api/v1/readings', 'viewer'],
  ['GET', '/api/v1/events', 'viewer'],
  ['POST', '/api/v1/events', 'operator', event],
  ['GET', '/api/v1/rules', 'viewer'],
  ['GET', '/api/v1/rules/a', 'viewer'],
  ['PUT', '/api/v1/rules/a', 'admin', {}],
  ['DELETE', '/api/v1/rules/a', 'admin'],
  ['GET', '/api/v1/rules/a/versions', 'viewer'],
  ['GET', '/api/v1/rules/a/diff', 'viewer'],
  ['POST', '/api/v1/rules/a/rollback', 'admin', { revision: 1 }],
  ['POST', '/api/v1/rules/check', 'operator', {}],
  ['POST', '/api/v1/rules/backtest', 'operator', {}],
  ['GET', '/api/v1/commands', 'viewer'],
  ['POST', '/api/v1/commands', 'operator', { device: 'd', actuator: 'a', value: 1 }],
  ['GET', '/api/v1/commands/c1', 'viewer'],
  ['GET', '/api/v1/dead-letters', 'viewer'],
  ['POST', '/api/v1/dead-letters/d1/redrive', 'admin'],
  ['DELETE', '/api/v1/dead-letters/d2?why=x', 'admin'],
  ['GET', '/api/v1/ledger', 'viewer'],
  ['GET', '/api/v1/kpis', 'viewer'],
  ['GET', '/api/v1/flows', 'viewer'],
  ['GET', '/api/v1/flows/versions', 'viewer'],
  ['POST', '/api/v1/flows/rollback', 'admin'],
  ['POST', '/api/v1/flows/restart', 'admin'],
  ['GET', '/api/v1/session', 'viewer'],
  ['POST', '/api/v1/login', 'public', { name: 'ada', password: 'adaada' }],
  ['POST', '/api/v1/logout', 'public'],
  ['GET', '/api/v1/gateway', 'viewer'],
  ['GET', '/api/v1/state', 'viewer'],
  ['GET', '/api/v1/openapi.json', 'viewer'],
  // The upgrade itself: live-socket.test.ts.
  ['GET', '/api/v1/live', 'viewer'],
  ['GET', '/healthz', 'public'],
  ['GET', '/readyz', 'public'],
  ['GET', '/metrics', 'viewer'],
  ['GET', '/login', 'public'],
  ['GET', '/style.css', 'public'],
  // These lead to the login where one is needed (dashboard-files.test.ts).
  ['GET', '/', 'public'],
  ['GET', '/api', 'public'],
  ['GET', '/alarms/x', 'public'],
  ['GET', '/devices/x/y', 'public'],
  ['GET', '/rules/x', 'public'],
  ['GET', '/history/x', 'public'],
  ['GET', '/kpi', 'public'],
  ['GET', '/system', 'public'],
  // Tested over a socket in stream.test.ts: ['GET', '/api/v1/stream', 'viewer']
]

const ranks = { public: 0, viewer: 1, operator: 2, admin: 3 }
const people = { vera: 'viewer', otto: 'operator', ada: 'admin' } as const

describe('roles', () => {
  it('have every route in their table', async () => {
    const { web } = webScene()
    const document = (await web.inject({ url: '/api/v1/openapi.json' })).json<{ paths: Record<string, Record<string, object>> }>()
    const known = Object.entries(document.paths).flatMap(([path, operations]) => Object.keys(operations).map((method) => ({ method, pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}(\\?|$)`), path })))
    const untested = known.filter(({ method, pattern }) => !routes.some(([m, url]) => m.toLowerCase() === method && pattern.test(url)))
    expect(untested.map(({ method, path }) => `${method} ${path}`)).toEqual(['get /api/v1/stream'])
  })

  for (const [method, url, least, payload] of routes) it(`${method} ${url} needs ${least}`, async () => {
    const { call, logIn } = webScene({ loopbackTrusted: false })
    const ask = (headers: Record<string, string>) => call({ method, url, headers, ...(payload === undefined ? {} : { payload }) })
    const nobody = await ask({})
    if (least === 'public') expect(nobody.statusCode).toBeLessThan(400)
    else expect(nobody.json()).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' })
    for (const [name, role] of Object.entries(people)) {
      const answer = await ask(await logIn(name))
      if (ranks[role] >= ranks[least]) expect([401, 403]).not.toContain(answer.statusCode)
      else expect(answer.json()).toMatchObject({ status: 403, code: 'FORBIDDEN' })
    }
    expect([401, 403]).not.toContain((await ask({ authorization: `Bearer ${controlToken}` })).statusCode)
    if (least !== 'public') expect((await ask({ authorization: `Bearer ${controlToken}x` })).statusCode).toBe(401)
  })
})

describe('trust in loopback', () => {
  const ask = (headers: Record<string, string>, options: Parameters<typeof webScene>[0] = {}, remoteAddress = '127.0.0.1') =>
    webScene(options).call({ url: '/api/v1/session', headers, remoteAddress })

  it.each(['localhost', '127.0.0.1:8080', '[::1]:8080', 'LOCALHOST:1', '127.9.9.9'])('asks no login of Host %s', async (host) => {
    expect((await ask({ host })).json()).toEqual({ name: 'loopback', role: 'admin', via: 'loopback', csrfToken: null, endsAt: null })
  })

  it.each([
    ['a rebound name', { host: 'evil.example:8080' }], ['a name that only looks like it', { host: 'localhost.evil.example' }], ['a number that only looks like it', { host: '127.0.0.1.evil.example' }],
    ['a proxy', { host: 'localhost', 'x-forwarded-for': '203.0.113.9' }], ['a proxy (RFC 7239)', { host: 'localhost', forwarded: 'for=203.0.113.9' }],
  ])('does not reach %s', async (_, headers) => {
    expect((await ask(headers)).statusCode).toBe(401)
  })

  it('does not reach another machine, a listener off loopback, or auth.loopback: required', async () => {
    expect((await ask({ host: 'localhost' }, {}, '203.0.113.9')).statusCode).toBe(401)
    expect((await ask({ host: 'localhost' }, { host: '0.0.0.0' })).statusCode).toBe(401)
    expect((await ask({ host: 'localhost' }, { loopbackTrusted: false })).statusCode).toBe(401)
    expect((await ask({ host: 'localhost' }, {}, '::ffff:127.0.0.1')).statusCode).toBe(200)
  })

  it('is no way round a wrong token, and an empty token is none', async () => {
    expect((await ask({ authorization: 'Bearer wrong' })).statusCode).toBe(401)
    expect((await ask({ authorization: 'Bearer ' }, { tokens: [{ token: '', principal: { kind: 'user', name: 'limen', role: 'admin' } }] })).statusCode).toBe(401)
  })
})

describe('a token of this run', () => {
  it('is good for its own role and no more', async () => {
    const { call, door } = webScene({ loopbackTrusted: false })
    const authorization = `Bearer ${flowsToken}`
    expect((await call({ url: '/api/v1/session', headers: { authorization } })).json()).toMatchObject({ name: 'flows', role: 'operator', via: 'token' })
    expect((await call({ method: 'POST', url: '/api/v1/alarms/hr-high.bed-1/ack', headers: { authorization } })).statusCode).toBe(200)
    expect(door.taken.at(-1)).toMatchObject({ action: { by: 'flows' } })
    expect((await call({ method: 'PUT', url: '/api/v1/devices/bed-1', headers: { authorization }, payload: {} })).statusCode).toBe(403)
  })
})

describe('the origin of a request', () => {
  const post = (headers: Record<string, string>) => webScene().call({ method: 'POST', url: '/api/v1/alarms/hr-high.bed-1/ack', headers: { host: 'localhost:8080', ...headers } })

  it.each<[Record<string, string>, number]>([
    [{}, 200], [{ origin: 'http://localhost:8080' }, 200], [{ origin: 'https://localhost:8080' }, 200], [{ 'sec-fetch-site': 'same-origin' }, 200], [{ 'sec-fetch-site': 'none' }, 200],
    [{ origin: 'http://evil.example' }, 403], [{ origin: 'http://localhost:9090' }, 403], [{ origin: 'http://127.0.0.1:8080' }, 403], [{ origin: 'null' }, 403], [{ origin: '' }, 403],
    [{ origin: 'http://localhost:8080.evil.example' }, 403], [{ origin: 'http://localhost:8080@evil.example' }, 403], [{ 'sec-fetch-site': 'cross-site' }, 403], [{ 'sec-fetch-site': 'same-site' }, 403],
  ])('%j is answered %i, also on trusted loopback', async (headers, status) => {
    const answer = await post(headers)
    expect(answer.statusCode).toBe(status)
  })

  it('may be none of ours for a page that is opened by a link', async () => {
    expect((await webScene().call({ url: '/', headers: { 'sec-fetch-site': 'cross-site' } })).statusCode).toBe(200)
  })

  it('is judged the same way for a WebSocket', () => {
    const { web } = webScene()
    const upgrade = (headers: Record<string, string>) => {
      const request = new IncomingMessage(new Socket())
      request.method = 'GET'
      Object.assign(request.headers, { host: 'localhost:8080', upgrade: 'websocket', ...headers })
      return web.allowOrigin(request)
    }
    expect(upgrade({})).toBe(true)
    expect(upgrade({ origin: 'http://localhost:8080' })).toBe(true)
    expect(upgrade({ origin: 'http://evil.example' })).toBe(false)
    expect(upgrade({ 'sec-fetch-site': 'cross-site' })).toBe(false)
  })
})

describe('a login', () => {
  const scene = () => webScene({ loopbackTrusted: false })

  it('gives a cookie no script can read and no other site can send', async () => {
    const { call } = scene()
    const answer = await call({ method: 'POST', url: '/api/v1/login', payload: { name: 'otto', password: 'ottootto' } })
    expect(answer.json()).toEqual({ name: 'otto', role: 'operator', via: 'cookie', csrfToken: expect.stringMatching(/^.{32}$/), endsAt: '2026-01-02T00:00:00.000Z' })
    expect(answer.headers['set-cookie']).toMatch(/^limen-session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/)
    const behindTls = await call({ method: 'POST', url: '/api/v1/login', headers: { 'x-forwarded-proto': 'https' }, payload: { name: 'otto', password: 'ottootto' } })
    expect(behindTls.headers['set-cookie']).toContain('; Secure')
  })

  it('gives a new id each time and ends the session it came with', async () => {
    const { call, logIn } = scene()
    const first = await logIn('otto')
    const again = await call({ method: 'POST', url: '/api/v1/login', headers: { cookie: first['cookie']! }, payload: { name: 'otto', password: 'ottootto' } })
    expect(again.cookies).toHaveLength(1)
    expect(`${again.cookies[0]!.name}=${again.cookies[0]!.value}`).not.toBe(first['cookie'])
    expect((await call({ url: '/api/v1/session', headers: first })).statusCode).toBe(401)
  })

  it('does not adopt an id somebody else thought of', async () => {
    const { call } = scene()
    const answer = await call({ method: 'POST', url: '/api/v1/login', headers: { cookie: 'limen-session=chosen' }, payload: { name: 'otto', password: 'ottootto' } })
    expect(answer.cookies.at(-1)!.value).not.toBe('chosen')
    expect((await call({ url: '/api/v1/session', headers: { cookie: 'limen-session=chosen' } })).statusCode).toBe(401)
  })

  it('is refused without saying which of name and password was wrong', async () => {
    const { call } = scene()
    const wrong = await call({ method: 'POST', url: '/api/v1/login', payload: { name: 'otto', password: 'x' } })
    const nobody = await call({ method: 'POST', url: '/api/v1/login', payload: { name: 'nobody', password: 'x' } })
    expect(wrong.statusCode).toBe(401)
    expect(wrong.body).toBe(nobody.body)
    expect(wrong.headers['set-cookie']).toBeUndefined()
  })

  it('says how long to wait when there were too many', async () => {
    const { call, users } = scene()
    users.slowBy(9_500)
    const answer = await call({ method: 'POST', url: '/api/v1/login', payload: { name: 'otto', password: 'ottootto' } })
    expect(answer.json()).toMatchObject({ status: 429, code: 'TOO_MANY_ATTEMPTS' })
    expect(answer.headers['retry-after']).toBe('10')
  })

  it('asks for the CSRF token on writes, not on reads', async () => {
    const { call, logIn } = scene()
    const { cookie, 'x-csrf-token': token } = await logIn('otto')
    const ack = (headers: Record<string, string>) => call({ method: 'POST', url: '/api/v1/alarms/hr-high.bed-1/ack', headers })
    expect((await ack({ cookie: cookie! })).json()).toMatchObject({ status: 403, detail: expect.stringContaining('X-CSRF-Token') })
    expect((await ack({ cookie: cookie!, 'x-csrf-token': `${token}x` })).statusCode).toBe(403)
    expect((await ack({ cookie: cookie!, 'x-csrf-token': token! })).statusCode).toBe(200)
    expect((await call({ url: '/api/v1/alarms', headers: { cookie: cookie! } })).statusCode).toBe(200)
  })

  it('makes the user\'s own name stand in what they do', async () => {
    const { call, logIn, door } = scene()
    await call({ method: 'POST', url: '/api/v1/alarms/hr-high.bed-1/ack', headers: await logIn('otto'), payload: { by: 'somebody else' } })
    expect(door.taken.at(-1)).toMatchObject({ action: { by: 'otto' }, principal: { name: 'otto' } })
  })

  it('ends after 8 h without use, after 24 h whatever happens, at logout, and when the user is revoked', async () => {
    const { call, logIn, clock, users } = scene()
    const status = async (headers: Record<string, string>) => (await call({ url: '/api/v1/session', headers })).statusCode
    const idle = await logIn('otto')
    const used = await logIn('otto')
    await clock.advance(7 * 3_600_000)
    expect(await status(used)).toBe(200)
    await clock.advance(3_600_000)
    expect(await status(idle)).toBe(401)
    for (let hour = 8; hour < 24; hour += 4) {
      expect(await status(used)).toBe(200)
      await clock.advance(4 * 3_600_000)
    }
    expect(await status(used)).toBe(401)
    const left = await logIn('otto')
    expect((await call({ method: 'POST', url: '/api/v1/logout', headers: left })).statusCode).toBe(204)
    expect(await status(left)).toBe(401)
    const revoked = await logIn('otto')
    users.revoke('otto')
    expect(await status(revoked)).toBe(401)
  })

  it('can come with the request for a scraper, and only there', async () => {
    const { call } = scene()
    const authorization = `Basic ${Buffer.from('vera:veravera').toString('base64')}`
    expect((await call({ url: '/metrics', headers: { authorization } })).statusCode).toBe(200)
    expect((await call({ url: '/api/v1/alarms', headers: { authorization } })).statusCode).toBe(401)
    expect((await call({ url: '/metrics', headers: { authorization: 'Basic dmVyYQ==' } })).statusCode).toBe(401)
  })
})

describe('every answer', () => {
  it.each(['/', '/login', '/healthz', '/api/v1/alarms', '/nothing', '/%zz'])('of %s carries the headers that keep pages apart', async (url) => {
    const { headers } = await webScene().call({ url })
    expect(headers['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
    expect(headers['content-security-policy']).not.toContain('unsafe')
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store', 'cross-origin-resource-policy': 'same-origin' })
    expect(headers['access-control-allow-origin']).toBeUndefined()
  })
})
