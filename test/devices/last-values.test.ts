import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { committedValue, firstValue, nextValue } from '../../gateway/devices/last-values.ts'

const value = (n: number) => ({ value: n, unit: undefined, ts: n, quality: 'good' as const })

describe('last values', () => {
  it('shows only what is on disk, never an older one than before, and what was on disk two batches ago at the latest', () => {
    // Each batch holds so many values; one commit is under way while the next batch fills.
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 30 }), (batches) => {
      let position = 0
      let values: ReturnType<typeof firstValue> | undefined
      const ends: number[] = []
      let shownBefore = 0
      for (const [index, count] of batches.entries()) {
        // The commit before the last is done when this batch begins, the last one when half of it is there.
        for (let i = 0; i < count; i++) {
          const onDisk = (i < count / 2 ? ends[index - 2] : ends[index - 1]) ?? 0
          position++
          if (values === undefined) values = firstValue(value(position), position)
          else nextValue(values, value(position), position, onDisk)
          const shown = committedValue(values, onDisk)?.ts ?? 0
          expect(shown).toBeLessThanOrEqual(onDisk)
          expect(shown).toBeGreaterThanOrEqual(shownBefore)
          expect(shown).toBeGreaterThanOrEqual(ends[index - 3] ?? 0)
          shownBefore = shown
        }
        ends.push(position)
      }
      if (values !== undefined) expect(committedValue(values, position)?.ts).toBe(position)
    }))
  })
})
