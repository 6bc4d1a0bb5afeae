import type { CellView, Kind, Moment, Verdict } from '../kind.ts'
import { normal, plainLevels, unfit, unknown } from '../kind.ts'
import type { Watermark } from '../watermark.ts'
import { keyTime } from '../watermark.ts'
import { maxSamples } from '../window/capacity.ts'
import { numberOf } from '../window/fold.ts'
import type { Samples, SavedSamples } from '../window/samples.ts'
import { addSample, createSamples, dropOldest, loadSamples, moveSamples, saveSamples, timeAt, valueAt, valuesOf } from '../window/samples.ts'
import type { Sorted } from '../window/sorted.ts'
import { atRank, createSorted, insertSorted, removeSorted, sortedOf } from '../window/sorted.ts'
import { passTime, wakeAt } from '../window/windowed.ts'
import type { FlatSpec } from './flat.schema.ts'

const fires = 1

interface Memory {
  /** Those within the span, and their values in order. */
  readonly samples: Samples
  readonly sorted: Sorted
  /** The last one before it: its value stood when the span began. Null: the span reaches back beyond what is known. */
  before: { readonly time: number; readonly value: number } | null
}

interface Saved { readonly samples: SavedSamples; readonly before: Memory['before'] }

/** max − min ≤ eps over the whole span: from a sample at its beginning or before. */
export const flat: Kind = {
  name: 'flat',
  compile(rule) {
    const { eps, spanMs, minCount } = rule.when.spec as FlatSpec

    function dropFirst(memory: Memory): void {
      const { samples, sorted } = memory
      memory.before = { time: timeAt(samples, 0), value: valueAt(samples, 0) }
      removeSorted(sorted, memory.before.value)
      dropOldest(samples)
    }

    function settle(memory: Memory, mark: Watermark): void {
      const start = keyTime(mark) - spanMs
      while (memory.samples.count > 0 && timeAt(memory.samples, 0) <= start) dropFirst(memory)
    }

    function take(memory: Memory, time: number, value: number): void {
      const { samples, sorted } = memory
      addSample(samples, time, value)
      insertSorted(sorted, value)
      if (samples.count > maxSamples) dropFirst(memory)
    }

    function say(cell: CellView<Memory>, moment: Moment): Verdict {
      const { samples, sorted, before } = cell.memory
      const { count } = samples
      wakeAt(cell, count === 0 ? Infinity : timeAt(samples, 0) + spanMs, moment)
      let low = before?.value ?? Infinity
      let high = before?.value ?? -Infinity
      if (count > 0) {
        low = Math.min(low, atRank(sorted, 0))
        high = Math.max(high, atRank(sorted, count - 1))
      }
      // What has moved is not flat, however long the rest of the span is known.
      if (high - low > eps) return normal
      const spans = before !== null && before.time <= keyTime(cell.watermark!) - spanMs
      return spans && count + 1 >= minCount ? fires : unknown
    }

    return {
      ...plainLevels,
      form: 'signal',
      scope: 'series',
      order: 'watermark',
      expires: true,
      create: (): Memory => ({ samples: createSamples(), sorted: createSorted(), before: null }),
      save: ({ samples, before }: Memory): Saved => ({ samples: saveSamples(samples), before }),
      load(saved): Memory {
        const { samples: kept, before } = saved as Saved
        const samples = loadSamples(kept)
        return { samples, sorted: sortedOf(valuesOf(samples)), before }
      },
      clockSet(memory: Memory, byMs) {
        moveSamples(memory.samples, byMs)
        if (memory.before !== null) memory.before = { ...memory.before, time: memory.before.time + Math.round(byMs) }
      },
      judge(sample, cell: CellView<Memory>, moment) {
        const { memory } = cell
        const mark = cell.watermark!
        settle(memory, mark)
        const x = numberOf(sample.value)
        if (x !== undefined) {
          const time = Math.floor(moment.time)
          if (time > keyTime(mark) - spanMs) take(memory, time, x)
          else if (memory.before === null || time >= memory.before.time) memory.before = { time, value: x }
        }
        const verdict = say(cell, moment)
        return x === undefined ? unfit : verdict
      },
      check(cell: CellView<Memory>, moment) {
        settle(cell.memory, passTime(cell, moment))
        return say(cell, moment)
      },
      limitOf: (verdict) => (verdict > 0 ? eps : null),
    }
  },
}
