import { describe, expect, it } from 'vitest'
import type { ShownRule } from '../../gateway/kernel/rule-desk.ts'
import { observeRoutes } from '../support/observed-routes.ts'
import { controlToken, webScene } from '../support/web-scene.ts'

const observed = observeRoutes()
const scene = () => webScene({}, observed)
const api = (path: string) => `/api/v1/rules${path}`

interface Version { readonly revision: number; readonly action: string; readonly by: string; readonly text: string | null }
const right = { on: { metric: 't' }, when: { above: 50 }, message: 'hot' }
const yaml = { 'content-type': 'application/yaml' }

describe('rules', () => {
  it('are listed by id, page by page, with how they came to be', async () => {
    const { call } = scene()
    const { items, next } = (await call({ url: api('') })).json<{ items: ShownRule[]; next: null }>()
    expect([items.map(({ id }) => id), next]).toEqual([['a', 'b'], null])
    expect(items[0]).toMatchObject({
      id: 'a', class: 'process', when: { kind: 'level' }, mode: 'live', source: { file: 'rules/a.yaml', line: 2 },
      text: '{ id: a, on: { metric: t }, when: { above: 20 } } # the usual\n', state: 'live', fault: null, origin: 'file', revision: 1, changedBy: 'file:rules/a.yaml', changedAt: '2026-01-01T00:00:00.000Z',
    })
    expect((await call({ url: api('?limit=1') })).json()).toMatchObject({ items: [{ id: 'a' }], next: 'a' })
    expect((await call({ url: api('?limit=1&after=a') })).json()).toMatchObject({ items: [{ id: 'b' }], next: null })
    expect((await call({ url: api('/a') })).json()).toEqual(items[0])
    for (const id of ['z', '__proto__', 'check']) expect((await call({ url: api(`/${id}`) })).statusCode).toBe(404)
  })

  it('are written as JSON or YAML: 201 for a new one, 200 for one that was there', async () => {
    const { call, rules } = scene()
    const made = await call({ method: 'PUT', url: api('/hot'), payload: right })
    expect([made.statusCode, made.json()]).toMatchObject([201, { id: 'hot', text: 'id: hot\non: { metric: t }\nwhen: { above: 50 }\nmessage: hot\n', revision: 1, origin: 'http', changedBy: 'loopback' }])
    const text = '# hotter\nid: hot\non: { metric: t }\nwhen: { above: 60 }\nmode: shadow\n'
    for (const [index, type] of ['application/yaml', 'text/yaml; charset=utf-8'].entries()) {
      const answer = await call({ method: 'PUT', url: api('/hot'), headers: { 'content-type': type }, payload: `${text}# ${index}\n` })
      expect([answer.statusCode, answer.json()]).toMatchObject([200, { text: `${text}# ${index}\n`, state: 'shadow', revision: 2 + index }])
    }
    expect(rules.set.running().map(({ id }) => id)).toEqual(['a', 'b', 'hot'])
    expect((await call({ url: api('/hot') })).json()).toMatchObject({ revision: 3 })
  })

  it('that are wrong are refused with all that is wrong, and change nothing', async () => {
    const { call, rules } = scene()
    const answer = await call({ method: 'PUT', url: api('/a'), headers: yaml, payload: 'on: { metric: t }\nwhen: { abvoe: 1 }\nthen: [{ notify: nurse-cal }]\n' })
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8')
    expect([answer.statusCode, answer.json()]).toEqual([400, expect.objectContaining({
      code: 'BAD_INPUT', detail: 'rule:2:9 when.abvoe: unknown kind "abvoe"; did you mean "above"? (and 1 more)',
      problems: [
        { line: 2, column: 9, path: 'when.abvoe', message: 'unknown kind "abvoe"', remedy: 'did you mean "above"?' },
        { line: 3, column: 18, path: 'then[0].notify', message: 'there is no target "nurse-cal"', remedy: 'did you mean "nurse-call"?' },
      ],
      text: 'on: { metric: t }\nwhen: { abvoe: 1 }\nthen: [{ notify: nurse-cal }]\n',
    })])
    // Of JSON the lines are those of the text beside them.
    expect((await call({ method: 'PUT', url: api('/a'), payload: { ...right, when: { above: 'x' } } })).json()).toMatchObject({ status: 400, problems: [{ line: 2, column: 16, path: 'when.above' }], text: 'on: { metric: t }\nwhen: { above: x }\nmessage: hot\n' })
    for (const payload of ['[1]', '"text"', '1', 'null', '']) {
      expect((await call({ method: 'PUT', url: api('/a'), headers: { 'content-type': 'application/json' }, payload })).json()).toMatchObject({ status: 400, detail: expect.stringContaining('expected one rule') })
    }
    for (const payload of ['', '#', '- id: a', 'a: [', '%']) expect((await call({ method: 'PUT', url: api('/a'), headers: yaml, payload })).json()).toMatchObject({ status: 400, problems: expect.arrayContaining([expect.objectContaining({ line: expect.any(Number), message: expect.any(String) })]) })
    expect((await call({ method: 'PUT', url: api('/a'), headers: yaml, payload: Buffer.from('on: { metric: t }\nwhen: { above: 5 }\nmessage: hei\xdf\n', 'latin1') })).json()).toMatchObject({ status: 400, detail: 'the body is not UTF-8; send it as UTF-8' })
    expect((await call({ method: 'PUT', url: api('/a'), headers: { 'content-type': 'text/plain' }, payload: 'x' })).statusCode).toBe(415)
    expect((await call({ method: 'PUT', url: api('/a'), headers: yaml, payload: `message: "${'x'.repeat(70_000)}"` })).statusCode).toBe(413)
    expect((await call({ method: 'PUT', url: api(`/${'x'.repeat(200)}`), payload: right })).json()).toMatchObject({ status: 400, problems: [{ path: 'id' }] })
    expect((await call({ method: 'PUT', url: '/api/v1/devices/bed-1', headers: yaml, payload: 'type: x' })).statusCode).toBe(415)
    expect(rules.desk.get('a')).toMatchObject({ revision: 1 })
    expect(rules.replaced).toHaveLength(1)
  })

  it('are written by whom is logged in; where nobody is, by whom says so', async () => {
    const { call, logIn } = scene()
    const put = async (headers: Record<string, string>, above: number) => (await call({ method: 'PUT', url: api('/hot?by=anna'), headers, payload: { ...right, when: { above } } })).json<ShownRule>().changedBy
    expect(await put({}, 1)).toBe('anna')
    expect(await put({ authorization: `Bearer ${controlToken}` }, 2)).toBe('anna')
    expect(await put(await logIn('ada'), 3)).toBe('ada')
    expect((await call({ method: 'PUT', url: api('/hot?by=a%0Ab'), payload: right })).statusCode).toBe(400)
  })

  it('are refused where another revision runs', async () => {
    const { call } = scene()
    expect((await call({ method: 'PUT', url: api('/a?ifRevision=2'), payload: right })).json()).toMatchObject({ status: 409, code: 'CONFLICT', detail: expect.stringContaining('revision 1') })
    expect((await call({ method: 'PUT', url: api('/a?ifRevision=0'), payload: right })).statusCode).toBe(409)
    expect((await call({ method: 'PUT', url: api('/a?ifRevision=1'), payload: right })).statusCode).toBe(200)
    expect((await call({ method: 'DELETE', url: api('/a?ifRevision=1') })).statusCode).toBe(409)
    expect((await call({ method: 'POST', url: api('/a/rollback?ifRevision=1'), payload: { revision: 1 } })).statusCode).toBe(409)
    expect((await call({ method: 'PUT', url: api('/a?ifRevision=x'), payload: right })).statusCode).toBe(400)
  })

  it('that the store cannot take are 503, and nothing is changed', async () => {
    const { call, store, rules } = scene()
    await call({ url: api('') })
    store.failNextCommit(new Error('the disk is full'))
    const answer = await call({ method: 'PUT', url: api('/a'), payload: right })
    expect([answer.statusCode, answer.headers['retry-after'], answer.json()]).toMatchObject([503, '5', { code: 'STORE_FAILED' }])
    rules.gate.lost()
    for (const method of ['PUT', 'DELETE'] as const) expect((await call({ method, url: api('/a'), ...(method === 'PUT' ? { payload: right } : {}) })).statusCode).toBe(503)
    expect((await call({ url: api('/a') })).json()).toMatchObject({ revision: 1, origin: 'file' })
    rules.gate.opens()
    expect((await call({ method: 'PUT', url: api('/a'), payload: right })).statusCode).toBe(200)
  })

  it('can be removed; their versions stay, and one can go back to them', async () => {
    const { call } = scene()
    await call({ method: 'PUT', url: api('/a'), payload: right })
    expect((await call({ method: 'DELETE', url: api('/a') })).statusCode).toBe(204)
    for (const method of ['GET', 'DELETE'] as const) expect((await call({ method, url: api('/a') })).statusCode).toBe(404)
    const { items } = (await call({ url: api('/a/versions') })).json<{ items: Version[] }>()
    expect(items).toMatchObject([
      { revision: 3, version: null, action: 'delete', by: 'loopback', at: '2026-01-01T00:00:00.000Z', origin: 'http', text: null },
      { revision: 2, version: expect.stringMatching(/^[0-9a-f]{16}$/), action: 'put', origin: 'http' },
      { revision: 1, action: 'file', by: 'file:rules/a.yaml', origin: 'file', text: '{ id: a, on: { metric: t }, when: { above: 20 } } # the usual\n' },
    ])
    expect((await call({ url: api('/a/versions?limit=2') })).json()).toMatchObject({ items: [{ revision: 3 }, { revision: 2 }], next: '2' })
    expect((await call({ url: api('/a/versions?limit=2&after=2') })).json()).toMatchObject({ items: [{ revision: 1 }], next: null })
    const back = await call({ method: 'POST', url: api('/a/rollback'), payload: { revision: 1 } })
    expect([back.statusCode, back.json()]).toMatchObject([201, { revision: 4, origin: 'http', text: items[2]!.text }])
    expect((await call({ method: 'POST', url: api('/a/rollback'), payload: { revision: 2 } })).json()).toMatchObject({ revision: 5, message: 'hot' })
    expect((await call({ method: 'POST', url: api('/a/rollback'), payload: { revision: 3 } })).statusCode).toBe(409)
    expect((await call({ method: 'POST', url: api('/a/rollback'), payload: { revision: 99 } })).statusCode).toBe(404)
    expect((await call({ method: 'POST', url: api('/a/rollback'), payload: {} })).statusCode).toBe(400)
    expect((await call({ method: 'POST', url: api('/z/rollback'), payload: { revision: 1 } })).statusCode).toBe(404)
    expect((await call({ url: api('/z/versions') })).statusCode).toBe(404)
  })

  it('show what changed between revisions', async () => {
    const { call } = scene()
    await call({ method: 'PUT', url: api('/hot'), payload: right })
    await call({ method: 'PUT', url: api('/hot'), payload: { ...right, mode: 'shadow' } })
    expect((await call({ url: api('/hot/diff') })).json()).toMatchObject({ from: 1, to: 2, diff: expect.stringMatching(/^--- hot revision 1\t.*\n\+\+\+ hot revision 2\t.*\n@@ -2,3 \+2,4 @@\n on: .*\n when: .*\n message: hot\n\+mode: shadow\n$/) })
    expect((await call({ url: api('/hot/diff?from=2&to=1') })).json()).toMatchObject({ diff: expect.stringContaining('-mode: shadow') })
    for (const path of ['/hot/diff?to=9', '/z/diff']) expect((await call({ url: api(path) })).statusCode).toBe(404)
    for (const path of ['/hot/diff?to=x', '/hot/diff?from=-1', '/hot/diff?of=1']) expect((await call({ url: api(path) })).statusCode).toBe(400)
  })

  it('can be checked without being written', async () => {
    const { call, rules } = scene()
    const check = async (payload: string | object, query = '') => (await call({ method: 'POST', url: api(`/check${query}`), headers: typeof payload === 'string' ? yaml : {}, payload })).json<object>()
    expect(await check({ id: 'hot', ...right })).toMatchObject({ ok: true, problems: [], rule: { id: 'hot', priority: 'medium' }, text: 'id: hot\non: { metric: t }\nwhen: { above: 50 }\nmessage: hot\n' })
    expect(await check(right, '?id=hot')).toMatchObject({ ok: true, rule: { id: 'hot' } })
    expect(await check(right)).toMatchObject({ ok: false, problems: [{ line: 1, column: 1, path: '', message: '"id" is missing' }], rule: null })
    expect(await check('id: x\non: { metric: t')).toMatchObject({ ok: false, problems: [expect.anything()], rule: null })
    expect(await check('id: technical.offline\npriority: low\n')).toMatchObject({ ok: true, rule: { class: 'technical' } })
    expect(rules.desk.list({ limit: 100 }).map(({ id }) => id)).toEqual(['a', 'b'])
  })

  it('may have ids that an address must escape', async () => {
    const { call } = scene()
    const id = encodeURIComponent('ward/3?ü#%')
    expect((await call({ method: 'PUT', url: api(`/${id}`), payload: right })).json()).toMatchObject({ id: 'ward/3?ü#%' })
    expect((await call({ url: api(`/${id}/versions`) })).json()).toMatchObject({ items: [{ revision: 1 }] })
    expect((await call({ method: 'DELETE', url: api(`/${id}`) })).statusCode).toBe(204)
  })

  it('are documented as they answer', async () => {
    const { web } = webScene()
    observed.checkAgainst((await web.inject({ url: '/api/v1/openapi.json' })).json())
  })
})
