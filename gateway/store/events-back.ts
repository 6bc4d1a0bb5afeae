import type { DatabaseSync } from 'node:sqlite'
import { sliceBytes, sliceMs } from './log-scan.ts'
import type { EventRows, RawRow } from './protocol.ts'
import type { RowSource } from './row-source.ts'

/** Reads the rows that hold events from the newest down, in slices of bounded work; what lies between them is not looked at. */
export interface EventsBack {
  /** Rows that begin before the position `before`, until they hold `limit` events together. */
  page(request: { readonly before: number; readonly limit: number }): EventRows
}

export function createEventsBack(db: DatabaseSync, deps: { rows: Pick<RowSource, 'raw'>; nowMs: () => number }): EventsBack {
  // Answered from the index alone: a damaged row does not lead astray.
  const newestBefore = db.prepare('SELECT id, first, events_n FROM log WHERE events_n > 0 AND first < ? ORDER BY first DESC LIMIT 1')

  return {
    page({ before, limit }) {
      const ends = deps.nowMs() + sliceMs
      const rows: RawRow[] = []
      let next = before
      let events = 0
      let bytes = 0
      while (events < limit && bytes < sliceBytes) {
        const head = newestBefore.get(next) as { id: number; first: number; events_n: number } | undefined
        if (head === undefined) return { rows, next: 0 }
        next = head.first
        const raw = deps.rows.raw(head.id, { readings: false, others: true, inbound: false })
        if (raw !== null) {
          rows.push(raw)
          // Those of the first row that are not before `before` count, too: the page is then a little shorter.
          events += head.events_n
          bytes += raw.others?.length ?? 0
        }
        if (deps.nowMs() > ends) break
      }
      return { rows, next }
    },
  }
}
