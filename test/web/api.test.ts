import { describe, expect, it } from 'vitest'
import type { Alarm } from '../../gateway/kernel/alarm.ts'
import { LimenError } from '../../gateway/kernel/errors.ts'
import { anAlarm } from '../support/desks.ts'
import { observeRoutes } from '../support/observed-routes.ts'
import { webScene } from '../support/web-scene.ts'

const observed = observeRoutes()
const scene = () => webScene({}, observed)
const api = (path: string) => `/api/v1/${path}`

interface List<T> { items: T[]; next: string | null }

describe('alarms', () => {
  it('are listed in the order of ids, with filters', async () => {
    const { call } = scene()
    const ids = async (query: string) => (await call({ url: api(`alarms${query}`) })).json<List<Alarm>>().items.map((alarm) => alarm.id)
    expect(await ids('')).toEqual(['hr-high.bed-1', 'hr-high.bed-2'])
    expect(await ids('?active=true')).toEqual(['hr-high.bed-1'])
    expect(await ids('?active=false')).toEqual(['hr-high.bed-2'])
    expect(await ids('?state=acked')).toEqual(['hr-high.bed-2'])
    expect(await ids('?state=acked,unacked')).toHaveLength(2)
    expect(await ids('?priority=high')).toEqual(['hr-high.bed-1'])
    expect(await ids('?device=bed-2&rule=hr-high')).toEqual(['hr-high.bed-2'])
    expect(await ids('?rule=other')).toEqual([])
  })

  it('of rules in shadow are listed only where they are asked for, and can be looked at by id', async () => {
    const { call, board } = scene()
    board.byId.set('trial.bed-1', anAlarm({ id: 'trial.bed-1', rule: 'trial', shadow: true }))
    const ids = async (query: string) => (await call({ url: api(`alarms${query}`) })).json<List<Alarm>>().items.map((alarm) => alarm.id)
    expect(await ids('')).not.toContain('trial.bed-1')
    expect(await ids('?rule=trial&active=true')).toEqual([])
    expect(await ids('?shadow=true')).toContain('trial.bed-1')
    expect((await call({ url: api('alarms/trial.bed-1') })).json()).toMatchObject({ shadow: true })
  })

  it('come in pages', async () => {
    const { call, board } = scene()
    board.byId.clear()
    for (let i = 0; i < 25; i++) board.byId.set(`a${String(i).padStart(2, '0')}`, anAlarm({ id: `a${String(i).padStart(2, '0')}` }))
    const seen: string[] = []
    let after = ''
    for (let pages = 0; pages < 3; pages++) {
      const page = (await call({ url: api(`alarms?limit=10${after}`) })).json<List<Alarm>>()
      seen.push(...page.items.map((alarm) => alarm.id))
      expect(page.next === null).toBe(pages === 2)
      after = `&after=${page.next}`
    }
    expect(seen).toHaveLength(25)
    expect(new Set(seen).size).toBe(25)
  })

  it.each([
    ['?active=yes', 'active', 'true or false'], ['?state=loud', 'state', 'unacked'], ['?priority=urgent', 'priority', 'high'],
    ['?limit=0', 'limit', '1…1000'], ['?limit=1e3', 'limit', '1…1000'], ['?limit=1001', 'limit', '1…1000'], ['?stat=acked', 'stat', 'did you mean "state"'], ['?after=', 'after', 'characters'],
  ])('refuse %s, naming the member and what would be right', async (query, member, right) => {
    const answer = await scene().call({ url: api(`alarms${query}`) })
    expect(answer.statusCode).toBe(400)
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8')
    expect(answer.json()).toMatchObject({ code: 'BAD_INPUT', status: 400, instance: '/api/v1/alarms', errors: [{ member, detail: expect.stringContaining(right) }] })
  })

  it('are shown one by one, and 404 where there is none', async () => {
    const { call } = scene()
    expect((await call({ url: api('alarms/hr-high.bed-1') })).json()).toEqual(anAlarm())
    expect((await call({ url: api('alarms/none') })).json()).toMatchObject({ status: 404, code: 'NOT_FOUND', type: 'urn:limen:problem:not-found', instance: '/api/v1/alarms/none' })
    expect((await call({ url: api('alarms/__proto__') })).statusCode).toBe(404)
    expect((await call({ url: api(`alarms/${'x'.repeat(1_500)}`) })).statusCode).toBe(404)
  })

  it('take every action, with all that goes with it', async () => {
    const { call, door } = scene()
    const payload = { by: 'otto', note: 'seen', until: '2026-01-01T01:00:00Z', occurrence: 1, oneShot: true }
    for (const verb of ['ack', 'reset', 'shelve', 'unshelve', 'suppress', 'unsuppress', 'out-of-service', 'return-to-service', 'comment']) {
      const answer = await call({ method: 'POST', url: api(`alarms/hr-high.bed-1/${verb}`), payload })
      expect(answer.statusCode).toBe(200)
      expect(answer.json()).toMatchObject({ id: 'hr-high.bed-1', acknowledgedBy: 'otto' })
      expect(door.taken.at(-1)).toEqual({
        kind: 'action', principal: expect.objectContaining({ kind: 'trusted' }),
        action: { verb, id: 'hr-high.bed-1', by: 'otto', note: 'seen', until: Date.UTC(2026, 0, 1, 1), occurrence: 1, oneShot: true },
      })
    }
  })

  it('take an action without a body, with an empty one, and with ms for a time', async () => {
    const { call, door } = scene()
    expect((await call({ method: 'POST', url: api('alarms/hr-high.bed-1/ack') })).statusCode).toBe(200)
    expect(door.taken.at(-1)).toMatchObject({ action: { by: 'loopback' } })
    expect((await call({ method: 'POST', url: api('alarms/hr-high.bed-1/ack'), headers: { 'content-type': 'application/json' }, payload: '' })).statusCode).toBe(200)
    await call({ method: 'POST', url: api('alarms/hr-high.bed-1/shelve'), payload: { until: 5_000 } })
    expect(door.taken.at(-1)).toMatchObject({ action: { until: 5_000 } })
  })

  it('are not done by whom nobody can read: control characters and such that turn the line', async () => {
    const { call, door } = scene()
    for (const by of ['a\nb', 'a\u0000', 'a\u202eb']) expect((await call({ method: 'POST', url: api('alarms/hr-high.bed-1/ack'), payload: { by } })).json()).toMatchObject({ status: 400, errors: [{ member: 'by' }] })
    expect(door.taken).toEqual([])
  })

  it('answer 404 for an unknown one and 409 with the reason for what is refused', async () => {
    const { call, door } = scene()
    expect((await call({ method: 'POST', url: api('alarms/none/ack') })).statusCode).toBe(404)
    for (const code of ['CONFLICT', 'BAD_INPUT'] as const) {
      door.refuseNext({ ok: false, code, reason: 'still active', transitions: [] })
      expect((await call({ method: 'POST', url: api('alarms/hr-high.bed-1/reset') })).json()).toMatchObject({ status: 409, code: 'CONFLICT', detail: 'still active' })
    }
    door.refuseNext({ ok: false, code: 'FORBIDDEN', reason: 'needs a reason', transitions: [] })
    expect((await call({ method: 'POST', url: api('alarms/hr-high.bed-1/out-of-service') })).statusCode).toBe(403)
  })

  it.each([
    [{ until: 'tomorrow' }, 'until'], [{ occurrence: '1' }, 'occurrence'], [{ oneShot: 'yes' }, 'oneShot'], [{ by: '' }, 'by'], [{ nota: 'x' }, 'nota'], [{ note: 'x'.repeat(5_000) }, 'note'],
  ])('refuse %j', async (payload, member) => {
    const { call, door } = scene()
    const answer = await call({ method: 'POST', url: api('alarms/hr-high.bed-1/shelve'), payload })
    expect(answer.json()).toMatchObject({ status: 400, errors: [{ member }] })
    expect(door.taken).toEqual([])
  })
})

