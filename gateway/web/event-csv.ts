import { Readable } from 'node:stream'
import type { Clock } from '../kernel/clock.ts'
import { alarmCsvHeader, alarmCsvLine } from '../kernel/csv.ts'
import { LimenError } from '../kernel/errors.ts'
import type { CloudEvent } from '../kernel/event.ts'
import type { EventFilter } from './event-filter.ts'
import type { EventPages } from './event-pages.ts'
import type { Page } from './paging.ts'

export const csvType = 'text/csv; charset=utf-8'

/** The alarm journal as CSV: everything that a filter wants, page by page, as fast as it is read. */
export interface EventCsv {
  /** Throws LimenError OVERLOADED where as many are read as may be. */
  stream(filter: EventFilter, range: CsvRange): Readable
}

export interface CsvRange {
  readonly order: 'asc' | 'desc'
  /** Position to begin after, or before. */
  readonly from: number
  readonly limit: number
}

/** Each holds a page in memory and keeps the reader busy. */
const maxAtOnce = 2
const pageSize = 1_000
/** Who takes nothing for so long has gone, or keeps others from reading. */
const patienceMs = 60_000

export function createEventCsv(deps: { readonly pages: EventPages; readonly clock: Clock }): EventCsv {
  let running = 0

  /** What a filter wants, page by page; `gone` is called where nobody asks for the next for too long. */
  async function* lines(filter: EventFilter, range: CsvRange, gone: () => void): AsyncGenerator<string> {
    for await (const text of pages(filter, range)) {
      const cancel = deps.clock.after(patienceMs, gone)
      try {
        yield text
      } finally {
        cancel()
      }
    }
  }

  async function* pages(filter: EventFilter, { order, from, limit }: CsvRange): AsyncGenerator<string> {
    yield `${alarmCsvHeader}\n`
    let left = limit
    for (let position: number | null = from; position !== null && left > 0; ) {
      const most = Math.min(pageSize, left)
      const { items, next }: Page<CloudEvent> = order === 'asc'
        ? await deps.pages.oldestFirst(filter, { after: position, limit: most })
        : await deps.pages.newestFirst(filter, { before: position, limit: most })
      if (items.length > 0) yield items.map((event) => `${alarmCsvLine(event)}\n`).join('')
      left -= items.length
      position = next === null ? null : Number(next)
    }
  }

  return {
    stream(filter, range) {
      if (running >= maxAtOnce) throw new LimenError('OVERLOADED', 'the journal is being read by others', { remedy: 'try again in a moment' })
      running++
      // Also where the client goes in the middle.
      const stream: Readable = Readable.from(lines(filter, range, () => stream.destroy()), { objectMode: false, highWaterMark: 65_536 })
      return stream.once('close', () => running--)
    },
  }
}
