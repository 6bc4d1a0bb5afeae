import type { CellView, Kind, Moment, Verdict } from '../kind.ts'
import { plainLevels, unfit } from '../kind.ts'
import type { Watermark } from '../watermark.ts'
import { keyTime } from '../watermark.ts'
import { maxSamples } from '../window/capacity.ts'
import { numberOf } from '../window/fold.ts'
import type { Samples, SavedSamples } from '../window/samples.ts'
import { addSample, createSamples, dropOldest, loadSamples, moveSamples, saveSamples, timeAt, valueAt } from '../window/samples.ts'
import { passTime, wakeAt } from '../window/windowed.ts'
import { limitOfComparison } from './comparison.schema.ts'
import { shownNumber, verdictsOf } from './numeric.ts'
import type { RateSpec } from './rate.schema.ts'

interface Memory {
  readonly samples: Samples
  /** Of the newest good sample; null before one had any. */
  unit: string | null
}

interface Saved { readonly samples: SavedSamples; readonly unit: string | null }

/** (newest − oldest inside `over`) / Δt, as change in `per`; unknown while the span is less than half of `over`. */
export const rate: Kind = {
  name: 'rate',
  compile(rule) {
    const { comparison, perMs, overMs, hysteresis } = rule.when.spec as RateSpec
    const verdictOf = verdictsOf(comparison, hysteresis)
    const limit = limitOfComparison(comparison)

    function settle({ samples }: Memory, mark: Watermark): void {
      const start = keyTime(mark) - overMs
      while (samples.count > 0 && timeAt(samples, 0) <= start) dropOldest(samples)
    }

    function rateOf({ samples }: Memory): number | null {
      const newest = samples.count - 1
      if (newest < 1) return null
      const span = timeAt(samples, newest) - timeAt(samples, 0)
      return span * 2 < overMs ? null : ((valueAt(samples, newest) - valueAt(samples, 0)) * perMs) / span
    }

    function say(cell: CellView<Memory>, moment: Moment): Verdict {
      const { samples } = cell.memory
      wakeAt(cell, samples.count === 0 ? Infinity : timeAt(samples, 0) + overMs, moment)
      return verdictOf(rateOf(cell.memory), cell.active)
    }

    return {
      ...plainLevels,
      form: 'signal',
      scope: 'series',
      order: 'watermark',
      expires: true,
      create: (): Memory => ({ samples: createSamples(), unit: null }),
      save: ({ samples, unit }: Memory): Saved => ({ samples: saveSamples(samples), unit }),
      load(saved): Memory {
        const { samples, unit } = saved as Saved
        return { samples: loadSamples(samples), unit }
      },
      clockSet: ({ samples }: Memory, byMs) => moveSamples(samples, byMs),
      judge(sample, cell: CellView<Memory>, moment) {
        const { memory } = cell
        settle(memory, cell.watermark!)
        const x = numberOf(sample.value)
        if (x !== undefined) {
          memory.unit = sample.unit ?? null
          if (Math.floor(moment.time) > keyTime(cell.watermark!) - overMs) addSample(memory.samples, Math.floor(moment.time), x)
          // Without the very oldest the rate is that of a slightly shorter time.
          if (memory.samples.count > maxSamples) dropOldest(memory.samples)
        }
        const verdict = say(cell, moment)
        return x === undefined ? unfit : verdict
      },
      check(cell: CellView<Memory>, moment) {
        settle(cell.memory, passTime(cell, moment))
        return say(cell, moment)
      },
      limitOf: (verdict) => (verdict > 0 ? limit : null),
      shown: ({ memory }: CellView<Memory>) => ({ ...shownNumber(rateOf(memory)), unit: `${memory.unit ?? ''}/${timeUnit(perMs)}` }),
    }
  },
}

/** `min`, `30 s`: as UCUM writes them. */
function timeUnit(ms: number): string {
  for (const [unit, length] of [['d', 86_400_000], ['h', 3_600_000], ['min', 60_000], ['s', 1_000]] as const) {
    if (ms % length === 0) return ms === length ? unit : `(${ms / length}.${unit})`
  }
  return ms === 1 ? 'ms' : `(${ms}.ms)`
}
