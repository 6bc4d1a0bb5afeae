import { setImmediate as nextTurn } from 'node:timers/promises'
import type { StoreReader } from '../kernel/contracts.ts'
import type { StoredReading } from '../kernel/reading.ts'
import type { Stretch } from './books.ts'
import type { LineWriter } from './line.ts'
import type { InfluxTuning } from './options.ts'

export interface Batch {
  readonly lines: readonly string[]
  /** Of each line. */
  readonly readings: readonly StoredReading[]
  readonly unwritable: number
  /** Position it goes up to. */
  readonly next: number
}

/**
 * Takes a batch from the head of a stretch. Page by page, and between two the event loop is let through: a page of
 * 1,000 lines costs 1–2 ms, a batch of 5,000 at once would hold up alarms.
 */
export function createBatcher(store: StoreReader, writer: LineWriter, tuning: InfluxTuning): (stretch: Stretch) => Promise<Batch> {
  let charsPerLine = 100

  /** Long texts make short pages, so that one is not much more than a whole batch may be. */
  function pageLimit(entriesLeft: number, linesLeft: number): number {
    return Math.max(1, Math.ceil(Math.min(tuning.pageEntries, tuning.batchChars / charsPerLine, entriesLeft, linesLeft)))
  }

  return async ({ from, to }) => {
    const lines: string[] = []
    const readings: StoredReading[] = []
    let unwritable = 0
    let chars = 0
    let next = from
    while (next < to && lines.length < tuning.batchLines && chars < tuning.batchChars) {
      const page = await store.read({ after: next, limit: pageLimit(to - next, tuning.batchLines - lines.length), kinds: ['reading'] })
      for (const entry of page.entries) {
        if (entry.kind !== 'reading' || entry.position > to) continue
        const line = writer.line(entry.reading)
        if (line === undefined) unwritable++
        else {
          lines.push(line)
          readings.push(entry.reading)
          chars += line.length
        }
      }
      // Nothing there: that part of the log is gone.
      next = page.next === next ? to : Math.min(page.next, to)
      await nextTurn()
    }
    if (lines.length > 0) charsPerLine = Math.max(1, chars / lines.length)
    return { lines, readings, unwritable, next }
  }
}
