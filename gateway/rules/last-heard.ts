import type { Cell, SeriesState } from './cell.ts'
import { inUnit } from './in-unit.ts'

/** A condition that is new is told what had been heard before. Only where a sample of its own follows, with which it is judged. */
export function tellLast(cell: Cell, signal: number, { device, metric, last }: SeriesState): void {
  const { condition } = cell.runtime
  // What counts steps or events begins with what comes.
  if (last === null || condition.form !== 'joint' || condition.order !== 'newest') return
  const { value, unit, good, time } = last
  const at = condition.age === undefined ? last.at : last.at - last.unseenMs
  const reading = { series: { id: -1, device, metric, storedId: -1 }, value, quality: good ? 'good' : 'bad', unit, ts: time, tsGiven: false, seq: undefined, receivedAt: time, k: 0 } as const
  condition.take(inUnit(cell.runtime, reading), signal, cell, { at, wallMs: time, time })
}
