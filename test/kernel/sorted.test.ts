import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { byDeviceAndMetric, placeBehind, placeOf } from '../../gateway/kernel/sorted.ts'

describe('what is in order', () => {
  it('has its place for whatever comes', () => {
    fc.assert(fc.property(fc.array(fc.string()), fc.string(), (words, word) => {
      const sorted = words.toSorted()
      const place = sorted.filter((other) => other < word).length
      expect(placeBehind(sorted, (other) => other < word)).toBe(place)
      expect(placeOf(sorted.map((id) => ({ id })), word)).toBe(place)
    }))
  })

  it('is so by device, then metric', () => {
    const of = (text: string) => ({ device: text[0]!, metric: text[1]! })
    expect(['bx', 'ay', 'ax', 'ax'].map(of).toSorted(byDeviceAndMetric)).toEqual(['ax', 'ax', 'ay', 'bx'].map(of))
  })
})
