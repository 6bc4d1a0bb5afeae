import type { DatabaseSync } from 'node:sqlite'
import type { LogEntry } from '../kernel/contracts.ts'
import { everyId } from './ids.ts'
import type { ReadingTuple, SeriesName } from './row.ts'
import { entriesOf, flagJoined, placesOf, readingOf, textOf } from './row.ts'
import type { RowSource } from './row-source.ts'

export interface EntryQuery {
  /** Positions greater than this, between two messages; default: from the beginning. */
  readonly after?: number
  /** Readings of these series only; default: all. What none of them is in is passed over at little cost. */
  readonly series?: (name: SeriesName) => boolean
  /** Default true. */
  readonly events?: boolean
}

/** `next`: all up to this position was looked at. */
export interface EntryPage { readonly entries: readonly LogEntry[]; readonly next: number }

export interface LogEntriesDeps {
  readonly rows: RowSource
  readonly nameOf: (storedId: number) => SeriesName | undefined
}

/** A page holds about so many entries, or what lies in so many rows. */
const entriesAtOnce = 5_000
const rowsAtOnce = 1_024

type Wanted = (storedId: number) => boolean
/** Row id, first position, base, how many events and marks; then the readings, or what series they are of (hex), or null where there are none. */
type Glance = readonly [id: number, first: number, baseMs: number, others: number, readings: readonly ReadingTuple[] | string | null]

