import type { DatabaseSync } from 'node:sqlite'
import { containsAny } from './ids.ts'
import { linesOf, sliceMs } from './log-scan.ts'
import type { ReadAnswers, ReadRequest } from './protocol.ts'
import type { RowHead, RowSource } from './row-source.ts'

/** Readings of series from the newest position down, in slices of bounded work; spans that hold none of them are skipped whole. */
export interface ReadingsBack {
  page(request: Omit<Extract<ReadRequest, { kind: 'readings-back' }>, 'kind'>): ReadAnswers['readings-back']
}

type Summary = Pick<RowHead, 'min_ts' | 'max_ts' | 'series'>

export function createReadingsBack(db: DatabaseSync, { rows, nowMs }: { rows: RowSource; nowMs: () => number }): ReadingsBack {
  const spanOver = db.prepare('SELECT id, last_id, min_ts, max_ts, series FROM span WHERE id <= ? ORDER BY id DESC LIMIT 1')

  /** Gives a function from an id to the last at or before it that no span rules out; 0: there is none. */
  function spanFilter(wanted: (of: Summary) => boolean): (id: number) => number {
    let checkedDownTo = Infinity
    return (id) => {
      for (let at = id; at > 0; ) {
        if (at >= checkedDownTo) return at
        const span = spanOver.get(at) as (Summary & { id: number; last_id: number }) | undefined
        if (span === undefined) checkedDownTo = 1
        else if (span.last_id < at) checkedDownTo = span.last_id + 1
        else if (wanted(span)) checkedDownTo = span.id
        else at = rows.idBefore(span.id)
      }
      return 0
    }
  }

  return {
    page({ ids, from, to, before, limit }) {
      const ends = nowMs() + sliceMs
      const set = ids === null ? null : new Set(ids)
      const wanted = (of: Summary): boolean => of.max_ts >= from && of.min_ts < to && of.series !== null && (set === null || containsAny(of.series, set))
      const skipSpans = spanFilter(wanted)
      const lines: string[] = []
      let next = before
      const start = rows.find(before - 1)
      for (let id = skipSpans(start === 0 ? rows.lastId() : start); id > 0; id = skipSpans(rows.idBefore(id))) {
        const row = rows.head(id)
        // A damaged row is no place to stop at: it does not say where it begins.
        if (row?.id !== id) continue
        const raw = row.readings_n > 0 && wanted(row) ? rows.raw(id, { readings: true, others: false, inbound: false }) : null
        const own: string[] = []
        if (raw !== null) linesOf(raw, { set, from, to, after: 0, before, room: Infinity }, own)
        while (own.length > 0 && lines.length < limit) lines.push(own.pop()!)
        next = own.length > 0 ? positionOf(lines.at(-1)!) : Math.min(next, row.first)
        if (lines.length >= limit || nowMs() > ends) return { text: `[${lines.join(',')}]`, count: lines.length, next }
      }
      return { text: `[${lines.join(',')}]`, count: lines.length, next: 0 }
    },
  }
}

function positionOf(line: string): number {
  return Number.parseInt(line.slice(1), 10)
}
