import { describe, expect, it } from 'vitest'
import type { Watermark } from '../../../gateway/rules/watermark.ts'
import { createWatermark, takeTime } from '../../../gateway/rules/watermark.ts'
import { createFold } from '../../../gateway/rules/window/fold.ts'
import { createSession } from '../../../gateway/rules/window/session.ts'
import { createSliding } from '../../../gateway/rules/window/sliding.ts'
import { createTumbling } from '../../../gateway/rules/window/tumbling.ts'
import type { Windowed } from '../../../gateway/rules/window/windowed.ts'

/** What the window says after each sample; its value is its time in seconds. */
function drive<Memory>(windowed: Windowed<Memory>, seconds: readonly number[]): (number | null)[] {
  const mark: Watermark = createWatermark()
  let memory = windowed.create()
  return seconds.map((second) => {
    takeTime(mark, second * 1_000, 0)
    while (windowed.settle(memory, mark)) { /* the next step */ }
    windowed.take(memory, second * 1_000, second)
    memory = windowed.load(structuredClone(windowed.save(memory)))
    return windowed.value(memory)
  })
}

describe('a window with more samples than there is room for', () => {
  it('that slides keeps the newest, and is unknown while one that had to go would belong to it', () => {
    const fold = createFold({ fn: 'max', minCount: 1, slides: true })
    expect(drive(createSliding(10_000, fold, 3), [1, 2, 3, 4, 9, 11, 12, 13, 30])).toEqual([1, 2, 3, null, null, null, null, null, 30])
    expect(drive(createSliding(10_000, fold, 3), [1, 2, 3, 4, 11.5, 21, 22])).toEqual([1, 2, 3, null, null, 21, 22])
    expect(drive(createSliding(10_000, fold, 3), [1, 2, 3, 4, 13.5, 14])).toEqual([1, 2, 3, null, 13.5, 14])
  })

  it('is looked at again when the last that had to go has left', () => {
    const sliding = createSliding(10_000, createFold({ fn: 'count', minCount: 0, slides: true }), 2)
    const memory = sliding.create()
    for (const time of [1_000, 3_000, 6_000]) sliding.take(memory, time, 0)
    expect(sliding.nextChange(memory)).toBe(11_000)
  })

  it('that tumbles closes as unknown where all of them are needed', () => {
    const seconds = [0, 1, 2, 3, 20, 40]
    expect(drive(createTumbling(10_000, createFold({ fn: 'p50', minCount: 1, slides: false }, 3)), seconds).slice(4)).toEqual([null, 20])
    expect(drive(createTumbling(10_000, createFold({ fn: 'p50', minCount: 1, slides: false }, 4)), seconds)[4]).toBe(1)
    expect(drive(createTumbling(10_000, createFold({ fn: 'max', minCount: 1, slides: false }, 3)), seconds)[4]).toBe(3)
  })

  it('is a session that ends as unknown', () => {
    const fold = createFold({ fn: 'count', minCount: 0, slides: false })
    const session = (room: number) => drive(createSession({ gapMs: 10_000, maxMs: 60_000 }, fold, room), [1, 1, 1, 2, 40, 80])
    expect(session(3).slice(4)).toEqual([null, 1])
    expect(session(4).slice(4)).toEqual([4, 1])
  })
})
