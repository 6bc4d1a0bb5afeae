import type { BackQuery, LogEntry, LogPage, LogQuery, OnQuery, ReadingQuery, RecentBatch } from '../kernel/contracts.ts'
import type { CloudEvent } from '../kernel/event.ts'
import type { StoredReading } from '../kernel/reading.ts'
import { unpackInbound } from './inbound.ts'
import type { RawRow } from './protocol.ts'
import type { Reader } from './reader.ts'
import type { ReadingTuple, SeriesName } from './row.ts'
import { entriesOf, marksAt, othersOf, placesOf, readingOf, readingsOf } from './row.ts'
import type { SeriesNames } from './series-names.ts'
import type { Tail } from './tail.ts'

/** The log as the other rooms read it: committed entries only, from memory where they are still there. */
export interface LogReads {
  readonly read: (query: LogQuery) => Promise<LogPage>
  readonly readBack: (query: BackQuery) => Promise<LogPage>
  readonly readOn: (query: OnQuery) => Promise<LogPage>
  readonly readings: (query: ReadingQuery) => Promise<readonly StoredReading[]>
  readonly recent: (query: { maxReadings: number; sinceWallMs: number }) => AsyncIterable<RecentBatch>
  /** Readings left out because nothing says what their series is. */
  namelessReadings(): number
}

export interface LogReadsDeps {
  readonly tail: Tail
  readonly reader: Reader
  readonly names: SeriesNames
  readonly lastPosition: () => number
}

