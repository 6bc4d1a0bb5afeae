import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { openLive, refusedWith } from '../support/live-client.ts'
import { readingOf, seriesOf } from '../contract/store.ts'
import type { WebScene } from '../support/web-scene.ts'
import { webScene } from '../support/web-scene.ts'

async function scene(change: Parameters<typeof webScene>[0] = {}) {
  const made = webScene(change)
  await made.web.start()
  return { ...made, port: made.web.address()!.port }
}

const setValue = ({ devices }: Pick<WebScene, 'devices'>, id: string, value: number, ts = value) =>
  devices.put(id, { metrics: { hr: { value, ts, quality: 'good', unit: '1/min' } } } as object)
const sampleOf = ({ web }: Pick<WebScene, 'web'>, name: string) => [...web.metrics()].find((sample) => sample.name === name)?.value

describe('the live socket', () => {
  it('tells every event but readings in the frames of the stream, and resumes without a gap', async () => {
    const { append, store, port } = await scene()
    await append({ id: '1' }, { id: '2', type: 'limen.device.online' })
    const first = await openLive(port, { query: '?after=1' })
    expect((await first.events(1))[0]).toMatchObject({ id: '2', event: 'limen.device.online' })
    store.appendReading(readingOf(seriesOf(1), 5), 1)
    await append({ id: '4' })
    expect((await first.events(2))[1]).toMatchObject({ id: '4', event: 'limen.alarm.raised' })
    first.socket.close()
    await first.closed()
    await append({ id: '5' }, { id: '6' })
    const second = await openLive(port, { query: '?after=4' })
    await append({ id: '7' })
    expect((await second.events(3)).map(({ id, data }) => [id, (JSON.parse(data!) as { id: string }).id])).toEqual([['5', '5'], ['6', '6'], ['7', '7']])
    // Without a position: what comes from now on; after one that never was: that is said.
    const third = await openLive(port)
    await append({ id: '8' })
    expect((await third.events(1)).map(({ id }) => id)).toEqual(['8'])
    const fourth = await openLive(port, { query: '?after=99' })
    expect((await fourth.events(1))[0]).toMatchObject({ event: 'gap', id: '8' })
  })

  it('beats like the stream, so that a position does not fall out of the log', async () => {
    const { clock, append, port } = await scene()
    const live = await openLive(port)
    await append({ id: '1' })
    await live.events(1)
    await clock.advance(15_000)
    const beat = await eventually('a beat', () => live.frames.find(({ comment }) => comment === 'beat'))
    expect(beat).toMatchObject({ id: '1' })
  })

  it('brings a pulse at once and every second', async () => {
    const { clock, store, append, port, health } = await scene()
    const live = await openLive(port)
    const [first] = await eventually('a pulse', () => live.pulses().length > 0 && live.pulses())
    expect(first).toEqual({ now: clock.wall(), newest: null, readings: 0, devices: 3, last: 0, health: health.now })
    store.appendReading(readingOf(seriesOf(1), 5), 1)
    store.appendReading(readingOf(seriesOf(1), 6), 1)
    await append({ id: '3' })
    const receivedAt = clock.wall()
    await clock.advance(2_000)
    const [, second, third] = await eventually('two more', () => live.pulses().length >= 3 && live.pulses())
    expect(second).toMatchObject({ now: receivedAt + 1_000, newest: receivedAt, readings: 2, last: 3 })
    expect(third).toMatchObject({ now: receivedAt + 2_000, readings: 2 })
  })

  it('brings the values of the devices that are watched', async () => {
    const made = await scene()
    const { clock, port } = made
    setValue(made, 'bed-1', 70)
    const live = await openLive(port)
    live.watch('bed-1')
    const values = (count: number) => eventually(`${count} frames of values`, async () => {
      await clock.advance(250)
      return live.values().length >= count && live.values()
    })
    expect(await values(1)).toEqual([[['bed-1', 'hr', 70, 70, 'good', '1/min']]])
    setValue(made, 'bed-1', 71)
    expect((await values(2))[1]).toEqual([['bed-1', 'hr', 71, 71, 'good', '1/min']])
    setValue(made, 'bed-2', 80)
    live.watch('bed-2')
    expect((await values(3))[2]).toEqual([['bed-2', 'hr', 80, 80, 'good', '1/min']])
  })

  it.each<[string, string | Buffer, number, string]>([
    ['no JSON', 'watch', 1008, 'expected JSON'],
    ['another member', '{"watch":[],"also":1}', 1008, 'nothing else'],
    ['no list', '{"watch":"bed-1"}', 1008, 'list of at most 500'],
    ['too many devices', JSON.stringify({ watch: Array.from({ length: 501 }, () => 'd') }), 1008, 'list of at most 500'],
    ['what is no name', '{"watch":["bed-1",5]}', 1008, 'names of devices'],
    ['bytes', Buffer.from('{"watch":[]}'), 1008, 'expected text'],
    ['a message over 64 KiB', JSON.stringify({ watch: ['x'.repeat(70_000)] }), 1009, ''],
  ])('is closed with the reason for %s', async (_, message, code, reason) => {
    const { port, web } = await scene()
    const live = await openLive(port)
    live.socket.send(message, { binary: typeof message !== 'string' })
    expect(await live.closed()).toEqual({ code, reason: expect.stringContaining(reason) })
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200)
    await eventually('gone from the books', () => sampleOf({ web }, 'limen_http_live_sockets') === 0 && sampleOf({ web }, 'limen_http_streams') === 0)
  })

  it('takes only so many messages and pings', async () => {
    const { port, clock } = await scene()
    const live = await openLive(port)
    for (let i = 0; i < 20; i++) live.watch('bed-1')
    await eventually('that was taken', async () => {
      await clock.advance(250)
      return live.isOpen() && live.frames.length > 0
    })
    for (let i = 0; i < 200; i++) live.watch('bed-1')
    expect(await live.closed()).toEqual({ code: 1008, reason: 'too many messages' })
    const pinging = await openLive(port)
    for (let i = 0; i < 200; i++) pinging.socket.ping()
    expect((await pinging.closed()).code).toBe(1006)
  })

  it('ends a client that takes nothing, and lets the others be', async () => {
    const { web, clock, append, port } = await scene()
    const [stuck, well] = [await openLive(port, { query: '?after=0' }), await openLive(port, { query: '?after=0' })]
    await eventually('both there', () => sampleOf({ web }, 'limen_http_streams') === 2)
    stuck.socket.pause()
    const big = 'x'.repeat(200_000)
    await eventually('one cut', async () => {
      await append({ data: big })
      await clock.advance(10_000)
      return sampleOf({ web }, 'limen_http_streams') === 1 && sampleOf({ web }, 'limen_http_live_sockets') === 1
    })
    expect(sampleOf({ web }, 'limen_http_streams_cut_total')).toBe(1)
    await append({ id: 'last' })
    await eventually('the other one goes on', () => well.frames.some(({ data }) => data?.includes('"id":"last"')))
  })

  it('says that it goes when the gateway stops, and cuts whoever does not listen', async () => {
    const { web, clock, port } = await scene()
    const [polite, deaf] = [await openLive(port), await openLive(port)]
    deaf.socket.pause()
    const stopped = web.stop()
    expect(await polite.closed()).toEqual({ code: 1001, reason: 'the gateway is stopping' })
    await eventually('stopped', async () => {
      await clock.advance(100)
      return Promise.race([stopped.then(() => true), new Promise<false>((resolve) => setImmediate(() => resolve(false)))])
    })
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow()
  })
})

