import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { InfluxClient } from '../../gateway/influx/client.ts'
import { connectInflux } from '../../gateway/influx/connect.ts'
import type { InfluxOptions } from '../../gateway/influx/options.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/servers.ts'
import type { ScriptedInflux } from '../support/scripted-influx.ts'
import { startScriptedInflux } from '../support/scripted-influx.ts'

/** What the sink asks of a client, whichever library is inside. */
export function influxClientContract(name: string, options: (url: string) => InfluxOptions): void {
  describe(`${name}: the contract of an InfluxDB client`, () => {
    let server: ScriptedInflux
    let client: InfluxClient
    const never = new AbortController().signal

    beforeAll(async () => {
      server = await startScriptedInflux()
    })
    beforeEach(async () => {
      client = await connectInflux(options(server.url), 5_000)
      return () => client.close()
    })
    afterAll(() => server.close())

    it('sends lines byte for byte', async () => {
      const lines = ['m,device=a\\ b,metric=x\\,y value=1 1700000000000000001', 'm,device=ünï☃😀,metric=x text="a\\"b\\\\, c=d" 2', '# not a comment to us']
      expect(await client.write(lines.join('\n'), never)).toEqual({ kind: 'http', status: 204, retryAfter: undefined, body: '' })
      expect(server.requests.at(-1)?.lines).toEqual(lines)
    })

    it('sends a body of a batch’s size', async () => {
      const lines = Array.from({ length: 5_000 }, (_, i) => `reading,device=bed-${i % 50},metric=heart_rate value=${i} ${1_700_000_000_000 + i}000000`)
      expect(await client.write(lines.join('\n'), never)).toMatchObject({ status: 204 })
      expect(server.requests.at(-1)?.lines).toEqual(lines)
    })

    it('goes over one connection', async () => {
      for (let i = 0; i < 5; i++) await client.write('m value=1 1', never)
      expect(new Set(server.requests.slice(-5).map(({ port }) => port)).size).toBe(1)
    })

    it.each([200, 201, 301, 400, 401, 403, 404, 405, 408, 413, 422, 429, 500, 502, 503, 504])('tells status, Retry-After and body of a %d', async (status) => {
      const body = JSON.stringify({ code: 'x', message: 'the server’s own words', error: 'e' })
      server.queue({ status, body, headers: { 'retry-after': '7', 'content-type': 'application/json' } })
      expect(await client.write('m value=1 1', never)).toEqual({ kind: 'http', status, retryAfter: '7', body })
    })

    it('tells a body that is not JSON, or that there was none', async () => {
      server.queue({ status: 502, body: '<html>Bad gateway</html>' }, { status: 400 })
      expect(await client.write('m value=1 1', never)).toMatchObject({ status: 502, body: '<html>Bad gateway</html>' })
      expect(await client.write('m value=1 1', never)).toMatchObject({ status: 400, body: '' })
    })

    it('writes on after ten failures of every kind', async () => {
      server.queue('cut', { status: 500 }, 'cut-in-answer', { status: 503 }, 'cut', 'cut', { status: 429 }, { status: 401 }, 'cut', { status: 400 })
      for (let i = 0; i < 10; i++) await client.write('m value=1 1', never)
      expect(await client.write('m value=2 2', never)).toMatchObject({ status: 204 })
    })

    it('gives no answer for a connection that is cut', async () => {
      server.queue('cut')
      expect(await client.write('m value=1 1', never)).toMatchObject({ kind: 'none' })
    })

    it('gives no answer for one that is cut in the middle', async () => {
      server.queue('cut-in-answer')
      expect(await client.write('m value=1 1', never)).toEqual({ kind: 'none', reason: 'connection lost in the middle of the answer' })
    })

    it('says why nobody is there', async () => {
      const lonely = await connectInflux(options(`http://127.0.0.1:${await freePort()}`), 5_000)
      expect(await lonely.write('m value=1 1', never)).toMatchObject({ kind: 'none', reason: expect.stringContaining('ECONNREFUSED') })
      lonely.close()
    })

    it('waits no longer than the time-out', async () => {
      const hasty = await connectInflux(options(server.url), 60)
      server.queue('hang')
      expect(await hasty.write('m value=1 1', never)).toEqual({ kind: 'none', reason: 'no answer in time' })
      expect(await hasty.write('m value=1 1', never)).toMatchObject({ status: 204 })
      hasty.close()
    })

    it('ends when its signal does', async () => {
      const abort = new AbortController()
      server.queue('hang')
      const before = server.requests.length
      const answer = client.write('m value=1 1', abort.signal)
      await eventually('the request to arrive', () => server.requests.length > before)
      abort.abort(new Error('the gateway is stopping'))
      expect(await answer).toEqual({ kind: 'none', reason: 'the gateway is stopping' })
    })

    it('keeps the path of a server behind a proxy', async () => {
      const proxied = await connectInflux(options(`${server.url}/influx/`), 5_000)
      expect(await proxied.write('m value=1 1', never)).toMatchObject({ status: 204 })
      expect(server.requests.at(-1)?.path).toMatch(/^\/influx\/(?:write|api\/v2\/write)$/)
      proxied.close()
    })
  })
}
