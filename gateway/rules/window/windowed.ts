import type { CellView, Moment } from '../kind.ts'
import type { Watermark } from '../watermark.ts'
import { advance, reachesAt } from '../watermark.ts'

/** A form of window with a function over it. Times are event times, whole wall ms. */
export interface Windowed<Memory> {
  create(): Memory
  /** Brings the windows up to where the watermark stands. True: there is more to say of this very moment, in a further step. */
  settle(memory: Memory, mark: Watermark): boolean
  /** A sample that is not late, of which the watermark has been told; directly after `settle`. */
  take(memory: Memory, time: number, x: number): void
  /** What the function says now. Null: unknown. */
  value(memory: Memory): number | null
  /** Event time at which the watermark, reaching it, changes something; Infinity: only a sample can. */
  nextChange(memory: Memory): number
  /** The wall clock was set. */
  move(memory: Memory, byMs: number): void
  save(memory: Memory): unknown
  load(saved: unknown): Memory
}

/** For `check`: how far the watermark has come by time alone. Gives the watermark. */
export function passTime(cell: CellView, moment: Moment): Watermark {
  advance(cell.watermark!, moment.at)
  return cell.watermark!
}

/** Has the cell looked at again when its watermark reaches this event time. */
export function wakeAt(cell: CellView, time: number, moment: Moment): void {
  const due = time === Infinity ? Infinity : reachesAt(cell.watermark!, time)
  // It has not been reached yet. Where rounding has it due already, a millisecond more and it will have been.
  cell.deadline = due > moment.at ? due : moment.at + 1
}