describe('who may have a live socket', () => {
  it('is whoever may read, from our own pages', async () => {
    const { logIn, port } = await scene({ loopbackTrusted: false })
    expect(await refusedWith(port)).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED', instance: '/api/v1/live' } })
    expect((await refusedWith(port, { headers: { cookie: 'limen-session=guessed' } })).status).toBe(401)
    expect((await refusedWith(port, { headers: { authorization: 'Bearer guessed' } })).status).toBe(401)
    const { cookie } = await logIn('vera')
    for (const headers of [{ origin: 'http://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }]) {
      expect(await refusedWith(port, { headers: { cookie: cookie!, ...headers } })).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } })
    }
    const live = await openLive(port, { headers: { cookie: cookie! }, origin: `http://127.0.0.1:${port}` })
    await eventually('a pulse', () => live.pulses().length > 0)
  })

  it('is trusted on loopback, but not by a name that was rebound to it', async () => {
    const { port } = await scene()
    await openLive(port, { origin: `http://127.0.0.1:${port}` })
    expect((await refusedWith(port, { headers: { host: 'evil.example', origin: 'http://evil.example' } })).status).toBe(401)
    expect((await refusedWith(port, { origin: 'http://evil.example' })).status).toBe(403)
  })

  it('ends at once when the user is revoked, and with the session', async () => {
    const { logIn, users, port, clock, web, call } = await scene({ loopbackTrusted: false })
    const headers = { cookie: (await logIn('vera'))['cookie']! }
    const live = await openLive(port, { headers })
    users.revoke('vera')
    expect(await live.closed()).toMatchObject({ code: 1008, reason: 'not allowed any more' })
    const login = await logIn('otto')
    const other = await openLive(port, { headers: { cookie: login['cookie']! } })
    await call({ method: 'POST', url: '/api/v1/logout', headers: login })
    await clock.advance(15_000)
    expect((await other.closed()).code).toBe(1008)
    await eventually('nobody', () => sampleOf({ web }, 'limen_http_live_sockets') === 0)
  })

  it('is refused what is not right, beyond the bound, and elsewhere', async () => {
    const { port } = await scene({ maxStreams: 1 })
    expect(await refusedWith(port, { path: '/api/v1/live?after=x' })).toMatchObject({ status: 400, body: { errors: [{ member: 'after' }] } })
    expect(await refusedWith(port, { path: '/api/v1/live?before=1' })).toMatchObject({ status: 400, body: { errors: [{ member: 'before' }] } })
    expect(await refusedWith(port, { path: '/api/v1/live/x' })).toMatchObject({ status: 404 })
    const one = await openLive(port)
    expect(await refusedWith(port)).toMatchObject({ status: 503, body: { code: 'OVERLOADED' } })
    expect((await fetch(`http://127.0.0.1:${port}/api/v1/stream`)).status).toBe(503)
    one.socket.close()
    await once(one.socket, 'close')
    const next = await eventually('room again', () => openLive(port).catch(() => undefined))
    expect(next.isOpen()).toBe(true)
  })

  it('is told by the same address without an upgrade', async () => {
    const { call } = await scene()
    const answer = await call({ url: '/api/v1/live' })
    expect([answer.statusCode, answer.headers['upgrade'], answer.json<{ code: string }>().code]).toEqual([426, 'websocket', 'UPGRADE_REQUIRED'])
  })
})
