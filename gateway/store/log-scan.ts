import type { DatabaseSync } from 'node:sqlite'
import { containsAny } from './ids.ts'
import type { RawRow, ReadAnswers, ReadRequest, ReadingSlice, RowPage } from './protocol.ts'
import { createRowSource } from './row-source.ts'
import type { RowHead, RowSource } from './row-source.ts'
import { placesOf, textOf } from './row.ts'

type Asked<K extends ReadRequest['kind']> = Extract<ReadRequest, { kind: K }>

/** Reads of the log over a read-only connection, each a slice of bounded work. Used by the reader's thread and by `limen export`. */
export interface LogScan {
  page(request: Omit<Asked<'page'>, 'kind'>): RowPage
  readings(request: Omit<Asked<'readings'>, 'kind'>): ReadingSlice
  recentStart(request: Omit<Asked<'recent-start'>, 'kind'>): ReadAnswers['recent-start']
  recent(request: Omit<Asked<'recent'>, 'kind'>): ReadAnswers['recent']
  takeDamaged(): number[]
  /** For other reads of the same thread: what is found damaged is told once. */
  readonly rows: RowSource
}

/** One slice never takes much longer than this: others wait for the same thread. */
export const sliceMs = 20
/** And never gives back more text than about this. */
export const sliceBytes = 4 * 1024 * 1024

export function createLogScan(db: DatabaseSync, nowMs: () => number): LogScan {
  const rows = createRowSource(db)
  const spanBefore = db.prepare('SELECT id, last_id, min_ts, max_ts, series FROM span WHERE id <= ? ORDER BY id DESC LIMIT 1')
  const spanBehind = db.prepare('SELECT min(id) AS id FROM span WHERE id > ?')
  /** Where the last slice ended, so that the next need not search. */
  let cursor = { position: 0, id: 1 }

  function rowOf(position: number): number {
    return cursor.position === position ? cursor.id : rows.find(position)
  }

  /** Gives a function from an id to the first at or after it that no span rules out. */
  function spanFilter(wanted: (span: Pick<RowHead, 'min_ts' | 'max_ts' | 'series'>) => boolean): (id: number) => number {
    let checkedThrough = 0
    return (id) => {
      for (let at = id; ; ) {
        if (at <= checkedThrough) return at
        const span = spanBefore.get(at) as { id: number; last_id: number; min_ts: number; max_ts: number; series: Uint8Array } | undefined
        if (span === undefined || span.last_id < at) checkedThrough = ((spanBehind.get(at)!['id'] as number | null) ?? Infinity) - 1
        else if (wanted(span)) checkedThrough = span.last_id
        else at = span.last_id + 1
      }
    }
  }

  return {
    rows,
    takeDamaged: () => rows.takeDamaged(),
    page({ after, upTo, limit, readings, others }) {
      const ends = nowMs() + sliceMs
      const found: RawRow[] = []
      let next = after
      let looked = 0
      let bytes = 0
      let id = rowOf(after + 1)
      for (;;) {
        const row = id === 0 ? null : rows.head(id)
        if (row === null || row.first > upTo) {
          next = upTo
          break
        }
        const wanted = (readings && row.readings_n > 0) || (others && row.events_n + row.marks_n > 0)
        if (wanted) {
          if (looked >= limit || bytes >= sliceBytes) break
          const raw = rows.raw(row.id, { readings, others, inbound: false })
          id = row.id + 1
          // A damaged row's own word on where it ends is worth nothing.
          if (raw === null) continue
          found.push(raw)
          bytes += (raw.readings?.length ?? 0) + (raw.others?.length ?? 0)
          looked += row.last - Math.max(row.first - 1, after)
        } else id = row.id + 1
        next = Math.max(next, Math.min(row.last, upTo))
        if (nowMs() > ends) break
      }
      if (id !== 0) cursor = { position: next + 1, id }
      return { rows: found, next }
    },

    readings({ ids, from, to, after, upTo, limit }) {
      const ends = nowMs() + sliceMs
      const set = ids === null ? null : new Set(ids)
      const wanted = (of: Pick<RowHead, 'min_ts' | 'max_ts' | 'series'>): boolean =>
        of.max_ts >= from && of.min_ts < to && of.series !== null && (set === null || containsAny(of.series, set))
      const lines: string[] = []
      const skipSpans = spanFilter(wanted)
      let next = after
      let id = rowOf(after + 1)
      while (id !== 0) {
        id = skipSpans(id)
        const row = rows.head(id)
        if (row === null || row.first > upTo) {
          next = upTo
          break
        }
        if (row.readings_n > 0 && wanted(row)) {
          const raw = rows.raw(row.id, { readings: true, others: false, inbound: false })
          const reached = raw === null ? null : linesOf(raw, { set, from, to, after, before: Infinity, room: limit - lines.length }, lines)
          if (reached !== null) next = Math.min(reached, upTo)
          if (reached !== null && reached < row.last) break
        } else next = Math.max(next, Math.min(row.last, upTo))
        id = row.id + 1
        cursor = { position: next + 1, id }
        if (lines.length >= limit || nowMs() > ends) break
      }
      return { text: `[${lines.join(',')}]`, count: lines.length, next: id === 0 ? upTo : next }
    },

    recentStart({ maxReadings, sinceWallMs }) {
      return recentRange(rows, maxReadings, sinceWallMs)
    },

    recent({ fromRow, toRow }) {
      const found: RawRow[] = []
      let bytes = 0
      let id = fromRow
      for (let row = rows.head(id); row !== null && row.id <= toRow && bytes < sliceBytes; row = rows.head(id)) {
        const raw = rows.raw(row.id, { readings: true, others: true, inbound: true })
        if (raw !== null) {
          found.push(raw)
          bytes += (raw.readings?.length ?? 0) + (raw.others?.length ?? 0)
        }
        id = row.id + 1
      }
      return { rows: found, nextRow: found.length === 0 && bytes === 0 ? toRow + 1 : id }
    },
  }
}