describe('what cannot be stored', () => {
  it('is answered 503 with Retry-After, never as if it were done', async () => {
    const { call, door } = scene()
    const posts = [
      { url: api('alarms/hr-high.bed-1/ack'), payload: {} },
      { url: api('commands'), payload: { device: 'lamp', actuator: 'light', value: 'on' } },
      { url: api('events'), payload: { specversion: '1.0', id: '1', source: 's', type: 't' } },
    ]
    for (const post of posts) {
      door.failNext(new LimenError('STORE_FULL', 'the disk is full', { remedy: 'make room' }))
      const answer = await call({ method: 'POST', ...post })
      expect(answer.json()).toMatchObject({ status: 503, code: 'STORE_FULL', detail: 'the disk is full; make room' })
      expect(answer.headers['retry-after']).toBe('5')
      door.failNext(new Error('EIO'))
      expect((await call({ method: 'POST', ...post })).json()).toMatchObject({ status: 503, code: 'STORE_FAILED' })
    }
    door.failNext(new Error('EIO'))
    expect((await call({ method: 'PUT', url: api('devices/bed-1'), payload: { type: 'x' } })).statusCode).toBe(503)
  })
})

describe('devices', () => {
  it('are listed and shown', async () => {
    const { call } = scene()
    expect((await call({ url: api('devices?limit=2') })).json()).toMatchObject({ items: [{ id: 'bed-1' }, { id: 'bed-2' }], next: 'bed-2' })
    expect((await call({ url: api('devices?limit=2&after=bed-2') })).json()).toMatchObject({ items: [{ id: 'bed-3' }], next: null })
    expect((await call({ url: api('devices/bed-1') })).json()).toMatchObject({ id: 'bed-1', status: 'unknown' })
    expect((await call({ url: api('devices/bed-9') })).statusCode).toBe(404)
  })

  it('take type, labels and settings; the change and who made it are recorded together', async () => {
    const { call, door } = scene()
    const answer = await call({ method: 'PUT', url: api('devices/bed%201'), payload: { type: 'monitor', labels: { ward: 'east' }, settings: { news2Scale: 2 } } })
    expect(answer.json()).toMatchObject({ id: 'bed 1', type: 'monitor', labels: { ward: 'east' }, settings: { news2Scale: 2 } })
    expect(door.taken).toEqual([{ kind: 'own-event', event: { type: 'limen.gateway.device-edited', subject: 'bed 1', data: { device: 'bed 1', type: 'monitor', labels: { ward: 'east' }, settings: { news2Scale: 2 }, by: 'loopback' } } }])
  })

  it.each([
    ['bed-1', { type: 5 }, 'type'], ['bed-1', { labels: { ward: 1 } }, 'labels.ward'], ['bed-1', { labels: [] }, 'labels'], ['bed-1', { status: 'online' }, 'status'], ['bed%2F1', {}, 'device'], ['bed%23', {}, 'device'],
  ])('refuse %s %j', async (device, payload, member) => {
    expect((await scene().call({ method: 'PUT', url: api(`devices/${device}`), payload })).json()).toMatchObject({ status: 400, errors: [{ member }] })
  })

  it('refuse a PUT without a body', async () => {
    expect((await scene().call({ method: 'PUT', url: api('devices/bed-1'), headers: { 'content-type': 'application/json' }, payload: '[]' })).statusCode).toBe(400)
  })
})

