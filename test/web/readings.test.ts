import { describe, expect, it } from 'vitest'
import type { StoreReader } from '../../gateway/kernel/contracts.ts'
import type { Reading, StoredReading, Value } from '../../gateway/kernel/reading.ts'
import { createSteps } from '../../gateway/web/steps.ts'
import { webScene } from '../support/web-scene.ts'

const url = '/api/v1/readings'

function aReading(ts: number, value: Value, metric = 'hr'): Reading {
  return { series: { id: 0, device: 'bed-1', metric, storedId: 0 }, value, quality: 'good', unit: '1/min', ts, tsGiven: true, seq: ts, receivedAt: ts + 5, k: 0 }
}

async function scene(...readings: readonly Reading[]) {
  const made = webScene()
  for (const reading of readings) made.store.appendReading(reading, 0)
  await new Promise((resolve) => setImmediate(resolve))
  return made
}

interface Page { items: { position: number; ts: number; value: number; count: number }[]; next: string | null }

describe('readings', () => {
  it('come by device, metric and time, in pages', async () => {
    const { call } = await scene(...[1, 2, 3, 4, 5].map((i) => aReading(i * 1_000, i)), aReading(1_500, 36.6, 'temperature'))
    const page = async (query: string) => (await call({ url: `${url}${query}` })).json<Page>()
    expect((await page('?device=bed-1&metric=hr&limit=1')).items).toEqual([
      { position: 1, device: 'bed-1', metric: 'hr', ts: 1_000, value: 1, unit: '1/min', quality: 'good', seq: 1_000, receivedAt: 1_005, labels: {} },
    ])
    expect((await page('')).items).toHaveLength(6)
    expect((await page('?metric=hr&from=2000&to=1970-01-01T00:00:04Z')).items.map((item) => item.value)).toEqual([2, 3])
    expect(await page('?metric=hr&limit=2')).toMatchObject({ next: '2' })
    expect(await page('?metric=hr&limit=3&after=2')).toMatchObject({ items: [{ value: 3 }, { value: 4 }, { value: 5 }], next: null })
    expect(await page('?device=bed-9')).toEqual({ items: [], next: null })
    expect(await page('?metric=hr&order=desc&limit=2')).toMatchObject({ items: [{ value: 5 }, { value: 4 }], next: '4' })
    expect(await page('?metric=hr&order=desc&limit=3&before=4')).toMatchObject({ items: [{ value: 3 }, { value: 2 }, { value: 1 }], next: null })
  })

  it('understand times with and without a zone', async () => {
    const { call } = await scene(aReading(Date.UTC(2026, 0, 1, 8), 1))
    const count = async (from: string) => (await call({ url: `${url}?from=${from}` })).json<Page>().items.length
    for (const from of ['2026-01-01', '2026-01-01T08:00', '2026-01-01T08:00:00.000Z', '2026-01-01T09:00:00+01:00', '2026-01-01T09:00:00%2B01:00', '1767254400000']) expect(await count(from)).toBe(1)
    expect(await count('2026-01-01T08:00:00-01:00')).toBe(0)
  })

  it.each([['order=up', 'order'], ['order=desc&after=1', 'after'], ['before=1', 'before'], ['order=desc&step=1s&device=d&metric=m&from=0', 'order'], ['from=now', 'from'], ['to=2026-13-01', 'to'], ['to=2026-02-30', 'to'], ['limit=0', 'limit'], ['fn=mean', 'fn'], ['step=1min', 'device'], ['step=soon&device=d&metric=m&from=0', 'step'], ['step=1ms&device=d&metric=m&from=0', 'step'], ['fn=median&step=1s', 'fn'], ['step=1s&device=d&metric=m&from=5&to=5', 'to']])(
    'refuse %s',
    async (query, member) => {
      const { call } = await scene()
      expect((await call({ url: `${url}?${query}` })).json()).toMatchObject({ status: 400, errors: expect.arrayContaining([expect.objectContaining({ member })]) })
    },
  )

  it('are condensed by steps aligned to 1970; a gap is a gap', async () => {
    const { call } = await scene(aReading(61_000, 10), aReading(90_000, 30), aReading(60_500, 5), aReading(200_000, true), aReading(200_001, 'text'), aReading(200_002, null))
    const steps = async (fn: string) => (await call({ url: `${url}?device=bed-1&metric=hr&from=0&to=300000&step=1min${fn}` })).json<Page>().items
    expect(await steps('')).toEqual([{ ts: 60_000, value: 15, min: 5, max: 30, count: 3 }, { ts: 180_000, value: 1, min: 1, max: 1, count: 1 }])
    for (const fn of ['avg', 'mean']) expect((await steps(`&fn=${fn}`))[0]!.value).toBe(15)
    expect((await steps('&fn=sum'))[0]!.value).toBe(45)
    expect((await steps('&fn=min'))[0]!.value).toBe(5)
    expect((await steps('&fn=max'))[0]!.value).toBe(30)
    expect((await steps('&fn=last'))[0]!.value).toBe(30)
    expect((await steps('&fn=count'))[0]!.value).toBe(3)
  })
})

describe('condensing', () => {
  const query = { device: 'd', metric: 'm', from: 0, to: 1_000, stepMs: 100, fn: 'count' } as const
  const many = (total: number): Pick<StoreReader, 'readings'> => ({
    readings: async ({ after = 0, limit }) => Array.from({ length: Math.max(0, Math.min(limit, total - after)) }, (_, i) => ({ position: after + i + 1, value: 1, quality: 'good', ts: after + i } as StoredReading)),
  })

  it('reads all pages, and refuses what would take too long', async () => {
    expect(await createSteps({ pageSize: 7 }, { store: many(100) }).read(query)).toEqual([{ ts: 0, value: 100, min: 1, max: 1, count: 100 }])
    await expect(createSteps({ pageSize: 7, maxReadings: 50 }, { store: many(100) }).read(query)).rejects.toMatchObject({ code: 'BAD_INPUT' })
  })

  it('is done for two at once and for no more', async () => {
    const steps = createSteps({}, { store: many(10) })
    const both = [steps.read(query), steps.read(query)]
    await expect(steps.read(query)).rejects.toMatchObject({ code: 'OVERLOADED' })
    await Promise.all(both)
    await expect(steps.read(query)).resolves.toHaveLength(1)
  })
})