/** Reads entries in log order up to a position. Between two pages no read transaction is open. */
export function createLogEntries(db: DatabaseSync, { rows, nameOf }: LogEntriesDeps): (query: EntryQuery & { readonly upTo: number }) => Iterable<EntryPage> {
  const spansFrom = db.prepare('SELECT id, last_id, series FROM span WHERE last_id >= ? ORDER BY id LIMIT 16')
  const withMarksIn = db.prepare('SELECT id FROM log WHERE id BETWEEN ? AND ? AND marks_n > 0 ORDER BY id')
  const withOthersIn = db.prepare('SELECT id FROM log WHERE id BETWEEN ? AND ? AND events_n + marks_n > 0 ORDER BY id')
  // One text for many rows: that costs a tenth of a row at a time. Short rows are not compressed (blob.ts).
  const glance = db.prepare(`SELECT group_concat('[' || id || ',' || first || ',' || base || ',' || (events_n + marks_n) || ',' ||
    CASE WHEN readings_n = 0 THEN 'null' WHEN substr(readings, 1, 1) = x'5b' THEN CAST(readings AS TEXT) ELSE '"' || hex(series) || '"' END || ']') AS text FROM log WHERE id BETWEEN ? AND ?`)
  const lastIn = db.prepare('SELECT max(last) AS last FROM (SELECT last FROM log WHERE id <= ? ORDER BY id DESC LIMIT 1)')

  function* whole(after: number, upTo: number): Generator<EntryPage> {
    for (let id = rows.find(after + 1), next = after; id !== 0 && next < upTo; ) {
      const entries: LogEntry[] = []
      const page = rows.many(id, entriesAtOnce)
      for (const row of page.rows) {
        const all = entriesOf(row, nameOf)
        if (row.first > after && row.last <= upTo) for (const entry of all) entries.push(entry)
        else for (const entry of all) if (entry.position > after && entry.position <= upTo) entries.push(entry)
        next = Math.max(next, row.last)
      }
      id = page.nextId
      if (id === 0) next = upTo
      yield { entries, next: Math.min(next, upTo) }
    }
  }

  /** Ids of rows that must be looked at whole, and readings that need not, over a stretch of ids. */
  function* stretches(fromId: number, { wants, events }: { wants: Wanted; events: boolean }): Generator<{ readonly found: readonly (number | Glance)[]; readonly toId: number }> {
    const lastId = rows.lastId()
    const isForeign = (series: Uint8Array): boolean => everyId(series, (id) => !wants(id))
    for (let id = fromId; id <= lastId; ) {
      const spans = spansFrom.all(id) as unknown as { id: number; last_id: number; series: Uint8Array }[]
      let toId = id - 1
      for (const span of spans) if (span.id <= toId + 1 && isForeign(span.series)) toId = span.last_id
      if (toId < id) {
        toId = Math.min(id + rowsAtOnce - 1, lastId)
        yield { found: glances(id, toId, isForeign), toId }
      } else yield { found: idsOf(events ? withOthersIn : withMarksIn, id, toId), toId }
      id = toId + 1
    }
  }

  function idsOf(statement: typeof withMarksIn, id: number, toId: number): readonly number[] {
    try {
      return statement.all(id, toId).map((row) => row['id'] as number)
    } catch {
      return everyRow(id, toId)
    }
  }

  function glances(id: number, toId: number, isForeign: (series: Uint8Array) => boolean): readonly (number | Glance)[] {
    try {
      const { text } = glance.get(id, toId) as { text: string | null }
      const found: (number | Glance)[] = []
      for (const row of JSON.parse(`[${text ?? ''}]`) as Glance[]) {
        const [rowId, , , others, readings] = row
        if (others > 0) found.push(rowId)
        else if (typeof readings === 'string') {
          if (!isForeign(Buffer.from(readings, 'hex'))) found.push(rowId)
        } else if (readings !== null) found.push(row)
      }
      return found
    } catch {
      return everyRow(id, toId)
    }
  }

  /** Where something is damaged, or what goes through to who asks: row by row it shows. */
  function everyRow(id: number, toId: number): readonly number[] {
    const found: number[] = []
    for (let row = rows.head(id); row !== null && row.id <= toId; row = rows.head(row.id + 1)) found.push(row.id)
    return found
  }

  function* some({ after, upTo, series, events }: Required<Pick<EntryQuery, 'after' | 'series' | 'events'>> & { upTo: number }): Generator<EntryPage> {
    const known: boolean[] = []
    const wants: Wanted = (id) => {
      const wanted = known[id]
      if (wanted !== undefined) return wanted
      const name = nameOf(id)
      return (known[id] = name !== undefined && series(name))
    }
    const fromId = rows.find(after + 1)
    if (fromId === 0) return
    let entries: LogEntry[] = []
    for (const { found, toId } of stretches(fromId, { wants, events })) {
      for (const one of found) {
        const begin = entries.length
        if (typeof one === 'number') takeWhole(one, { wants, events, entries })
        else takeReadings(one[4] as readonly ReadingTuple[], { wants, entries, position: one[1], baseMs: one[2], places: [], others: [] })
        // Only the first and the last row can hold what is not asked for.
        const [first, last] = [entries[begin], entries.at(-1)]
        if (first !== undefined && (first.position <= after || last!.position > upTo)) entries.splice(begin, Infinity, ...entries.slice(begin).filter(({ position }) => position > after && position <= upTo))
        if (entries.length < entriesAtOnce) continue
        yield { entries, next: entries.at(-1)!.position }
        entries = []
      }
      const next = Math.min((lastIn.get(toId)?.['last'] as number | null) ?? upTo, upTo)
      if (next > after) yield { entries, next }
      entries = []
      if (next >= upTo) return
    }
  }

  function takeWhole(id: number, { wants, events, entries }: { wants: Wanted; events: boolean; entries: LogEntry[] }): void {
    const row = rows.raw(id, { readings: true, others: true, inbound: false })
    if (row === null) return
    const places = placesOf(row)
    const others = entriesOf({ ...row, readings: null }, nameOf).filter(({ kind }) => events || kind === 'mark')
    const tuples = row.readings === null ? [] : (JSON.parse(textOf(row.readings)) as ReadingTuple[])
    takeReadings(tuples, { wants, entries, position: row.first, baseMs: row.baseMs, places, others })
  }

  /** What is wanted of a row, in the order of positions. Of a message whose first readings are left out, the first that stays begins it. */
  function takeReadings(tuples: readonly ReadingTuple[], { wants, entries, baseMs, places, others, ...at }: Pieces): void {
    let { position } = at
    let [place, other, begun] = [0, 0, false]
    for (const tuple of tuples) {
      while (places[place]?.position === position) {
        place++
        position++
      }
      const own = position++
      if (((tuple[4] ?? 0) & flagJoined) === 0) begun = false
      if (!wants(tuple[0])) continue
      while (other < others.length && others[other]!.position < own) entries.push(others[other++]!)
      const reading = readingOf(tuple, { position: own, baseMs, name: nameOf(tuple[0])! })
      if (reading.joined === true && !begun) {
        const { joined: _joined, ...first } = reading
        entries.push({ position: own, kind: 'reading', reading: first })
      } else entries.push({ position: own, kind: 'reading', reading })
      begun = true
    }
    while (other < others.length) entries.push(others[other++]!)
  }

  return ({ after = 0, upTo, series, events = true }) => (series === undefined && events ? whole(after, upTo) : some({ after, upTo, series: series ?? (() => true), events }))
}

interface Pieces {
  readonly wants: Wanted
  /** Where they go. */
  readonly entries: LogEntry[]
  readonly position: number
  readonly baseMs: number
  /** Of the row's events and marks, and those of them that are wanted. */
  readonly places: readonly { readonly position: number }[]
  readonly others: readonly LogEntry[]
}
