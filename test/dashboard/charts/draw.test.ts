import { describe, expect, it } from 'vitest'
import { drawLimits } from '../../../dashboard/src/charts/draw.ts'
import type { Area } from '../../../dashboard/src/charts/draw.ts'

/** Where words were written on a canvas of which a unit is a pixel. */
function written(values: readonly number[], { top = 0, bottom = 100 } = {}): readonly number[] {
  const found: number[] = []
  const ctx = new Proxy({}, { get: (_, name) => (name === 'fillText' ? (_text: string, _x: number, y: number) => found.push(y) : () => undefined), set: () => true })
  const area = { ctx, theme: {}, left: 0, right: 100, top, bottom, x: (at: number) => at, y: (value: number) => bottom - value } as unknown as Area
  drawLimits(area, values.map((value) => ({ value, label: `limit ${value}`, level: 'hi' })), null)
  return found
}

describe('the labels of limits', () => {
  it('stand above their lines, below where there is no room', () => {
    expect(written([20, 60, 95])).toEqual([76, 36, 18])
  })

  it('are apart from each other, however near the limits are', () => {
    for (const values of [[50, 60], [50, 52], [50, 55, 60], [50, 50], [92, 97]]) {
      const places = written(values).toSorted((a, b) => a - b)
      expect(places).toHaveLength(values.length)
      for (const [index, place] of places.entries()) if (index > 0) expect(place - places[index - 1]!, String(values)).toBeGreaterThanOrEqual(13)
    }
  })
})
