import { once } from 'node:events'
import { connect } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { silentLogger } from '../../gateway/kernel/log.ts'
import type { Reading } from '../../gateway/kernel/reading.ts'
import { createEventFilter } from '../../gateway/web/event-filter.ts'
import type { Sink } from '../../gateway/web/stream.ts'
import { createEventStream } from '../../gateway/web/stream.ts'
import { eventually } from '../support/eventually.ts'
import type { FakeClock } from '../support/fake-clock.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import type { MemoryStore } from '../support/memory-store.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { openStream } from '../support/sse-client.ts'
import { webScene } from '../support/web-scene.ts'

function aReading(value: number): Reading {
  return { series: { id: 0, device: 'bed-1', metric: 'hr', storedId: 0 }, value, quality: 'good', unit: undefined, ts: 1_000 + value, tsGiven: true, seq: undefined, receivedAt: 1_000 + value, k: 0 }
}

async function started(change: Parameters<typeof webScene>[0] = {}) {
  const scene = webScene(change)
  await scene.web.start()
  const base = `http://127.0.0.1:${scene.web.address()!.port}/api/v1/stream`
  return { ...scene, base }
}

describe('the stream over HTTP', () => {
  it('gives events as they happen: id the position, event the type, data the CloudEvent', async () => {
    const { base, append } = await started()
    await append({ id: 'before' })
    const stream = await openStream(base)
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(stream.response.headers.get('cache-control')).toBe('no-store')
    await append({ id: 'one', type: 'limen.alarm.raised', subject: 'bed-1', data: { text: 'a\nb' } }, { id: 'two', type: 'odd\ntype' })
    const events = await stream.events(2)
    expect(events.map(({ id, event }) => [id, event])).toEqual([['2', 'limen.alarm.raised'], ['3', 'odd type']])
    expect(JSON.parse(events[0]!.data!)).toMatchObject({ specversion: '1.0', id: 'one', source: 'ward-3', subject: 'bed-1', data: { text: 'a\nb' } })
  })

  it('resumes after Last-Event-ID, which goes before ?after=', async () => {
    const { base, append } = await started()
    await append({ id: 'one' }, { id: 'two' }, { id: 'three' })
    const stream = await openStream(`${base}?after=0`, { 'last-event-id': '1' })
    expect((await stream.events(2)).map((frame) => frame.id)).toEqual(['2', '3'])
    const whole = await openStream(`${base}?after=0`)
    expect((await whole.events(3)).map((frame) => frame.id)).toEqual(['1', '2', '3'])
  })

  it('picks by type and by device, and gives readings when asked', async () => {
    const { base, append, store } = await started()
    const types = await openStream(`${base}?types=limen.device.*,door.opened`)
    const device = await openStream(`${base}?device=bed-1`)
    const readings = await openStream(`${base}?readings=true&types=limen.gateway.*`)
    store.appendReading(aReading(60), 0)
    await append({ type: 'limen.alarm.raised', data: { device: 'bed-1' } }, { type: 'limen.device.online', subject: 'bed-2' }, { type: 'door.opened' }, { type: 'limen.gateway.started' })
    expect((await types.events(2)).map((frame) => frame.event)).toEqual(['limen.device.online', 'door.opened'])
    expect((await device.events(1)).map((frame) => frame.event)).toEqual(['limen.alarm.raised'])
    const mixed = await readings.events(2)
    expect(mixed.map((frame) => frame.event)).toEqual(['limen.reading', 'limen.gateway.started'])
    expect(JSON.parse(mixed[0]!.data!)).toEqual({
      specversion: '1.0', id: '1', type: 'limen.reading', source: 'ward-3', subject: 'bed-1', time: '1970-01-01T00:00:01.060Z', data: { device: 'bed-1', metric: 'hr', value: 60, ts: 1_060, quality: 'good' },
    })
  })

  it('sends a heartbeat every 15 s that moves Last-Event-ID on', async () => {
    const { base, append, clock } = await started()
    const stream = await openStream(`${base}?types=nothing`)
    await append({ type: 'something' })
    await eventually('the stream to be live', async () => {
      await clock.advance(15_000)
      return stream.frames.some((frame) => frame.comment === 'beat' && frame.id === '1')
    })
    expect(stream.frames.filter((frame) => frame.data !== undefined)).toEqual([])
  })

  it('has room for so many and no more', async () => {
    const { base } = await started({ maxStreams: 2 })
    const first = await openStream(base)
    await openStream(base)
    const third = await fetch(base)
    expect(third.status).toBe(503)
    expect(third.headers.get('retry-after')).toBe('10')
    expect(await third.json()).toMatchObject({ code: 'OVERLOADED' })
    await first.close()
    await eventually('room for another', async () => {
      const answer = await fetch(base, { signal: AbortSignal.timeout(5_000) })
      await answer.body!.cancel()
      return answer.status === 200
    })
  })

  it.each(['x', '-1', '1.5', '9'.repeat(20)])('refuses %s as Last-Event-ID', async (id) => {
    const { base } = await started()
    const answer = await fetch(base, { headers: { 'last-event-id': id } })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ errors: [{ member: 'Last-Event-ID' }] })
  })

  it('is for viewers, and ends within a heartbeat when the session does, at once when the user is revoked', async () => {
    const { base, logIn, users, clock, append } = await started({ loopbackTrusted: false })
    expect((await fetch(base)).status).toBe(401)
    const revoked = await openStream(base, await logIn('vera'))
    const idle = await openStream(base, await logIn('otto'))
    await append({ id: 'a' })
    await revoked.events(1)
    users.revoke('vera')
    await revoked.ended()
    await idle.events(1)
    await clock.advance(8 * 3_600_000)
    await idle.ended()
  })

  it('ends when the gateway stops, which waits for no client', async () => {
    const { base, web } = await started()
    const stream = await openStream(base)
    const early = connect(web.address()!.port, '127.0.0.1')
    await once(early, 'connect')
    await web.stop()
    await stream.ended()
    await (early.closed || once(early, 'close'))
    await web.stop()
  })

  it('cuts a client that takes nothing, and keeps little for it meanwhile', async () => {
    const { web, append, clock, base } = await started()
    const big = 'x'.repeat(50_000)
    const silent = connect(web.address()!.port, '127.0.0.1')
    silent.on('error', () => undefined)
    silent.pause()
    silent.write('GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const reader = await openStream(base)
    await eventually('both to be there', () => countOf(web, 'limen_http_streams') === 2)
    for (let i = 0; i < 400; i++) await append({ data: big })
    expect(await reader.events(400)).toHaveLength(400)
    expect(countOf(web, 'limen_http_stream_events_total')).toBeLessThan(800)
    await eventually('the silent one to be cut', async () => {
      await clock.advance(10_000)
      return countOf(web, 'limen_http_streams_cut_total') === 1
    })
    expect(countOf(web, 'limen_http_streams')).toBe(1)
    silent.destroy()
  })
})

