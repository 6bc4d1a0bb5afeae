import { describe, expect, it } from 'vitest'
import { renderMetrics } from '../../gateway/web/metrics-text.ts'
import { webScene } from '../support/web-scene.ts'

describe('health', () => {
  it('lives while it answers, and is ready when what is vital is', async () => {
    const { call, health } = webScene()
    expect((await call({ url: '/healthz' })).json()).toEqual({ status: 'ok' })
    expect((await call({ url: '/readyz' })).json()).toMatchObject({ status: 'ready', checks: { influx: { ok: false } } })
    health.now = { ready: false, checks: { store: { ok: false, vital: true, detail: 'disk full' } } }
    const answer = await call({ url: '/readyz' })
    expect(answer.statusCode).toBe(503)
    expect(answer.json()).toEqual({ status: 'not ready', checks: { store: { ok: false, vital: true, detail: 'disk full' } } })
    expect((await call({ url: '/healthz' })).statusCode).toBe(200)
  })
})

describe('metrics', () => {
  it('are Prometheus text, of every room and of the HTTP side itself', async () => {
    const { call } = webScene()
    await call({ url: '/healthz' })
    const answer = await call({ url: '/metrics' })
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(answer.body).toContain('# HELP limen_test_total A test.\n# TYPE limen_test_total counter\nlimen_test_total 1\n')
    expect(answer.body).toContain('limen_http_responses_total{status="200"} 1\n')
    const names = [...answer.body.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1])
    expect(new Set(names).size).toBe(names.length)
  })

  it('keep a name together though it comes from several rooms, say a series once, and escape', () => {
    const text = renderMetrics([
      () => [
        { name: 'limen_a', help: 'First\nline \\ "x"', type: 'gauge', value: 1, labels: { topic: 'a"b\\c\nd' } },
        { name: 'limen_b_total', help: 'b', type: 'counter', value: 1e21 },
      ],
      () => [
        { name: 'limen_a', help: 'other', type: 'gauge', value: Infinity },
        { name: 'limen_a', help: 'other', type: 'gauge', value: NaN, labels: { x: 'y', z: '' } },
        { name: 'limen_b_total', help: 'b', type: 'counter', value: 2 },
      ],
    ])
    expect(text).toBe(
      '# HELP limen_a First\\nline \\\\ "x"\n# TYPE limen_a gauge\nlimen_a{topic="a\\"b\\\\c\\nd"} 1\nlimen_a +Inf\nlimen_a{x="y",z=""} NaN\n# HELP limen_b_total b\n# TYPE limen_b_total counter\nlimen_b_total 2\n',
    )
  })
})

describe('the pages', () => {
  it('list what there is to call, with nothing from elsewhere and nothing inline', async () => {
    const { call } = webScene()
    const page = await call({ url: '/' })
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(page.body).toContain('href="/api/v1/alarms"')
    expect(page.body).toContain('not a medical device')
    expect(page.body).not.toMatch(/<script|<style|style=|https?:|\son\w+=/)
    expect((await call({ url: '/style.css' })).headers['content-type']).toBe('text/css; charset=utf-8')
  })

  it('send who is not logged in to the login, and let them in without a script', async () => {
    const { call } = webScene({ loopbackTrusted: false, site: '<b>&"ward' })
    const away = await call({ url: '/' })
    expect([away.statusCode, away.headers.location]).toEqual([303, '/login'])
    expect((await call({ url: '/login' })).body).toContain('&#60;b&#62;&#38;&#34;ward')
    const form = (payload: string) => call({ method: 'POST', url: '/login', headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload })
    const wrong = await form('name=otto&password=%3Cx%3E')
    expect([wrong.statusCode, wrong.headers['content-type']]).toEqual([401, 'text/html; charset=utf-8'])
    expect(wrong.body).toContain('role="alert"')
    const right = await form('name=otto&password=ottootto')
    expect([right.statusCode, right.headers.location]).toEqual([303, '/'])
    const cookie = `${right.cookies[0]!.name}=${right.cookies[0]!.value}`
    expect((await call({ url: '/', headers: { cookie } })).body).toContain('Logged in as otto')
    const out = await call({ method: 'POST', url: '/logout', headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' }, payload: '' })
    expect([out.statusCode, out.headers.location]).toEqual([303, '/login'])
    expect((await call({ url: '/', headers: { cookie } })).statusCode).toBe(303)
  })

  it('take forms only where there is one', async () => {
    const { call } = webScene()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    expect((await call({ method: 'POST', url: '/api/v1/login', headers, payload: 'name=a' })).statusCode).toBe(415)
    expect((await call({ method: 'POST', url: '/login', headers, payload: 'x'.repeat(10_000) })).statusCode).toBe(413)
    expect((await call({ method: 'POST', url: '/login' })).statusCode).toBe(401)
  })
})