interface LineFilter {
  readonly set: ReadonlySet<number> | null
  readonly from: number
  readonly to: number
  readonly after: number
  readonly before: number
  readonly room: number
}

/** Adds the lines of a row that pass, each as [position, base, …]; gives the last position looked at. Parses no line that another series wrote. */
export function linesOf(raw: RawRow, { set, from, to, after, before, room }: LineFilter, lines: string[]): number {
  const others = placesOf(raw)
  const text = textOf(raw.readings!)
  let position = raw.first
  let taken = 0
  let left = room
  for (let start = 1; start < text.length - 1; ) {
    const end = text.indexOf('\n', start)
    const line = text.slice(start, end === -1 ? text.length - 1 : end - 1)
    start = end === -1 ? text.length : end + 1
    while (others[taken]?.position === position) {
      taken++
      position++
    }
    const own = position++
    if (own <= after) continue
    if (own >= before) break
    const comma = line.indexOf(',')
    if (set !== null && !set.has(Number(line.slice(1, comma)))) continue
    const ts = raw.baseMs + Number.parseInt(line.slice(comma + 1, line.indexOf(',', comma + 1)), 10)
    if (ts < from || ts >= to) continue
    lines.push(`[${own},${raw.baseMs},${line.slice(1)}`)
    if (--left === 0) return own
  }
  return raw.last
}

/** Rows from the newest back to where enough readings are together, or to where damage ends the view. */
function recentRange(rows: RowSource, maxReadings: number, sinceWallMs: number): { fromRow: number; toRow: number } {
  const toRow = rows.lastId()
  let fromRow = toRow + 1
  let count = 0
  for (const row of rows.backwards()) {
    count += row.readings_n
    if (count > maxReadings || row.wall < sinceWallMs) break
    fromRow = row.id
  }
  return { fromRow, toRow }
}