function countOf(web: { metrics: () => Iterable<{ name: string; value: number }> }, name: string): number | undefined {
  return [...web.metrics()].find((sample) => sample.name === name)?.value
}

/** A sink that is now and then full, and notes what it was given. */
function aSink(room: () => number) {
  let text = ''
  let unsent = 0
  let drained: (() => void) | undefined
  let most = 0
  const sink: Sink & { ids: () => number[]; drain: () => void; most: () => number; ended: boolean; text: () => string } = {
    write(more) {
      text += more
      unsent += more.length
      most = Math.max(most, unsent)
    },
    unsentBytes: () => (unsent > room() ? unsent : 0),
    onceDrained(callback) {
      drained = callback
    },
    end() {
      sink.ended = true
    },
    ended: false,
    ids: () => [...text.matchAll(/^id: (\d+)\nevent: (?!gap)/gm)].map((match) => Number(match[1])),
    text: () => text,
    drain() {
      unsent = 0
      const callback = drained
      drained = undefined
      callback?.()
    },
    most: () => most,
  }
  return sink
}

function aStream(): { store: MemoryStore; clock: FakeClock; stream: ReturnType<typeof createEventStream>; add: (count: number, size?: number) => Promise<void> } {
  const clock = createFakeClock()
  const store = createMemoryStore({ clock })
  const stream = createEventStream({ site: 's' }, { store, clock, logger: silentLogger })
  stream.start()
  let made = 0
  return {
    store, clock, stream,
    async add(count, size = 10) {
      for (let i = 0; i < count; i++) {
        made++
        if (made % 3 === 0) store.appendReading(aReading(made), 0)
        else store.appendEvent({ specversion: '1.0', id: `${made}`, type: 't', source: 's', time: 'now', data: 'x'.repeat(size) })
      }
      await store.commit()
    },
  }
}

const everything = createEventFilter({ readings: true })
const eventsOnly = createEventFilter({})
const isEvent = (position: number) => position % 3 !== 0

