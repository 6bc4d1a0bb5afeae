import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { columnsOf, fold, gapOf, kindOf, kindOfAll, merge, pointOf, segmentsOf, shortestStep, stepFor } from '../../../dashboard/src/charts/series.ts'
import type { Point } from '../../../dashboard/src/charts/series.ts'

const at = (ts: number, y: number | null = 1, more: Partial<Point> = {}): Point => ({ ts, y, bad: false, ...more })
const every = (ms: number, count: number, from = 0): Point[] => Array.from({ length: count }, (_, index) => at(from + index * ms, index))

const anyPoint = fc.record({ ts: fc.integer({ min: 0, max: 100_000 }), y: fc.option(fc.double({ noNaN: true, min: -1e6, max: 1e6 })), bad: fc.boolean() })
const unique = fc.uniqueArray(anyPoint, { selector: ({ ts }) => ts, maxLength: 60 })
const rising = unique.map((points) => [...points].sort((a, b) => a.ts - b.ts))

describe('what a metric is drawn as', () => {
  it('tells numbers, switches and words apart', () => {
    expect([3, true, 'OFF', 'on', 'open', null].map(kindOf)).toEqual(['number', 'switch', 'switch', 'switch', 'text', 'number'])
  })

  it('takes one odd word for words, and a number among switches for numbers', () => {
    expect(kindOfAll([true, null, 'on'])).toBe('switch')
    expect(kindOfAll([true, 'stuck', false])).toBe('text')
    expect(kindOfAll([true, 1])).toBe('number')
    expect(kindOfAll([null])).toBeUndefined()
  })

  it('gives booleans and their words a height, other texts none', () => {
    expect(pointOf({ ts: 1, value: true, quality: 'good' })).toEqual({ ts: 1, y: 1, bad: false, text: 'on' })
    expect(pointOf({ ts: 1, value: 'open', quality: 'good' })).toEqual({ ts: 1, y: null, bad: false, text: 'open' })
    expect(pointOf({ ts: 1, value: null, quality: 'bad' })).toEqual({ ts: 1, y: null, bad: true })
  })
})

describe('the step of time', () => {
  it('draws every reading of a short window, and round steps of a long one', () => {
    expect(stepFor(5 * 60_000)).toBeUndefined()
    expect(stepFor(3_600_000)).toBe(10_000)
    expect(stepFor(6 * 3_600_000)).toBe(60_000)
    expect(stepFor(24 * 3_600_000)).toBe(300_000)
    expect(stepFor(7 * 24 * 3_600_000)).toBe(30 * 60_000)
  })

  it('never makes more points than a chart is wide', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 10 * 366 * 24 * 3_600_000 }), (span) => span / shortestStep(span) <= 360 && shortestStep(span) >= 1_000))
  })
})

describe('gaps', () => {
  it('are distances of more than three intervals, and of ten seconds at least', () => {
    expect(gapOf(every(1_000, 100), undefined)).toBe(10_000)
    expect(gapOf(every(60_000, 100), undefined)).toBe(180_000)
    expect(gapOf([], undefined)).toBe(10_000)
  })

  it('are steps that are left out; a series slower than the step has its own measure', () => {
    expect(gapOf(every(10_000, 50).map((point) => ({ ...point, count: 10 })), 10_000)).toBe(15_000)
    expect(gapOf(every(60_000, 50), 10_000)).toBe(180_000)
  })

  it('are none where a series comes now in every step, now in every second', () => {
    const points = [0, 10_000, 20_000, 40_000, 50_000, 60_000, 80_000].map((ts) => at(ts, 1, { count: 1 }))
    expect(gapOf(points, 10_000)).toBe(30_000)
  })

  it('become a null right after the last point before them', () => {
    const { data } = columnsOf([...every(1_000, 2), ...every(1_000, 2, 60_000)], 10_000)
    expect(data[0]).toEqual([0, 1_000, 1_001, 60_000, 61_000])
    expect(data[1]).toEqual([0, 1, null, 0, 1])
  })
})

