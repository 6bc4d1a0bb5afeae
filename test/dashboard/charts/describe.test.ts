import { describe, expect, it } from 'vitest'
import { describe as inWords, pointText } from '../../../dashboard/src/charts/describe.ts'
import type { Point } from '../../../dashboard/src/charts/series.ts'

const point = (y: number | null, more: Partial<Point> = {}): Point => ({ ts: 0, y, bad: false, ...more })
const spo2 = { device: 'bed-4', metric: 'spo2', spanMs: 600_000, kind: 'number', unit: '%' } as const

describe('a chart in words', () => {
  it('says what it is of, the last value, the range and the limits', () => {
    const limits = [{ value: 90, label: 'low 90', level: 'lo' }, { value: 99, label: 'high 99', level: 'hi' }]
    expect(inWords({ ...spo2, points: [point(97), point(86)], limits })).toBe('spo2 of bed-4, 10 min, last 86 %, from 86 to 97 %, low limit 90 %, crossed, high limit 99 %')
  })

  it('says that nothing was heard, or nothing good', () => {
    expect(inWords({ ...spo2, points: [], limits: [] })).toBe('spo2 of bed-4, 10 min, no readings')
    expect(inWords({ ...spo2, points: [point(null, { bad: true })], limits: [] })).toBe('spo2 of bed-4, 10 min, last – of bad quality')
  })
})

describe('a point in words', () => {
  it('is a value with its unit, a word, or what a switch said', () => {
    expect(pointText(point(36.6), { kind: 'number', unit: 'Cel' })).toBe('36.6 °C')
    expect(pointText(point(null, { text: 'open' }), { kind: 'text', unit: null })).toBe('open')
    expect(pointText(point(1, { text: 'on' }), { kind: 'switch', unit: null })).toBe('on')
    expect(pointText(point(0, { low: 0, high: 0 }), { kind: 'switch', unit: null })).toBe('off')
    expect(pointText(point(0, { low: 0, high: 1 }), { kind: 'switch', unit: null })).toBe('on and off')
    expect(pointText(undefined, { kind: 'number', unit: '%' })).toBe('–')
  })
})
