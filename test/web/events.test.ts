import type { InjectOptions } from 'fastify'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readPostedEvent } from '../../gateway/web/posted-event.ts'
import { observeRoutes } from '../support/observed-routes.ts'
import { webScene } from '../support/web-scene.ts'

const url = '/api/v1/events'
const observed = observeRoutes()
const scene = () => webScene({}, observed)
const post = (payload: unknown, type = 'application/cloudevents+json'): InjectOptions => ({ method: 'POST', url, headers: { 'content-type': type }, payload: JSON.stringify(payload) })
const event = { specversion: '1.0', id: '1', source: 'shop', type: 'door.opened', data: { door: 3 } }

describe('posted events', () => {
  it('are answered 204 once they are on disk, single or in a batch, with any of three content types', async () => {
    const { call, door, store } = scene()
    expect((await call(post(event))).statusCode).toBe(204)
    expect((await call(post(event, 'application/json'))).statusCode).toBe(204)
    expect((await call(post([event, event], 'application/cloudevents-batch+json; charset=utf-8'))).statusCode).toBe(204)
    expect((await call(post([event], 'application/json'))).statusCode).toBe(204)
    expect((await call(post([], 'application/cloudevents-batch+json'))).statusCode).toBe(204)
    expect(store.lastPosition()).toBe(5)
    expect(door.taken[0]).toEqual({ kind: 'event', principal: expect.objectContaining({ kind: 'trusted' }), event: { ...event, time: '2026-01-01T00:00:00.000Z' } })
  })

  it('keep what extensions and time they came with', async () => {
    const { call, door } = scene()
    const given = { ...event, time: '2025-12-31T23:00:00+01:00', subject: 'front', datacontenttype: 'application/json', traceparent: '00-1' }
    expect((await call(post(given))).statusCode).toBe(204)
    expect(door.taken[0]).toMatchObject({ event: given })
  })

  it.each([
    [{ ...event, specversion: '0.3' }, 'specversion'], [{ ...event, id: '' }, 'id'], [{ ...event, id: 5 }, 'id'], [{ ...event, source: undefined }, 'source'], [{ ...event, type: 'a\u0000b' }, 'type'],
    [{ ...event, type: 'limen.alarm.raised' }, 'type'], [{ ...event, time: 'yesterday' }, 'time'], [{ ...event, time: '2026-02-30T10:00:00Z' }, 'time'], [{ ...event, time: '2026-02-30T99:00:00Z' }, 'time'], [{ ...event, data_base64: 'AA==' }, 'data_base64'],
    [{ ...event, subject: '' }, 'subject'], [5, ''], [null, ''], ['x', ''],
  ])('are refused with the member that is wrong: %j', async (payload, member) => {
    const { call, door } = scene()
    const answer = await call(post(payload))
    expect(answer.json()).toMatchObject({ status: 400, code: 'BAD_INPUT', accepted: 0, errors: [{ member, detail: expect.stringMatching(/expected|types that begin|not taken/) }] })
    expect(door.taken).toEqual([])
  })

  it('that are right are kept beside one that is wrong; the answer says which were not', async () => {
    const { call, store } = scene()
    const batch = [event, { ...event, id: '' }, { specversion: '1.0', id: '3', source: 's', type: 'limen.reading', data: { device: 'd', metric: 'm' } }, { ...event, id: '4' }]
    const answer = await call(post(batch, 'application/cloudevents-batch+json'))
    expect(answer.json()).toMatchObject({
      status: 400, accepted: 2, detail: expect.stringContaining('and 1 more'),
      errors: [{ index: 1, member: '[1].id' }, { index: 2, id: '3', member: '[2].data', detail: 'data.value is missing' }],
    })
    expect(store.lastPosition()).toBe(2)
  })

  it('that are no list are refused as a batch, and so are far too many', async () => {
    const { call, door } = scene()
    expect((await call(post(event, 'application/cloudevents-batch+json'))).statusCode).toBe(400)
    expect((await call(post(Array.from({ length: 10_001 }, () => 1), 'application/json'))).json()).toMatchObject({ detail: expect.stringContaining('at most 10000') })
    expect((await call({ method: 'POST', url })).statusCode).toBe(400)
    expect(door.taken).toEqual([])
  })

  it('may be 1 MiB together, and no more', async () => {
    const { call } = scene()
    expect((await call(post({ ...event, data: 'x'.repeat(1_000_000) }))).statusCode).toBe(204)
    expect((await call(post({ ...event, data: 'x'.repeat(1_100_000) }))).json()).toMatchObject({ status: 413, code: 'TOO_LARGE' })
    expect((await call(post(event, 'text/plain'))).statusCode).toBe(415)
    expect((await call(post(event, 'application/x-www-form-urlencoded'))).statusCode).toBe(415)
  })

  it('come in large batches without keeping the others waiting', async () => {
    const { call, store } = scene()
    const batch = Array.from({ length: 3_000 }, (_, i) => ({ specversion: '1.0', id: `${i}`, source: 's', type: 't' }))
    let turns = 0
    let running = true
    const count = () => {
      turns++
      if (running) setImmediate(count)
    }
    count()
    expect((await call(post(batch, 'application/json'))).statusCode).toBe(204)
    running = false
    expect(store.lastPosition()).toBe(3_000)
    expect(turns).toBeGreaterThan(10)
  })

  it('are never taken in a form that could not be told again', () => {
    fc.assert(
      fc.property(fc.anything(), fc.constantFrom('specversion', 'id', 'source', 'type', 'time', 'subject'), (value, member) => {
        const read = readPostedEvent({ ...event, [member]: value }, 'now')
        if ('wrong' in read) expect(read.wrong).toMatchObject({ member, detail: expect.any(String) })
        else for (const name of ['specversion', 'id', 'source', 'type', 'time'] as const) expect(read.event[name]).toEqual(expect.any(String))
      }),
    )
  })
})

