import type { DatabaseSync } from 'node:sqlite'
import { sliceBytes, sliceMs } from './log-scan.ts'
import type { RawRow, RowPage } from './protocol.ts'
import type { RowSource } from './row-source.ts'

/** Reads the rows that hold events in the order of the log, as events-back.ts does from its end. */
export interface EventsOn {
  /** Rows with positions above `after`, up to `upTo`, until they hold `limit` events together; those committed before `since` are passed over. */
  page(request: { readonly after: number; readonly upTo: number; readonly limit: number; readonly since: number }): RowPage
}

export function createEventsOn(db: DatabaseSync, deps: { rows: Pick<RowSource, 'raw'>; nowMs: () => number }): EventsOn {
  const rowOver = db.prepare('SELECT max(first) AS first FROM log WHERE events_n > 0 AND first <= ?')
  const heads = db.prepare('SELECT id, first, events_n, wall FROM log WHERE events_n > 0 AND first >= ? ORDER BY first')

  return {
    page({ after, upTo, limit, since }) {
      const ends = deps.nowMs() + sliceMs
      const rows: RawRow[] = []
      let next = after
      let events = 0
      let bytes = 0
      // The row that holds `after` may hold more behind it.
      const begin = (rowOver.get(after + 1)!['first'] as number | null) ?? 0
      for (const head of heads.iterate(begin) as Iterable<{ id: number; first: number; events_n: number; wall: number }>) {
        if (head.first > upTo) break
        const raw = head.wall < since ? null : deps.rows.raw(head.id, { readings: false, others: true, inbound: false })
        if (raw !== null) {
          rows.push(raw)
          events += head.events_n
          bytes += raw.others?.length ?? 0
        }
        // Of a row that was passed over only its begin is known; it is passed over again.
        next = Math.max(next, Math.min(raw?.last ?? head.first, upTo))
        if (next > after && (events >= limit || bytes >= sliceBytes || deps.nowMs() > ends)) return { rows, next }
      }
      return { rows, next: upTo }
    },
  }
}