describe('the stream', () => {
  it('misses nothing and repeats nothing, whenever clients come, stall and resume', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('add' as const), count: fc.integer({ min: 1, max: 700 }), size: fc.constantFrom(10, 2_000) }),
      fc.record({ do: fc.constant('join' as const), readings: fc.boolean(), back: fc.integer({ min: 0, max: 2_000 }) }),
      fc.record({ do: fc.constantFrom('fill' as const, 'drain' as const, 'settle' as const), which: fc.nat() }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const { store, stream, add, clock } = aStream()
        interface Client { readonly sink: ReturnType<typeof aSink>; readonly from: number; readonly readings: boolean; full: boolean }
        const clients: Client[] = []
        for (const one of steps) {
          if (one.do === 'add') await add(one.count, one.size)
          else if (one.do === 'join') {
            const from = Math.max(0, store.lastPosition() - one.back)
            const client: Client = { sink: aSink(() => (client.full ? 0 : Infinity)), from, readings: one.readings, full: false }
            clients.push(client)
            stream.join({ sink: client.sink, filter: one.readings ? everything : eventsOnly, after: from, allowed: () => true })
          } else if (one.do === 'settle') await clock.advance(1)
          else {
            const client = clients[one.which % clients.length]
            if (client === undefined) continue
            client.full = one.do === 'fill'
            if (one.do === 'drain') client.sink.drain()
          }
        }
        for (const client of clients) client.full = false
        for (let i = 0; i < 40; i++) {
          for (const client of clients) client.sink.drain()
          await clock.advance(0)
        }
        for (const { sink, from, readings } of clients) {
          const wanted = Array.from({ length: store.lastPosition() - from }, (_, i) => from + i + 1).filter((position) => readings || isEvent(position))
          expect(sink.ids()).toEqual(wanted)
        }
        stream.stop()
      }),
      { numRuns: 150 },
    )
  })

  it('never has more than a few hundred KiB waiting for one client', async () => {
    const { stream, add, clock } = aStream()
    const sink = aSink(() => 64 * 1024)
    stream.join({ sink, filter: eventsOnly, after: undefined, allowed: () => true })
    await clock.advance(0)
    for (let i = 0; i < 20; i++) await add(300, 1_000)
    await clock.advance(0)
    expect(sink.most()).toBeLessThan(512 * 1024)
    expect(sink.ended).toBe(false)
    await clock.advance(30_000)
    expect(sink.ended).toBe(true)
    expect(stream.counts()).toMatchObject({ clients: 0, cut: 1 })
  })

  it('says so when the log no longer holds what was missed, and when it is another log', async () => {
    const { stream, store, add, clock } = aStream()
    await add(10)
    store.firstPosition = () => 6
    const late = aSink(() => Infinity)
    stream.join({ sink: late, filter: eventsOnly, after: 2, allowed: () => true })
    const ahead = aSink(() => Infinity)
    stream.join({ sink: ahead, filter: eventsOnly, after: 99, allowed: () => true })
    await clock.advance(0)
    expect(late.text()).toContain('id: 5\nevent: gap\ndata: {"after":2,"resumedAfter":5}\n\n')
    expect(late.ids()).toEqual([7, 8, 10])
    expect(ahead.text()).toContain('id: 10\nevent: gap\n')
    const fresh = aSink(() => Infinity)
    stream.join({ sink: fresh, filter: eventsOnly, after: 5, allowed: () => true })
    expect(fresh.text()).not.toContain('gap')
  })

  it('reads the log once for all who are at its end', async () => {
    const { stream, store, add, clock } = aStream()
    for (let i = 0; i < 50; i++) stream.join({ sink: aSink(() => Infinity), filter: eventsOnly, after: undefined, allowed: () => true })
    await clock.advance(0)
    let reads = 0
    const read = store.read.bind(store)
    store.read = (query) => {
      reads++
      return read(query)
    }
    await add(10)
    await clock.advance(0)
    expect(reads).toBeLessThanOrEqual(3)
    expect(stream.counts().sent).toBe(50 * 7)
  })

  it('ends the clients when the log cannot be read; they resume', async () => {
    const { stream, store, add, clock } = aStream()
    const sink = aSink(() => Infinity)
    stream.join({ sink, filter: eventsOnly, after: undefined, allowed: () => true })
    await clock.advance(0)
    store.read = () => Promise.reject(new Error('EIO'))
    await add(1)
    await clock.advance(0)
    expect(sink.ended).toBe(true)
  })
})
