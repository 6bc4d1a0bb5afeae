import type { DatabaseSync } from 'node:sqlite'
import { sliceBytes, sliceMs } from './log-scan.ts'
import type { EventRows, RawRow } from './protocol.ts'
import type { RowSource } from './row-source.ts'

/** Reads the rows that hold events from the newest down, in slices of bounded work; what lies between them is not looked at. */
export interface EventsBack {
  /** Rows that begin before the position `before`, until they hold `limit` events together; those committed before `since` are passed over. */
  page(request: { readonly before: number; readonly limit: number; readonly since: number }): EventRows
}

export function createEventsBack(db: DatabaseSync, deps: { rows: Pick<RowSource, 'raw'>; nowMs: () => number }): EventsBack {
  // Answered from the index alone: a damaged row does not lead astray, and one that is passed over is not read.
  const heads = db.prepare('SELECT id, first, events_n, wall FROM log WHERE events_n > 0 AND first < ? ORDER BY first DESC')

  return {
    page({ before, limit, since }) {
      const ends = deps.nowMs() + sliceMs
      const rows: RawRow[] = []
      let events = 0
      let bytes = 0
      for (const head of heads.iterate(before) as Iterable<{ id: number; first: number; events_n: number; wall: number }>) {
        const raw = head.wall < since ? null : deps.rows.raw(head.id, { readings: false, others: true, inbound: false })
        if (raw !== null) {
          rows.push(raw)
          // Those of the first row that are not before `before` count, too: the page is then a little shorter.
          events += head.events_n
          bytes += raw.others?.length ?? 0
        }
        if (events >= limit || bytes >= sliceBytes || deps.nowMs() > ends) return { rows, next: head.first }
      }
      return { rows, next: 0 }
    },
  }
}