export function createLogReads({ tail, reader, names, lastPosition }: LogReadsDeps): LogReads {
  let nameless = 0
  /**
   * The row in the middle of which a page ended, decoded, while nobody needs the memory: the next page goes on in it. A batch of a
   * flood holds more than any page, and would else be decoded once for each.
   */
  let cut: { readonly first: number; readonly last: number; readonly others: boolean; readonly entries: WeakRef<readonly LogEntry[]> } | null = null

  function nameOf(storedId: number): SeriesName | undefined {
    const name = names.get(storedId)
    if (name === undefined) nameless++
    return name
  }

  function take(text: string, found: StoredReading[]): void {
    for (const [position, baseMs, ...tuple] of JSON.parse(text) as [number, number, ...ReadingTuple][]) {
      const name = nameOf(tuple[0])
      if (name !== undefined) found.push(readingOf(tuple, { position, baseMs, name }))
    }
  }

  function fromTail(query: LogQuery): LogPage | null {
    const { kinds } = query
    const rows = tail.after(query.after)
    if (rows === null) return null
    const wantsReadings = kinds?.includes('reading') ?? true
    const wantsOthers = kinds === undefined || kinds.includes('event') || kinds.includes('mark')
    return pageOf(rows, query, (row) => {
      if (wantsReadings && row.readingCount > 0) return tail.entries(row, nameOf)
      return wantsOthers && row.otherCount > 0 ? entriesOf({ ...row, readings: null }, nameOf) : []
    })
  }

  function decode(row: RawRow, others: boolean): readonly LogEntry[] {
    return others ? entriesOf(row, nameOf) : readingsOf(row, nameOf).map((reading) => ({ position: reading.position, kind: 'reading', reading }))
  }

  function fromCut(query: LogQuery, others: boolean): LogPage | null {
    if (cut === null || cut.others !== others || query.after + 1 < cut.first || query.after >= cut.last) return null
    const entries = cut.entries.deref()
    return entries === undefined ? null : pageOf([cut], query, () => entries)
  }

  async function fromDisk(query: LogQuery): Promise<LogPage> {
    const { after, limit, kinds } = query
    const readings = kinds?.includes('reading') ?? true
    const others = kinds === undefined || kinds.includes('event') || kinds.includes('mark')
    // Nothing is kept of a page of events or marks alone: no readings are in it.
    const goesOn = readings ? fromCut(query, others) : null
    if (goesOn !== null) return goesOn
    const page = await reader.ask({ kind: 'page', after, upTo: lastPosition(), limit, readings, others })
    let newest: readonly LogEntry[] = []
    const decoded = pageOf(page.rows, query, (row) => (newest = decode(row, others)))
    const last = page.rows.at(-1)
    // What the reader passed over behind its last row holds nothing of these kinds.
    if (last === undefined || decoded.next >= last.last) return { entries: decoded.entries, next: page.next }
    if (readings && decoded.next >= last.first) cut = { first: last.first, last: last.last, others, entries: new WeakRef(newest) }
    return decoded
  }

  return {
    async read(query) {
      const end = lastPosition()
      if (query.after >= end) return { entries: [], next: query.after }
      if (query.kinds?.includes('reading') ?? true) await names.load()
      return fromTail(query) ?? fromDisk(query)
    },

    async readBack({ before, limit, committedSince: since = -Infinity }) {
      // Only what is committed: the reader may see a commit before its callers have been told.
      const from = Math.min(before, lastPosition() + 1)
      if (from <= 1) return { entries: [], next: 0 }
      const { rows, next } = await reader.ask({ kind: 'events-back', before: from, limit, since })
      const entries = rows.flatMap((row) => eventsIn(row).filter(({ position }) => position < from).toReversed())
      return entries.length <= limit ? { entries, next } : { entries: entries.slice(0, limit), next: entries[limit - 1]!.position }
    },

    async readOn({ after, limit, committedSince: since = -Infinity }) {
      const upTo = lastPosition()
      if (after >= upTo) return { entries: [], next: after }
      const { rows, next } = await reader.ask({ kind: 'events-on', after, upTo, limit, since })
      const entries = rows.flatMap((row) => eventsIn(row).filter(({ position }) => position > after && position <= upTo))
      return entries.length <= limit ? { entries, next } : { entries: entries.slice(0, limit), next: entries[limit - 1]!.position }
    },

    async readings({ device, metric, from = -Infinity, to = Infinity, after = 0, before = Infinity, order = 'asc', limit }) {
      await names.load()
      const ids = names.idsOf(device, metric)
      const upTo = lastPosition()
      const found: StoredReading[] = []
      if (ids?.length === 0) return found
      if (order === 'desc') {
        for (let next = Math.min(before, upTo + 1); next > 1 && found.length < limit; ) {
          const slice = await reader.ask({ kind: 'readings-back', ids, from, to, before: next, limit: limit - found.length })
          take(slice.text, found)
          next = slice.next
        }
        return found
      }
      for (let next = after; next < upTo && found.length < limit; ) {
        // One slice a question: others get their turn in between.
        const slice = await reader.ask({ kind: 'readings', ids, from, to, after: next, upTo, limit: limit - found.length })
        take(slice.text, found)
        next = slice.next
      }
      return found
    },

    async *recent(query) {
      await names.load()
      const { fromRow, toRow } = await reader.ask({ kind: 'recent-start', ...query })
      let pending = fromRow > toRow ? null : reader.ask({ kind: 'recent', fromRow, toRow })
      while (pending !== null) {
        const { rows, nextRow } = await pending
        // The thread unpacks the next rows while these are decoded.
        pending = nextRow > toRow ? null : reader.ask({ kind: 'recent', fromRow: nextRow, toRow })
        for (const row of rows) yield recentOf(row, nameOf)
      }
    },

    namelessReadings: () => nameless,
  }
}

function eventsIn(row: RawRow): LogEntry[] {
  return othersOf(row).flatMap(({ position, kind, value }) => (kind === 'event' ? [{ position, kind, event: value as CloudEvent }] : []))
}

/** Decodes rows until `limit` entries were looked at. */
function pageOf<R extends Pick<RawRow, 'first' | 'last'>>(rows: readonly R[], { after, limit, kinds }: LogQuery, decode: (row: R) => readonly LogEntry[]): LogPage {
  const entries: LogEntry[] = []
  let next = after
  let left = limit
  for (const row of rows) {
    if (left <= 0) break
    const first = Math.max(row.first, next + 1)
    const end = Math.min(row.last, first + left - 1)
    for (const entry of decode(row)) {
      if (entry.position < first || entry.position > end) continue
      if (kinds === undefined || kinds.includes(entry.kind)) entries.push(entry)
    }
    left -= end - first + 1
    next = Math.max(next, end)
  }
  return { entries, next }
}

function recentOf(row: RawRow, nameOf: (storedId: number) => SeriesName | undefined): RecentBatch {
  const others = placesOf(row)
  return {
    readings: readingsOf(row, nameOf, others),
    marks: marksAt(others),
    inbound: unpackInbound(row.inbound),
  }
}