describe('commands', () => {
  it('that the commands refuse are answered with their reason, not as a fault', async () => {
    const { call, door } = scene()
    const post = () => call({ method: 'POST', url: api('commands'), payload: { device: 'lamp', actuator: 'light', value: true } })
    door.receiptOfNext({ taken: false, reason: 'there are more actuators than the gateway takes', refused: 'OVERLOADED' })
    expect((await post()).json()).toMatchObject({ status: 503, detail: 'there are more actuators than the gateway takes' })
    door.receiptOfNext({ taken: false, reason: 'internal fault' })
    expect((await post()).statusCode).toBe(500)
  })

  it('are accepted with 202 and can be followed', async () => {
    const { call, door } = scene()
    const answer = await call({ method: 'POST', url: api('commands'), payload: { device: 'lamp', actuator: 'light', value: true, ttl: '30s', by: 'otto' } })
    expect(answer.statusCode).toBe(202)
    expect(answer.headers.location).toBe('/api/v1/commands/c1')
    expect(answer.json()).toMatchObject({ id: 'c1', status: 'issued', ttlMs: 30_000 })
    expect(door.taken[0]).toMatchObject({ kind: 'command', command: { device: 'lamp', actuator: 'light', value: true, ttlMs: 30_000, by: 'otto' } })
    expect((await call({ url: api('commands/c1') })).json()).toMatchObject({ cause: 'manual:otto' })
    expect((await call({ url: api('commands') })).json<List<unknown>>().items).toHaveLength(1)
    expect((await call({ url: api('commands/c9') })).statusCode).toBe(404)
  })

  it.each([
    [{ actuator: 'a', value: 1 }, 'device'], [{ device: 'd', actuator: 'a' }, 'value'], [{ device: 'a/b', actuator: 'a', value: 1 }, 'device'], [{ device: 'd', actuator: '+', value: 1 }, 'actuator'],
    [{ device: 'd', actuator: 'a', value: {} }, 'value'], [{ device: 'd', actuator: 'a', value: 1, ttl: 'soon' }, 'ttl'], [{ device: 'd', actuator: 'a', value: 1, ttl: '1s', ttlMs: 1 }, 'ttlMs'],
  ])('refuse %j', async (payload, member) => {
    expect((await scene().call({ method: 'POST', url: api('commands'), payload })).json()).toMatchObject({ status: 400, errors: [{ member }] })
  })
})

