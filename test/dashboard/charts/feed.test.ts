import { afterEach, describe, expect, it, vi } from 'vitest'
import { createFeed } from '../../../dashboard/src/charts/feed.ts'
import { setGatewayTime } from '../../../dashboard/src/data/clock.ts'
import { putValues } from '../../../dashboard/src/data/values.ts'
import { setWatchSink } from '../../../dashboard/src/data/watching.ts'

const start = Date.UTC(2026, 10, 26, 8)
const reading = (ts: number, value: unknown) => ({ ts, value, quality: 'good', unit: '%' })

/** The gateway's answers by path; a function lets something happen before the answer comes. */
function gatewayWith(answers: Readonly<Record<string, unknown>>): string[] {
  const asked: string[] = []
  vi.stubGlobal('fetch', async (path: string) => {
    asked.push(path)
    const found = Object.entries(answers).find(([beginning]) => path.startsWith(`/api/v1/${beginning}`))?.[1]
    const body = typeof found === 'function' ? (found as () => unknown)() : found
    return body === undefined ? new Response('{"detail":"there is none"}', { status: 404 }) : Response.json(body)
  })
  return asked
}

afterEach(() => vi.unstubAllGlobals())

describe('what a chart shows', () => {
  it('is the history, and what came while it was being read', async () => {
    setGatewayTime(start)
    const feed = createFeed({ device: 'bed-a', metric: 'spo2', from: start - 300_000, to: start, live: true })
    gatewayWith({
      'devices/bed-a': { metrics: { spo2: { value: 97, unit: '%' } } },
      readings: () => {
        putValues([['bed-a', 'spo2', 95, start + 1_000, 'good', '%'], ['bed-b', 'spo2', 1, start + 1_000, 'good', '%']])
        return { items: [reading(start - 1_000, 97)], next: null }
      },
    })
    await feed.load(new AbortController().signal)
    expect(feed.state()).toMatchObject({ kind: 'number', unit: '%', stepMs: undefined })
    expect(feed.state()!.points.map(({ ts, y }) => [ts - start, y])).toEqual([[-1_000, 97], [1_000, 95]])
    feed.stop()
  })

  it('goes on with what comes, marks what is bad, and ends when it is stopped', async () => {
    setGatewayTime(start)
    const feed = createFeed({ device: 'bed-c', metric: 'spo2', from: start - 300_000, to: start, live: true })
    gatewayWith({ 'devices/bed-c': { metrics: {} }, readings: { items: [], next: null } })
    await feed.load(new AbortController().signal)
    const before = feed.version()
    putValues([['bed-c', 'spo2', 90, start + 500, 'bad', null]])
    expect(feed.version()).toBeGreaterThan(before)
    expect(feed.state()!.points).toEqual([{ ts: start + 500, y: 90, bad: true }])
    feed.stop()
    putValues([['bed-c', 'spo2', 91, start + 900, 'good', null]])
    expect(feed.state()!.points).toHaveLength(1)
  })

  it('counts what comes into the last step of a long window', async () => {
    setGatewayTime(start)
    const feed = createFeed({ device: 'bed-d', metric: 'spo2', from: start - 3_600_000, to: start, live: true })
    gatewayWith({ 'devices/bed-d': { metrics: { spo2: { value: 90, unit: '%' } } }, readings: { items: [{ ts: start, value: 90, min: 90, max: 90, count: 1 }], next: null } })
    await feed.load(new AbortController().signal)
    putValues([['bed-d', 'spo2', 94, start + 5_000, 'good', '%']])
    expect(feed.state()!.points).toEqual([{ ts: start, y: 92, bad: false, low: 90, high: 94, count: 2 }])
    feed.stop()
  })

  it('of the past stays where it is and watches nobody', async () => {
    const watched: (readonly string[])[] = []
    setWatchSink((devices) => watched.push(devices))
    setGatewayTime(start + 1_000_000)
    const feed = createFeed({ device: 'bed-e', metric: 'mode', from: start, to: start + 60_000, live: false })
    const asked = gatewayWith({ readings: { items: [reading(start, 'heat')], next: null } })
    await feed.load(new AbortController().signal)
    putValues([['bed-e', 'mode', 'cool', start + 2_000, 'good', null]])
    expect(feed.window()).toEqual({ from: start, to: start + 60_000 })
    expect(feed.state()).toMatchObject({ kind: 'text', points: [{ text: 'heat' }] })
    expect(asked.at(-1)).toContain(`from=${start}&to=${start + 60_000}`)
    expect(watched.flat()).not.toContain('bed-e')
  })

  it('moves with the clock of the gateway', () => {
    setGatewayTime(start + 77_000)
    const feed = createFeed({ device: 'bed-f', metric: 'hr', from: start, to: start + 60_000, live: true })
    const { from, to } = feed.window()
    expect(to - from).toBe(60_000)
    expect(to).toBeGreaterThanOrEqual(start + 77_000)
    feed.stop()
  })
})
