import { describe, expect, it } from 'vitest'
import { ApiProblem } from '../../../dashboard/src/data/api.ts'
import { readHistory } from '../../../dashboard/src/charts/history.ts'
import type { HistoryDeps } from '../../../dashboard/src/charts/history.ts'

/** Answers in turn, and remembers what was asked. */
function scripted(answer: (url: URL, call: number) => unknown): HistoryDeps & { readonly asked: URL[]; readonly waits: number[] } {
  const asked: URL[] = []
  const waits: number[] = []
  return {
    asked,
    waits,
    async ask<T>(path: string) {
      const url = new URL(path, 'http://gateway/')
      asked.push(url)
      const given = answer(url, asked.length - 1)
      if (given instanceof Error) throw given
      return given as T
    },
    wait: async (ms) => void waits.push(ms),
  }
}

const reading = (ts: number, value: unknown = 1) => ({ ts, value, quality: 'good', unit: '%' })
const query = { device: 'bed 1', metric: 'spo2', from: 0, to: 300_000, kind: 'number' } as const
const hour = { ...query, to: 3_600_000 }

describe('history of a signal', () => {
  it('reads a short window page by page', async () => {
    const deps = scripted((url) => (url.searchParams.get('after') === '7' ? { items: [reading(2_000)], next: null } : { items: [reading(1_000)], next: '7' }))
    const { points, unit, stepMs } = await readHistory(query, deps)
    expect(points.map(({ ts }) => ts)).toEqual([1_000, 2_000])
    expect([unit, stepMs]).toEqual(['%', undefined])
    expect(deps.asked.at(0)!.searchParams.get('device')).toBe('bed 1')
  })

  it('reads a long window as mean, lowest and highest of each step; of a switch the last word', async () => {
    const deps = scripted(() => ({ items: [{ ts: 10_000, value: 5, min: 2, max: 9, count: 3 }], next: null }))
    const { points, stepMs } = await readHistory(hour, deps)
    expect(points).toEqual([{ ts: 10_000, y: 5, bad: false, low: 2, high: 9, count: 3 }])
    expect(stepMs).toBe(10_000)
    await readHistory({ ...hour, kind: 'switch' }, deps)
    expect(deps.asked.map((url) => url.searchParams.get('fn'))).toEqual(['avg', 'last'])
  })

  it('takes turns with other charts', async () => {
    let open = 0
    let most = 0
    const deps = scripted(() => ({ items: [], next: null }))
    const slow: HistoryDeps = { ...deps, async ask<T>(path: string) {
      most = Math.max(most, ++open)
      await Promise.resolve()
      open--
      return deps.ask<T>(path)
    } }
    await Promise.all([readHistory(hour, slow), readHistory(hour, slow), readHistory(hour, slow)])
    expect(most).toBe(1)
  })

  it('waits and asks again where the gateway is busy, and passes on what is an answer', async () => {
    const busy = scripted((_url, call) => (call < 2 ? new ApiProblem(503, 'busy') : { items: [], next: null }))
    await readHistory(query, busy)
    expect(busy.waits).toEqual([150, 300])
    await expect(readHistory(query, scripted(() => new ApiProblem(404, 'gone')))).rejects.toThrow('gone')
  })

  it('condenses a short window that has too many readings', async () => {
    const deps = scripted((url) => (url.searchParams.has('step') ? { items: [{ ts: 0, value: 1, min: 1, max: 1, count: 9 }], next: null } : { items: [reading(1)], next: '1' }))
    expect((await readHistory(query, deps)).stepMs).toBe(1_000)
  })

  it('reads words as they are, the newest where they are too many', async () => {
    const deps = scripted((url) => (Number(url.searchParams.get('from')) < 3_000_000 ? { items: [reading(0, 'open'), reading(100_000, 'shut')], next: '1' } : { items: [reading(3_550_000, 'open')], next: null }))
    const { kind, points, cutAt } = await readHistory({ ...hour, kind: 'text' }, deps)
    expect([kind, points.length, cutAt]).toEqual(['text', 1, 3_520_000])
    expect(deps.asked.every((url) => !url.searchParams.has('step'))).toBe(true)
  })
})