describe('dead letters and the books', () => {
  it('are listed, sent again and given up with a reason', async () => {
    const { call, delivery } = scene()
    expect((await call({ url: api('dead-letters?limit=1') })).json()).toMatchObject({ items: [{ id: 'd1', target: 'hook' }], next: 'd1' })
    expect((await call({ url: api('ledger') })).json()).toEqual({ targets: { hook: { received: 3, delivered: 1, queued: 1, deadLettered: 2, dropped: { superseded: 0 } } } })
    expect((await call({ method: 'POST', url: api('dead-letters/d1/redrive') })).statusCode).toBe(202)
    expect((await call({ method: 'POST', url: api('dead-letters/d1/redrive') })).statusCode).toBe(404)
    expect((await call({ method: 'DELETE', url: api('dead-letters/d2'), payload: { reason: 'x' } })).json()).toMatchObject({ status: 400, errors: [{ member: 'reason' }] })
    expect((await call({ method: 'DELETE', url: api('dead-letters/d2?why=address%20is%20gone') })).statusCode).toBe(204)
    expect((await call({ method: 'DELETE', url: api('dead-letters/d2'), payload: { why: 'x' } })).statusCode).toBe(404)
    expect((await call({ method: 'DELETE', url: api('dead-letters/d2') })).statusCode).toBe(404)
    expect(delivery.done).toEqual(['redrive d1 by loopback', 'redrive d1 by loopback', 'discard d2 by loopback: address is gone', 'discard d2 by loopback: x', 'discard d2 by loopback: no reason given'])
  })
})

