import { watermarkOf } from '../watermark.ts'
import { maxSamples } from './capacity.ts'
import type { Fold, SavedTally, Tally } from './fold.ts'
import type { Windowed } from './windowed.ts'

export interface Session {
  /** Samples that the watermark has not passed, in order of event time: an earlier one may still come. */
  readonly times: number[]
  readonly values: number[]
  /** The session that goes on, of samples the watermark has passed. */
  current: { first: number; last: number; readonly tally: Tally } | null
  /** There was no room for a sample: the session it belongs to is unknown. */
  overfull: boolean
  /** What the last closed session said. */
  value: number | null
}

interface SavedSession extends Omit<Session, 'current'> { readonly current: { readonly first: number; readonly last: number; readonly tally: SavedTally } | null }

export interface SessionOptions {
  readonly gapMs: number
  /** ≥ gapMs. */
  readonly maxMs: number
}

/** A session goes on while the gap between samples is at most `gap`, and for `max` from its first at the most; it closes when the watermark has passed that. */
export function createSession({ gapMs, maxMs }: SessionOptions, fold: Fold, room = maxSamples): Windowed<Session> {
  /** The last moment at which a sample can join. */
  const endOf = ({ first, last }: { first: number; last: number }): number => Math.min(last + gapMs, first + maxMs)

  function close(memory: Session): void {
    memory.value = memory.overfull ? null : fold.result(memory.current!.tally)
    memory.overfull = false
    memory.current = null
  }

  return {
    create: () => ({ times: [], values: [], current: null, overfull: false, value: null }),
    // One session a step, so that each is heard.
    settle(memory, mark) {
      const passed = watermarkOf(mark)
      const { times, values } = memory
      let closed = false
      let i = 0
      for (; i < times.length && times[i]! < passed; i++) {
        const time = times[i]!
        if (memory.current !== null && time > endOf(memory.current)) {
          if (closed) break
          close(memory)
          closed = true
        }
        memory.current ??= { first: time, last: time, tally: fold.create() }
        memory.current.last = time
        fold.add(memory.current.tally, values[i]!)
      }
      const more = i < times.length && times[i]! < passed
      times.splice(0, i)
      values.splice(0, i)
      if (more || memory.current === null || passed < endOf(memory.current) + 1) return more
      if (closed) return true
      close(memory)
      return false
    },
    take(memory, time, x) {
      const { times, values } = memory
      if (times.length === room) memory.overfull = true
      if (times.length === room) return
      let i = times.length
      while (i > 0 && times[i - 1]! > time) i--
      times.splice(i, 0, time)
      values.splice(i, 0, x)
    },
    value: ({ value }) => value,
    nextChange({ times, current }) {
      if (current !== null) return endOf(current) + 1
      return times.length === 0 ? Infinity : times[0]! + gapMs + 1
    },
    move({ times, current }, byMs) {
      const shift = Math.round(byMs)
      for (let i = 0; i < times.length; i++) times[i]! += shift
      if (current === null) return
      current.first += shift
      current.last += shift
    },
    save: ({ current, ...rest }): SavedSession => ({ ...rest, current: current && { ...current, tally: fold.save(current.tally) } }),
    load(saved) {
      const { current, ...rest } = saved as SavedSession
      return { ...rest, current: current && { ...current, tally: fold.load(current.tally) } }
    },
  }
}
