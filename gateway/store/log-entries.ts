import type { DatabaseSync } from 'node:sqlite'
import type { LogEntry } from '../kernel/contracts.ts'
import { everyId } from './ids.ts'
import type { RawRow } from './protocol.ts'
import type { ReadingTuple, SeriesName } from './row.ts'
import { entriesOf, entryAt, flagJoined, placesOf, readingOf, textOf } from './row.ts'
import type { RowHead, RowSource } from './row-source.ts'

export interface EntryQuery {
  /** Positions greater than this; default: from the beginning. */
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
const rowsAtOnce = 4_096

type Head = Pick<RowHead, 'id' | 'last' | 'readings_n' | 'events_n' | 'marks_n' | 'series'>

/** Reads entries in log order up to a position. Between two pages no read transaction is open. */
export function createLogEntries(db: DatabaseSync, { rows, nameOf }: LogEntriesDeps): (query: EntryQuery & { readonly upTo: number }) => Iterable<EntryPage> {
  const spansFrom = db.prepare('SELECT id, last_id, series FROM span WHERE last_id >= ? ORDER BY id LIMIT 16')
  const headsIn = db.prepare('SELECT id, last, readings_n, events_n, marks_n, series FROM log WHERE id BETWEEN ? AND ? ORDER BY id')
  const withOthersIn = db.prepare('SELECT id, last, 0 AS readings_n, events_n, marks_n, NULL AS series FROM log WHERE id BETWEEN ? AND ? AND events_n + marks_n > 0 ORDER BY id')
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

  /** Rows in which something is wanted, a stretch of ids after the other. */
  function* stretches(fromId: number, { wants, events }: { wants: (id: number) => boolean; events: boolean }): Generator<{ readonly heads: readonly Head[]; readonly toId: number }> {
    const lastId = rows.lastId()
    const isWanted = (of: Head): boolean => of.marks_n > 0 || (events && of.events_n > 0) || (of.readings_n > 0 && of.series !== null && !everyId(of.series, (id) => !wants(id)))
    for (let id = fromId; id <= lastId; ) {
      const spans = spansFrom.all(id) as unknown as { id: number; last_id: number; series: Uint8Array }[]
      const [first] = spans
      const covered = first !== undefined && first.id <= id
      if (covered && everyId(first.series, (one) => !wants(one))) {
        let toId = first.last_id
        for (const span of spans) if (span.id === toId + 1 && everyId(span.series, (one) => !wants(one))) toId = span.last_id
        yield { heads: heads(withOthersIn, id, toId).filter(isWanted), toId }
        id = toId + 1
      } else {
        const toId = Math.min(covered ? first.last_id : (first?.id ?? Infinity) - 1, id + rowsAtOnce - 1, lastId)
        yield { heads: heads(headsIn, id, toId).filter(isWanted), toId }
        id = toId + 1
      }
    }
  }

  function heads(statement: typeof headsIn, id: number, toId: number): readonly Head[] {
    try {
      return statement.all(id, toId) as unknown as Head[]
    } catch {
      // Damage, or what goes through to who asks: row by row it shows.
      const found: Head[] = []
      for (let row = rows.head(id); row !== null && row.id <= toId; row = rows.head(row.id + 1)) found.push(row)
      return found
    }
  }

  function* some({ after, upTo, series, events }: Required<Pick<EntryQuery, 'after' | 'series' | 'events'>> & { upTo: number }): Generator<EntryPage> {
    const known = new Map<number, boolean>()
    const wants = (id: number): boolean => {
      let wanted = known.get(id)
      if (wanted === undefined) {
        const name = nameOf(id)
        known.set(id, (wanted = name !== undefined && series(name)))
      }
      return wanted
    }
    const fromId = rows.find(after + 1)
    if (fromId === 0) return
    let entries: LogEntry[] = []
    for (const { heads: found, toId } of stretches(fromId, { wants, events })) {
      for (const head of found) {
        const readings = head.readings_n > 0 && head.series !== null && !everyId(head.series, (id) => !wants(id))
        const row = rows.raw(head.id, { readings, others: head.events_n + head.marks_n > 0, inbound: false })
        if (row === null || row.last <= after) continue
        if (row.first > upTo) break
        for (const entry of someOf(row, { wants, events })) if (entry.position > after && entry.position <= upTo) entries.push(entry)
        if (entries.length < entriesAtOnce) continue
        yield { entries, next: Math.min(row.last, upTo) }
        entries = []
      }
      const next = Math.min((lastIn.get(toId)?.['last'] as number | null) ?? upTo, upTo)
      if (next > after) yield { entries, next }
      entries = []
      if (next >= upTo) return
    }
  }

  /** What is wanted of a row, in the order of positions. Of a message whose first readings are left out, the first that stays begins it. */
  function someOf(row: RawRow, { wants, events }: { wants: (id: number) => boolean; events: boolean }): readonly LogEntry[] {
    const places = placesOf(row)
    const others = places.filter(({ isMark }) => events || isMark).map(entryAt)
    if (row.readings === null) return others
    const entries: LogEntry[] = []
    let [position, place, other, begun] = [row.first, 0, 0, false]
    for (const tuple of JSON.parse(textOf(row.readings)) as ReadingTuple[]) {
      while (places[place]?.position === position) {
        place++
        position++
      }
      const own = position++
      const flags = tuple[4] ?? 0
      if ((flags & flagJoined) === 0) begun = false
      if (!wants(tuple[0])) continue
      while (other < others.length && others[other]!.position < own) entries.push(others[other++]!)
      const { joined, ...reading } = readingOf(tuple, { position: own, baseMs: row.baseMs, name: nameOf(tuple[0])! })
      entries.push({ position: own, kind: 'reading', reading: joined === true && begun ? { ...reading, joined } : reading })
      begun = true
    }
    while (other < others.length) entries.push(others[other++]!)
    return entries
  }

  return ({ after = 0, upTo, series, events = true }) => (series === undefined && events ? whole(after, upTo) : some({ after, upTo, series: series ?? (() => true), events }))
}