describe('columns', () => {
  it('break the line at a bad point and keep its mark', () => {
    const { data, bad } = columnsOf([at(0), at(1, 5, { bad: true }), at(2)], 10_000)
    expect(data[1]).toEqual([1, null, 1])
    expect(bad).toEqual([{ ts: 1, y: 5 }])
  })

  it('show a point that nothing joins', () => {
    const { data } = columnsOf([at(0), at(1), at(60_000, 7), at(120_000), at(120_001)], 10_000)
    expect(data[4].filter((y) => y !== null)).toEqual([7])
  })

  it('span the band of a step, and bad points that have a height', () => {
    expect(columnsOf([at(0, 5, { low: 2, high: 9 }), at(1, 11, { bad: true })], 10_000).extent).toEqual({ min: 2, max: 11 })
    expect(columnsOf([at(0, null)], 10_000).extent).toBeUndefined()
  })

  it('rise by time, are equally long, lose no point and never join over a gap', () => {
    fc.assert(fc.property(rising, fc.integer({ min: 2, max: 50_000 }), (points, gapMs) => {
      const { data, bad } = columnsOf(points, gapMs)
      const [x, line] = data
      expect(new Set(data.map(({ length }) => length)).size).toBe(1)
      expect(x.every((ts, index) => index === 0 || ts > x.at(index - 1)!)).toBe(true)
      expect(line.filter((y) => y !== null)).toEqual(points.filter(({ y, bad: isBad }) => y !== null && !isBad).map(({ y }) => y))
      expect(bad).toHaveLength(points.filter(({ bad: isBad }) => isBad).length)
      expect(line.every((y, index) => index === 0 || y === null || line[index - 1] === null || x.at(index)! - x.at(index - 1)! <= gapMs)).toBe(true)
    }))
  })
})

describe('live points', () => {
  it('go where their time is, and the newer word on the same time counts', () => {
    const points = merge([at(1), at(3, 3)], [at(2, 2), at(3, 9)], { from: 0, most: 10 })
    expect(points.map(({ ts, y }) => [ts, y])).toEqual([[1, 1], [2, 2], [3, 9]])
  })

  it('push out what left the window but for the point from which the line comes in', () => {
    expect(merge(every(1_000, 10), [at(10_000)], { from: 7_500, most: 100 }).map(({ ts }) => ts)).toEqual([7_000, 8_000, 9_000, 10_000])
  })

  it('stay bounded, in order and unique, however they come', () => {
    fc.assert(fc.property(rising, fc.array(anyPoint, { maxLength: 60 }), fc.integer({ min: 1, max: 40 }), (points, fresh, most) => {
      const merged = merge(points, fresh, { from: -1, most })
      const times = new Set([...points, ...fresh].map(({ ts }) => ts))
      expect(merged.map(({ ts }) => ts)).toEqual([...times].sort((a, b) => a - b).slice(-most))
    }))
  })

  it('are counted into their step as the gateway would', () => {
    const bounds = { from: 0, most: 100, stepMs: 10_000, kind: 'number' } as const
    const points = fold([at(0, 4, { low: 4, high: 4, count: 1 })], [at(9_999, 8), at(10_000, 5), at(10_001, 7), at(10_002, 100, { bad: true })], bounds)
    expect(points).toEqual([{ ts: 0, y: 6, bad: false, low: 4, high: 8, count: 2 }, { ts: 10_000, y: 6, bad: false, low: 5, high: 7, count: 2 }])
  })

  it('give a step of a switch their last word', () => {
    const points = fold([], [at(1, 1), at(2, 0)], { from: 0, most: 10, stepMs: 10, kind: 'switch' })
    expect(points).toEqual([{ ts: 0, y: 0, bad: false, low: 0, high: 1, count: 2 }])
  })

  it('make the same steps in one go and one by one', () => {
    fc.assert(fc.property(rising, fc.integer({ min: 1, max: 30_000 }), (points, stepMs) => {
      const options = { from: -1, most: 1_000, stepMs, kind: 'number' } as const
      let singly: readonly Point[] = []
      for (const point of points) singly = fold(singly, [point], options)
      expect(fold([], points, options)).toEqual(singly)
      expect(singly.every(({ y, low, high }) => low! <= y! + 1e-6 && y! <= high! + 1e-6)).toBe(true)
    }))
  })
})

describe('a band of words', () => {
  const say = (ts: number, text: string, bad = false): Point => at(ts, null, { text, bad })

  it('joins the same word and leaves out what was not heard', () => {
    expect(segmentsOf([say(0, 'open'), say(1_000, 'open'), say(2_000, 'shut'), say(60_000, 'shut')], { gapMs: 9_000, to: 61_000 })).toEqual([
      { from: 0, to: 2_000, text: 'open', bad: false },
      { from: 2_000, to: 5_000, text: 'shut', bad: false },
      { from: 60_000, to: 61_000, text: 'shut', bad: false },
    ])
  })

  it('keeps bad quality apart', () => {
    expect(segmentsOf([say(0, 'open'), say(1_000, 'open', true)], { gapMs: 9_000, to: 2_000 })).toHaveLength(2)
  })
})