interface Page { items: { id: string; type: string; limenposition: number }[]; next: string | null }

describe('the log of events', () => {
  it('is read in order, filtered, in pages', async () => {
    const { call, append } = scene()
    await append({ id: '1', type: 'limen.alarm.raised', subject: 'bed-1' }, { id: '2', type: 'limen.alarm.cleared', data: { device: 'bed-1' } }, { id: '3', type: 'door.opened' })
    const page = async (query: string) => (await call({ url: `${url}${query}` })).json<Page>()
    expect((await page('')).items).toMatchObject([{ id: '1', limenposition: 1 }, { id: '2', limenposition: 2 }, { id: '3', limenposition: 3 }])
    expect((await page('')).next).toBeNull()
    expect((await page('?type=limen.alarm.*')).items).toHaveLength(2)
    expect((await page('?type=door.opened,limen.alarm.cleared')).items.map((item) => item.id)).toEqual(['2', '3'])
    expect((await page('?device=bed-1')).items).toHaveLength(2)
    expect(await page('?limit=1')).toMatchObject({ items: [{ id: '1' }], next: '1' })
    expect(await page('?limit=2&after=1')).toMatchObject({ items: [{ id: '2' }, { id: '3' }], next: null })
    expect(await page('?after=3')).toEqual({ items: [], next: null })
  })

  it('is looked through a bounded stretch at a time; the cursor goes on', async () => {
    const { call, append, store } = scene()
    for (let i = 0; i < 25_000; i++) store.appendEvent({ specversion: '1.0', id: `${i}`, type: 'noise', source: 's', time: 'now' })
    await append({ id: 'wanted', type: 'rare' })
    const first = (await call({ url: `${url}?type=rare` })).json<Page>()
    expect(first).toEqual({ items: [], next: '20000' })
    expect((await call({ url: `${url}?type=rare&after=${first.next}` })).json()).toMatchObject({ items: [{ id: 'wanted' }], next: null })
  })

  it('is read from the newest down, in pages that go on before the last one', async () => {
    const { call, append } = scene()
    await append(...Array.from({ length: 7 }, (_, i) => ({ id: `${i + 1}`, type: i % 2 === 0 ? 'limen.alarm.raised' : 'door.opened' })))
    const page = async (query: string) => (await call({ url: `${url}?order=desc${query}` })).json<Page>()
    const ids = async (query: string) => (await page(query)).items.map((item) => item.id)
    expect(await page('')).toMatchObject({ items: [{ id: '7', limenposition: 7 }, { id: '6' }, { id: '5' }, { id: '4' }, { id: '3' }, { id: '2' }, { id: '1' }], next: null })
    expect(await page('&limit=2')).toMatchObject({ items: [{ id: '7' }, { id: '6' }], next: '6' })
    expect(await page('&limit=2&before=6&type=limen.alarm.*')).toMatchObject({ items: [{ id: '5' }, { id: '3' }], next: '3' })
    expect(await page('&limit=1&before=3&type=limen.alarm.*')).toMatchObject({ items: [{ id: '1' }], next: null })
    expect(await ids('&before=1')).toEqual([])
    expect(await ids('&before=99')).toHaveLength(7)
    expect((await call({ url: `${url}?order=asc` })).json<Page>().items.map((item) => item.id)).toEqual(['1', '2', '3', '4', '5', '6', '7'])
  })

  it('is looked through a bounded stretch at a time from the newest down, too', async () => {
    const { call, append, store } = scene()
    await append({ id: 'wanted', type: 'rare' })
    for (let i = 0; i < 25_000; i++) store.appendEvent({ specversion: '1.0', id: `${i}`, type: 'noise', source: 's', time: 'now' })
    await append()
    const first = (await call({ url: `${url}?order=desc&type=rare` })).json<Page>()
    expect(first).toEqual({ items: [], next: '5002' })
    expect((await call({ url: `${url}?order=desc&type=rare&before=${first.next}` })).json()).toMatchObject({ items: [{ id: 'wanted' }], next: null })
  })

  it('tells what happened to one alarm, in both orders', async () => {
    const { call, append } = scene()
    await append(
      { id: '1', type: 'limen.alarm.raised', data: { id: 'a.bed-1' } },
      { id: '2', type: 'limen.alarm.raised', data: { id: 'a.bed-10' } },
      { id: '3', type: 'limen.delivery.delivered', data: { alarm: 'a.bed-1', target: 'hook' } },
      { id: '4', type: 'limen.command.issued', data: { cause: 'a.bed-1', id: 'c1' } },
      { id: '5', type: 'limen.command.issued', data: { cause: 'manual:ada', id: 'c2' } },
      { id: '6', type: 'door.opened', data: { id: 'a.bed-1', alarm: 'a.bed-1', cause: 'a.bed-1' } },
      { id: '7', type: 'limen.alarm.acked', data: { id: 'a.bed-1' } },
      { id: '8', type: 'limen.alarm.acked', data: null },
    )
    const ids = async (query: string) => (await call({ url: `${url}?alarm=a.bed-1${query}` })).json<Page>().items.map((item) => item.id)
    expect(await ids('')).toEqual(['1', '3', '4', '7'])
    expect(await ids('&order=desc')).toEqual(['7', '4', '3', '1'])
    expect(await ids('&order=desc&type=limen.alarm.*&limit=1')).toEqual(['7'])
  })

  it.each(['?order=up', '?order=desc&after=1', '?before=1', '?order=desc&before=x', '?order=desc&type=limen.reading', '?alarm=', '?after=x', '?after=-1', '?limit=5001', '?types=a', '?priority=urgent', '?from=yesterday', '?from=2026-01-02&to=2026-01-01', '?by=', '?rule=', '?format=xml', '?format=csv&type=limen.reading'])('refuses %s', async (query) => {
    expect((await scene().call({ url: `${url}${query}` })).statusCode).toBe(400)
  })

  it('answered nothing that is not documented', async () => {
    observed.checkAgainst((await scene().call({ url: '/api/v1/openapi.json' })).json())
  })
})
