import { watermarkOf } from '../watermark.ts'
import type { Fold, SavedTally, Tally } from './fold.ts'
import type { Windowed } from './windowed.ts'

export interface Tumbling {
  /** Windows that have samples and are not closed, by their start. */
  open: Map<number, Tally>
  /** Start of the first window that is not closed; null before the first sample. */
  next: number | null
  /** What the last closed window said, and whether it had samples. */
  value: number | null
  empty: boolean
}

interface SavedTumbling extends Omit<Tumbling, 'open'> { readonly open: readonly (readonly [number, SavedTally])[] }

/** `[s, e)`, aligned to the epoch; closes when the watermark reaches e. Between closings stands what the last one said. */
export function createTumbling(windowMs: number, fold: Fold): Windowed<Tumbling> {
  const startOf = (time: number): number => Math.floor(time / windowMs) * windowMs
  const nothing = fold.result(fold.create())

  return {
    create: () => ({ open: new Map(), next: null, value: null, empty: true }),
    // One window a step, so that each is heard; empty ones in a row all say the same and are one.
    settle(memory, mark) {
      const until = startOf(watermarkOf(mark))
      const { open, next } = memory
      if (next === null || next >= until) return false
      const tally = open.get(next)
      memory.empty = tally === undefined
      if (tally === undefined) {
        memory.value = nothing
        memory.next = Math.min(until, ...open.keys())
      } else {
        memory.value = fold.result(tally)
        memory.next = next + windowMs
        open.delete(next)
      }
      return memory.next < until
    },
    take(memory, time, x) {
      const start = startOf(time)
      let tally = memory.open.get(start)
      if (tally === undefined) {
        tally = fold.create()
        memory.open.set(start, tally)
      }
      fold.add(tally, x)
      memory.next = Math.min(memory.next ?? start, start)
    },
    value: ({ value }) => value,
    // One empty window is told, further ones say nothing new.
    nextChange: ({ open, next, empty }) => (open.size === 0 && empty ? Infinity : next! + windowMs),
    // By whole windows, to where they come nearest: they stay aligned, and none is counted twice.
    move(memory, byMs) {
      const shift = Math.round(byMs / windowMs) * windowMs
      memory.open = new Map([...memory.open].map(([start, tally]) => [start + shift, tally]))
      if (memory.next !== null) memory.next += shift
    },
    save: ({ open, ...rest }): SavedTumbling => ({ ...rest, open: [...open].sort(([a], [b]) => a - b).map(([start, tally]) => [start, fold.save(tally)] as const) }),
    load(saved) {
      const { open, ...rest } = saved as SavedTumbling
      return { ...rest, open: new Map(open.map(([start, tally]) => [start, fold.load(tally)])) }
    },
  }
}
