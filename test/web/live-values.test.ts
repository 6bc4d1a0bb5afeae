import { describe, expect, it } from 'vitest'
import type { Device } from '../../gateway/kernel/device-contracts.ts'
import type { Value } from '../../gateway/kernel/reading.ts'
import { createLiveValues } from '../../gateway/web/live-values.ts'
import { createFakeClock } from '../support/fake-clock.ts'

type Row = [device: string, metric: string, value: unknown, ts: number, quality: string, unit: string | null]

function scene() {
  const clock = createFakeClock()
  const devices = new Map<string, Device>()
  let asked = 0
  let pulses = 0
  const values = createLiveValues({
    clock,
    devices: {
      get(id) {
        asked++
        return devices.get(id)
      },
    },
    pulse: () => `event: pulse\ndata: ${++pulses}\n\n`,
  })

  function set(id: string, metric: string, value: Value, ts = clock.wall()): void {
    const before = devices.get(id) ?? { id, type: null, labels: {}, settings: {}, status: 'unknown', firstSeen: 0, lastSeen: 0, metrics: {} }
    devices.set(id, { ...before, metrics: { ...before.metrics, [metric]: { value, ts, quality: 'good', unit: null } } })
  }

  function watcher() {
    const sink = { unsent: 0, frames: [] as string[], write: (text: string) => void sink.frames.push(text), unsentBytes: () => sink.unsent }
    const rows = (): Row[][] => sink.frames.splice(0).filter((frame) => frame.startsWith('event: values')).map((frame) => (JSON.parse(frame.split('\n')[1]!.slice(6)) as { values: Row[] }).values)
    return { ...values.join(sink), sink, rows }
  }
  return { clock, devices, set, watcher, values, asked: () => asked, pulses: () => pulses }
}

describe('live values', () => {
  it('begin with all there is of what is watched, then tell what changed, the last of several changes', async () => {
    const { clock, set, watcher } = scene()
    set('bed-1', 'hr', 70, 1)
    set('bed-1', 'spo2', 97, 1)
    set('bed-2', 'hr', 80, 1)
    const one = watcher()
    one.watch(['bed-1', 'nobody'])
    await clock.advance(250)
    expect(one.rows()).toEqual([[['bed-1', 'hr', 70, 1, 'good', null], ['bed-1', 'spo2', 97, 1, 'good', null]]])
    await clock.advance(1_000)
    expect(one.rows()).toEqual([])
    set('bed-1', 'hr', 71, 2)
    set('bed-1', 'hr', 72, 3)
    set('bed-2', 'hr', 81, 3)
    set('nobody', 'hr', 1, 3)
    await clock.advance(250)
    expect(one.rows().flat().toSorted(([a], [b]) => a.localeCompare(b))).toEqual([['bed-1', 'hr', 72, 3, 'good', null], ['nobody', 'hr', 1, 3, 'good', null]])
    // The same value again is news: it is fresh.
    set('bed-1', 'hr', 72, 4)
    await clock.advance(250)
    expect(one.rows()).toEqual([[['bed-1', 'hr', 72, 4, 'good', null]]])
  })

  it('follow the newest list of what is watched, and end with an empty one', async () => {
    const { clock, set, watcher, asked } = scene()
    set('a', 'x', 1)
    set('b', 'x', 2)
    const one = watcher()
    one.watch(['a'])
    await clock.advance(250)
    one.watch(['b', 'a'])
    await clock.advance(250)
    expect(one.rows().map((rows) => rows.map(([device]) => device))).toEqual([['a'], ['b', 'a']])
    one.watch(['b'])
    set('a', 'x', 5)
    set('b', 'x', 6)
    await clock.advance(250)
    expect(one.rows().flat().map(([device]) => device)).toEqual(['b'])
    one.watch([])
    const before = asked()
    set('b', 'x', 7)
    await clock.advance(10_000)
    expect([one.rows(), asked()]).toEqual([[], before])
  })

  it('look at each device once a tick, however many watch it, and at none when nobody does', async () => {
    const { clock, set, watcher, asked, pulses } = scene()
    set('a', 'x', 1)
    set('b', 'x', 1)
    const many = Array.from({ length: 20 }, () => watcher())
    for (const one of many) one.watch(['a', 'b', 'a'])
    await clock.advance(1_000)
    expect(asked()).toBe(8)
    expect(many.map((one) => one.rows().length)).toEqual(many.map(() => 1))
    for (const one of many) one.leave()
    // A second time is nothing, and nobody can watch after that.
    many[0]!.leave()
    many[0]!.watch(['a'])
    const told = pulses()
    await clock.advance(60_000)
    expect([asked(), pulses()]).toEqual([8, told])
  })

  it('pass over whoever is slow and give it the newest later', async () => {
    const { clock, set, watcher } = scene()
    const [slow, quick] = [watcher(), watcher()]
    for (const one of [slow, quick]) one.watch(['a', 'b'])
    set('a', 'x', 1)
    set('b', 'x', 1)
    await clock.advance(250)
    slow.rows()
    slow.sink.unsent = 64 * 1024 + 1
    for (let i = 2; i <= 5; i++) {
      set('a', 'x', i)
      await clock.advance(250)
    }
    expect(slow.sink.frames).toEqual([])
    slow.sink.unsent = 0
    await clock.advance(250)
    expect(slow.rows().map((rows) => rows.map(([device, , value]) => [device, value]))).toEqual([[['a', 5]]])
    expect(quick.rows().flat().filter(([device]) => device === 'a').map(([, , value]) => value)).toEqual([1, 2, 3, 4, 5])
  })

  it('come in frames of bounded size, each device in its turn', async () => {
    const { clock, set, watcher } = scene()
    const names = Array.from({ length: 40 }, (_, i) => `d${String(i).padStart(2, '0')}`)
    for (const name of names) for (let i = 0; i < 100; i++) set(name, `m${i}`, 'x'.repeat(1_000))
    const one = watcher()
    one.watch(names)
    await clock.advance(250)
    const [first] = one.rows()
    expect(JSON.stringify(first).length).toBeLessThan(320_000)
    expect(first![0]![2]).toBe(`${'x'.repeat(256)}…`)
    const seen = new Set(first!.map(([device]) => device))
    for (let i = 0; i < 10 && seen.size < names.length; i++) {
      for (const name of names.slice(0, 2)) set(name, 'm0', `again ${i}`)
      await clock.advance(250)
      for (const [device] of one.rows().flat()) seen.add(device)
    }
    expect([...seen].sort()).toEqual(names)
  })

  it('come with a pulse at once and every second, made once for all', async () => {
    const { clock, watcher, pulses, values } = scene()
    const [one, two] = [watcher(), watcher()]
    expect(one.sink.frames).toEqual(['event: pulse\ndata: 1\n\n'])
    await clock.advance(3_000)
    expect([one.sink.frames.length, two.sink.frames.length, pulses()]).toEqual([4, 4, 5])
    two.sink.unsent = 1e6
    await clock.advance(1_000)
    expect([one.sink.frames.length, two.sink.frames.length]).toEqual([5, 4])
    values.stop()
    await clock.advance(5_000)
    expect(one.sink.frames).toHaveLength(5)
  })
})