describe('what the whole API has in common', () => {
  it('is a problem document for every error', async () => {
    const { call } = scene()
    const answers = {
      404: await call({ url: '/nothing' }),
      405: await call({ method: 'DELETE', url: api('alarms/hr-high.bed-1') }),
      413: await call({ method: 'POST', url: api('commands'), payload: { device: 'x'.repeat(100_000) } }),
      415: await call({ method: 'POST', url: api('commands'), headers: { 'content-type': 'text/plain' }, payload: '{}' }),
      400: await call({ method: 'POST', url: api('commands'), headers: { 'content-type': 'application/json' }, payload: '{"device":' }),
    }
    for (const [status, answer] of Object.entries(answers)) {
      expect(answer.statusCode).toBe(Number(status))
      expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8')
      expect(answer.headers['x-content-type-options']).toBe('nosniff')
      expect(answer.json()).toMatchObject({ type: expect.stringMatching(/^urn:limen:problem:/), title: expect.any(String), status: Number(status), detail: expect.any(String), instance: expect.stringMatching(/^\//), code: expect.any(String) })
    }
    expect(answers[405].headers['allow']).toBe('GET, HEAD')
    expect((await call({ url: '/%zz' })).json()).toMatchObject({ status: 400 })
  })

  it('does not repeat the query, which may hold what should not be repeated', async () => {
    expect((await scene().call({ url: api('alarms?token=secret') })).json<{ instance: string }>().instance).toBe('/api/v1/alarms')
  })

  it.each(['{"__proto__":{"x":1}}', '{"constructor":{"prototype":{"x":1}}}'])('refuses %s', async (payload) => {
    const answer = await scene().call({ method: 'PUT', url: api('devices/bed-1'), headers: { 'content-type': 'application/json' }, payload: `{"settings":${payload}}` })
    expect(answer.statusCode).toBe(400)
    expect(answer.json()).toMatchObject({ detail: expect.stringContaining('a member is called __proto__, or constructor') })
    expect(({} as { x?: number }).x).toBeUndefined()
  })

  it.each([
    ['{"labels":{"a":"b"},\n "type":"x",}', 'Expected double-quoted property name in JSON at position 33 (line 2 column 13)'],
    ['{"type":hidden}', "Unexpected token 'h'"], ['{"type":', 'Unexpected end of JSON input'], ['type: hidden\n', "Unexpected token 'y'"],
    [`{"labels":{"${'secret'.repeat(9)}":"b"},"type":hidden,"settings":{"${'secret'.repeat(9)}":1}}`, "Unexpected token 'h'"],
  ])('says where %s is no JSON, and repeats nothing of it', async (payload, why) => {
    const answer = await scene().call({ method: 'PUT', url: api('devices/bed-1'), headers: { 'content-type': 'application/json' }, payload })
    expect(answer.json()).toMatchObject({ status: 400, detail: `the body is not JSON that can be taken: ${why}` })
  })

  it('refuses JSON that nests too deep, brackets in texts not counted', async () => {
    const { call } = scene()
    const put = (settings: string) => call({ method: 'PUT', url: api('devices/bed-1'), headers: { 'content-type': 'application/json' }, payload: `{"settings":{"a":${settings}}}` })
    expect((await put('['.repeat(20_000))).json()).toMatchObject({ status: 400, detail: expect.stringContaining('64 levels') })
    expect((await put(`${'['.repeat(60)}${']'.repeat(60)}`)).statusCode).toBe(200)
    expect((await put(JSON.stringify('[{"'.repeat(200)))).statusCode).toBe(200)
  })

  it('answers HEAD as GET, and OPTIONS not at all', async () => {
    const { call } = scene()
    expect((await call({ method: 'HEAD', url: api('alarms') })).statusCode).toBe(200)
    expect((await call({ method: 'OPTIONS', url: api('alarms'), headers: { origin: 'http://localhost:80' } })).statusCode).toBe(405)
  })

  it('tells the clock, the site, the log and the health of the gateway', async () => {
    expect((await scene().call({ url: api('gateway') })).json()).toMatchObject({ site: 'ward-3', version: '0.1.0', now: '2026-01-01T00:00:00.000Z', log: { last: 0 }, health: { ready: true } })
  })
})

describe('the hash of the state', () => {
  it('is given as often as it is asked for while that costs nothing, and of a large state seldom: readings wait for it', async () => {
    const { call, clock, state } = scene()
    const ask = () => call({ url: api('state') })
    expect((await ask()).json()).toEqual({ stateHash: 'abc', late: 0, position: 0 })
    expect((await ask()).statusCode).toBe(200)
    state.now = () => {
      clock.stall(400)
      return { stateHash: 'def', late: 1 }
    }
    expect((await ask()).statusCode).toBe(200)
    const refused = await ask()
    expect([refused.statusCode, refused.headers['retry-after'], refused.json<{ detail: string }>().detail]).toEqual([503, '20', expect.stringContaining('ask again in 20 s')])
    await clock.advance(20_000)
    expect((await ask()).json()).toMatchObject({ stateHash: 'def' })
  })
})

describe('the OpenAPI document', () => {
  it('has every route there is', async () => {
    const { call, web } = scene()
    const document = (await call({ url: api('openapi.json') })).json<{ openapi: string; paths: Record<string, object> }>()
    expect(document.openapi).toBe('3.1.0')
    const listed = Object.entries(document.paths).flatMap(([path, operations]) => Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`))
    const page = (await web.inject({ url: '/' })).body
    const shown = [...page.matchAll(/<code>([A-Z]+) (?:<a[^>]*>)?([^<]+)/g)].map((match) => `${match[1]} ${match[2]}`).filter((line) => line !== 'limen')
    expect(listed.sort()).toEqual(shown.sort())
    expect(listed).toContain('POST /api/v1/alarms/{id}/ack')
    expect(listed).toContain('GET /api/v1/stream')
    expect(listed.length).toBeGreaterThan(35)
  })

  it('refers to nothing that is not in it', async () => {
    const text = (await scene().call({ url: api('openapi.json') })).body
    const document = JSON.parse(text) as { components: { schemas: object }; paths: Record<string, Record<string, { operationId: string; parameters: { name: string; in: string }[] }>> }
    for (const [, name] of text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)) expect(document.components.schemas).toHaveProperty(name!)
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path))
    expect(new Set(operations.map((operation) => operation.operationId)).size).toBe(operations.length)
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const { parameters } of Object.values(methods)) expect(parameters.filter((parameter) => parameter.in === 'path').map((parameter) => `{${parameter.name}}`)).toEqual(path.match(/\{\w+\}/g) ?? [])
    }
  })

  it('says of every route what it answered in these tests', async () => {
    const { call } = scene()
    observed.checkAgainst((await call({ url: api('openapi.json') })).json())
  })
})
