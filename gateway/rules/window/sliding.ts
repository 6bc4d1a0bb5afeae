import { keyTime } from '../watermark.ts'
import { maxSamples } from './capacity.ts'
import type { Fold, Tally } from './fold.ts'
import type { Samples, SavedSamples } from './samples.ts'
import { addSample, createSamples, dropOldest, loadSamples, moveSamples, saveSamples, timeAt, valueAt, valuesOf } from './samples.ts'
import type { Windowed } from './windowed.ts'

export interface Sliding {
  readonly samples: Samples
  readonly tally: Tally
  /** What is not younger than this is outside, as of the last `settle`. */
  start: number
  /** Event time of the newest sample that had to go for lack of room; null where none would still belong to the window. */
  overfull: number | null
}

interface SavedSliding { readonly samples: SavedSamples; readonly overfull: number | null }

/** `(t − W, t]`: t is the newest event time, and while nothing comes the watermark, once that has gone further. */
export function createSliding(windowMs: number, fold: Fold, room = maxSamples): Windowed<Sliding> {
  function drop({ samples, tally }: Sliding): void {
    fold.remove(tally, fold.needsValues ? valueAt(samples, 0) : 0)
    dropOldest(samples)
  }

  return {
    create: () => ({ samples: createSamples(fold.needsValues), tally: fold.create(), start: -Infinity, overfull: null }),
    settle(memory, mark) {
      const { samples } = memory
      const start = keyTime(mark) - windowMs
      memory.start = start
      while (samples.count > 0 && timeAt(samples, 0) <= start) drop(memory)
      if (memory.overfull !== null && memory.overfull <= start) memory.overfull = null
      return false
    },
    take(memory, time, x) {
      const { samples, tally, start } = memory
      // In time, but the window is so short that it has gone on already.
      if (time <= start) return
      addSample(samples, time, x)
      fold.add(tally, x)
      if (samples.count <= room) return
      memory.overfull = timeAt(samples, 0)
      drop(memory)
    },
    value: ({ tally, overfull }) => (overfull === null ? fold.result(tally) : null),
    nextChange: ({ samples, overfull }) => (samples.count === 0 ? Infinity : (overfull ?? timeAt(samples, 0)) + windowMs),
    move(memory, byMs) {
      moveSamples(memory.samples, byMs)
      if (memory.overfull !== null) memory.overfull += Math.round(byMs)
    },
    save: ({ samples, overfull }): SavedSliding => ({ samples: saveSamples(samples), overfull }),
    load(saved) {
      const { samples: kept, overfull } = saved as SavedSliding
      const samples = loadSamples(kept)
      return { samples, tally: fold.of(fold.needsValues ? valuesOf(samples) : null, samples.count), start: -Infinity, overfull }
    },
  }
}
