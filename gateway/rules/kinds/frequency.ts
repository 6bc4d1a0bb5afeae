import type { CellView, JointCondition, Kind, Moment } from '../kind.ts'
import { normal, plainLevels } from '../kind.ts'
import { advance, latenessMs, watermarkOf } from '../watermark.ts'
import type { FrequencySpec } from './frequency.schema.ts'

interface FrequencyMemory {
  /** Event times, rising: those that a window to come can still hold. */
  readonly times: number[]
  /** How many there were when there last were too many. */
  count: number
  /** Monotonic: it is active until then. */
  until: number
}

/** Of what may still be overtaken, the last 5 s, more than so many are not kept: the oldest go. */
const mostUnsettled = 10_000

/** More than so many events inside (t − T, t], for any t that was an event. */
export const frequency: Kind = {
  name: 'frequency',
  compile(rule): JointCondition<FrequencyMemory> {
    const { gt, inMs, cooldownMs } = rule.when.spec as FrequencySpec
    const { event } = rule.on

    function count({ memory, watermark }: CellView<FrequencyMemory>, { at, time }: Moment): void {
      const { times } = memory
      const i = insert(times, time)
      // Every window of gt + 1 neighbours that this one is in.
      for (let first = Math.max(0, i - gt); first <= i && first + gt < times.length; first++) {
        if (times[first + gt]! - times[first]! >= inMs) continue
        memory.until = Math.max(memory.until, at + cooldownMs, goneAt(times, watermark!))
        const end = times[first + gt]!
        memory.count = after(times, end) - after(times, end - inMs)
      }
      prune(times, watermarkOf(watermark!))
    }

    /** When, if nothing comes, the newest gt + 1 are no longer all inside one window. */
    function goneAt(times: readonly number[], { greatest, greatestAt }: NonNullable<CellView['watermark']>): number {
      return greatestAt + times.at(-1 - gt)! + inMs - greatest
    }

    /** What is settled can only be in a window with what is newer: the newest gt of it will do. */
    function prune(times: number[], mark: number): void {
      let settled = 0
      while (settled < times.length && times[settled]! < mark) settled++
      let drop = Math.max(0, settled - gt, times.length - mostUnsettled - gt)
      while (drop < times.length && times[drop]! <= mark - inMs) drop++
      if (drop > 0) times.splice(0, drop)
    }

    return {
      ...plainLevels,
      form: 'joint',
      order: 'watermark',
      signals: event === undefined ? [{ on: {}, elsewhere: false }] : [],
      events: event === undefined ? [] : [event],
      create: () => ({ times: [], count: 0, until: -Infinity }),
      // oxlint-disable-next-line max-params -- called for every reading: no object is made for it.
      take(reading, _signal, cell, moment) {
        if (reading.quality === 'good') count(cell, moment)
      },
      // oxlint-disable-next-line max-params
      takeEvent: (_event, _signal, cell, moment) => count(cell, moment),
      judge(cell, { at }) {
        const { memory, watermark } = cell
        const active = at < memory.until
        const newest = memory.times.at(-1)
        if (active) cell.deadline = memory.until
        else if (newest === undefined) cell.deadline = Infinity
        else {
          // Kept until no window can hold them any more, however late its end comes.
          const forgottenAt = watermark!.greatestAt + newest + inMs + latenessMs - watermark!.greatest
          if (forgottenAt <= at) {
            prune(memory.times, advance(watermark!, at))
            memory.times.length = 0
          }
          cell.deadline = forgottenAt > at ? forgottenAt : Infinity
        }
        return active ? 1 : normal
      },
      // What has been counted is not older for that.
      clockSet({ times }, byMs) {
        for (const [i, time] of times.entries()) times[i] = time + byMs
      },
      stays(cell, at) {
        cell.memory.until = at + cooldownMs
        cell.deadline = cell.memory.until
      },
      limitOf: () => gt,
      shown: ({ memory }) => ({ value: memory.count, unit: null }),
    }
  },
}

/** The place of the first that is later. */
function after(times: readonly number[], time: number): number {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (times[middle]! <= time) low = middle + 1
    else high = middle
  }
  return low
}

/** Where it now stands. Nearly always at the end. */
function insert(times: number[], time: number): number {
  if (time >= times.at(-1)! || times.length === 0) return times.push(time) - 1
  const i = after(times, time)
  times.splice(i, 0, time)
  return i
}
