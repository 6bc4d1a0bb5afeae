import type { Times } from '../kernel/contracts.ts'
import type { CloudEvent } from '../kernel/event.ts'
import type { StoredReading } from '../kernel/reading.ts'
import { openForReading } from './database.ts'
import type { EntryPage, EntryQuery } from './log-entries.ts'
import { createLogEntries } from './log-entries.ts'
import { createLogScan } from './log-scan.ts'
import type { ReadingTuple, SeriesName } from './row.ts'
import { othersOf, readingOf } from './row.ts'
import { parseName } from './series-names.ts'
import { getState, listState } from './state-reads.ts'

export interface LogFileQuery {
  readonly device?: string | undefined
  readonly metric?: string | undefined
  /** Event time, ms since 1970: [from, to). */
  readonly from?: number | undefined
  readonly to?: number | undefined
}

/**
 * The log straight from the data directory: beside a running gateway, after it stopped, after it was killed.
 * Everything is synchronous: for a process of its own. What is committed while it reads is not seen.
 * No read transaction is open between two chunks, so a slow consumer holds nothing up in the gateway.
 */
export interface LogFile {
  /** In log order, in chunks. */
  readings(query: LogFileQuery): Iterable<readonly StoredReading[]>
  /** Events whose type begins with `typePrefix`, in log order, in chunks. */
  events(typePrefix: string): Iterable<readonly CloudEvent[]>
  /** Everything, or only some, to the end of what is committed or to a position, in chunks. */
  entries(query?: EntryQuery & { readonly upTo?: number }): Iterable<EntryPage>
  /** What was in the state when it was opened, or since: text by key. */
  state(space: string): Iterable<readonly [string, string]>
  /** Position before the first entry that was committed at or after this wall time, or of the last that was committed before it. Goes through all before, or behind it. */
  positionAt(wallMs: number, which: 'first' | 'last'): number
  /**
   * A place before (`first`) or behind (`last`) everything of this wall time, at no cost. Mostly the very place; where the clock was
   * set, or the gateway was down, it may be further off.
   */
  placeAt(wallMs: number, which: 'first' | 'last'): LogPlace
  /** Before the first readings and marks there still are; `isWhole`: retention took nothing before. */
  beginning(): LogPlace & { readonly isWhole: boolean }
  firstPosition(): number
  lastPosition(): number
  /** Rows passed over because they are damaged. */
  damagedRows(): number
  close(): void
}

/** A place between two commits: all up to this position was committed before, at these times. */
export interface LogPlace extends Times { readonly position: number }

const chunk = 5_000

/** Throws LimenError NOT_FOUND where there is no database, STORE_FAILED for one of an unknown version. */
export function openLogFile(directory: string): LogFile {
  const db = openForReading(directory)
  const scan = createLogScan(db, () => performance.now())
  const newest = db.prepare('SELECT max(last) AS last FROM (SELECT last FROM log ORDER BY id DESC LIMIT 2)')
  const upTo = (newest.get()?.['last'] as number | null | undefined) ?? 0
  const get = getState(db)
  const names = new Map<number, SeriesName>()
  const entries = createLogEntries(db, { rows: scan.rows, nameOf })
  let damaged = 0

  function nameOf(id: number): SeriesName | undefined {
    return names.get(id) ?? learn(String(id), get('series', String(id)))
  }

  function learn(key: string, value: string | Uint8Array | undefined): SeriesName | undefined {
    const name = typeof value === 'string' ? parseName(value) : undefined
    if (name !== undefined) names.set(Number(key), name)
    return name
  }

  function idsOf({ device, metric }: LogFileQuery): number[] | null {
    for (const [key, value] of listState(db)({ space: 'series', prefix: '', after: undefined, limit: Infinity })) learn(key, value)
    if (device === undefined && metric === undefined) return null
    const own = [...names].filter(([, name]) => (device === undefined || name.device === device) && (metric === undefined || name.metric === metric))
    return own.map(([id]) => id).sort((a, b) => a - b)
  }

  function rowFrom(id: number): PlaceRow | undefined {
    return db.prepare(`SELECT ${placeColumns} FROM log WHERE id >= ? ORDER BY id LIMIT 1`).get(id) as PlaceRow | undefined
  }

  /** Id of the last row whose time is less, 0: none. Rows stand in the order of `mono`, and mostly of `wall`. */
  function bisect(time: 'wall' | 'mono', than: number): number {
    let low = 0
    for (let high = scan.rows.lastId() + 1; high - low > 1; ) {
      const middle = Math.floor((low + high) / 2)
      const row = rowFrom(middle)
      if (row === undefined || row[time] >= than) high = middle
      else low = row.id
    }
    return low
  }

  return {
    *readings(query) {
      const { from = -Infinity, to = Infinity } = query
      const ids = idsOf(query)
      if (ids?.length === 0) return
      for (let after = 0; after < upTo; ) {
        const slice = scan.readings({ ids, from, to, after, upTo, limit: chunk })
        damaged += scan.takeDamaged().length
        after = slice.next
        if (slice.count === 0) continue
        const found: StoredReading[] = []
        for (const [position, baseMs, ...tuple] of JSON.parse(slice.text) as [number, number, ...ReadingTuple][]) {
          const name = nameOf(tuple[0])
          if (name !== undefined) found.push(readingOf(tuple, { position, baseMs, name }))
        }
        yield found
      }
    },
    *events(typePrefix) {
      for (let after = 0; after < upTo; ) {
        const page = scan.page({ after, upTo, limit: chunk, readings: false, others: true })
        damaged += scan.takeDamaged().length
        after = page.next
        const events = page.rows.flatMap((row) => othersOf(row).flatMap((other) => (other.kind === 'event' ? [other.value as CloudEvent] : [])))
        const wanted = events.filter((event) => event.type.startsWith(typePrefix))
        if (wanted.length > 0) yield wanted
      }
    },
    *entries({ upTo: to = upTo, ...query } = {}) {
      idsOf({})
      for (const page of entries({ ...query, upTo: Math.min(to, upTo) })) {
        damaged += scan.takeDamaged().length
        yield page
      }
      damaged += scan.takeDamaged().length
    },
    *state(space) {
      for (const [key, value] of listState(db)({ space, prefix: '', after: undefined, limit: Infinity })) if (typeof value === 'string') yield [key, value]
    },
    positionAt(wallMs, which) {
      if (which === 'last') return (db.prepare('SELECT last FROM log WHERE wall < ? ORDER BY id DESC LIMIT 1').get(wallMs)?.['last'] as number | undefined) ?? 0
      const row = db.prepare('SELECT first FROM log WHERE wall >= ? ORDER BY id LIMIT 1').get(wallMs)
      return row === undefined ? upTo : (row['first'] as number) - 1
    },
    placeAt(wallMs, which) {
      const lastId = scan.rows.lastId()
      const last = rowFrom(lastId)
      if (last === undefined) return placeBefore(undefined)
      // The lasting time as it would be if the clock had never been set, and the gateway never down.
      const ids = [bisect('wall', wallMs), bisect('mono', last.mono - (last.wall - wallMs))]
      const low = which === 'first' ? Math.min(...ids) : Math.max(...ids)
      return low === 0 ? placeBefore(rowFrom(1)) : placeBehind(rowFrom(low)!)
    },
    beginning() {
      const row = db.prepare(`SELECT ${placeColumns} FROM log WHERE readings_n + marks_n > 0 ORDER BY id LIMIT 1`).get() as PlaceRow | undefined
      return { ...placeBefore(row), isWhole: row === undefined ? upTo === 0 : row.first === 1 }
    },
    firstPosition: () => (db.prepare('SELECT first FROM log ORDER BY id LIMIT 1').get()?.['first'] as number | undefined) ?? 0,
    lastPosition: () => upTo,
    damagedRows: () => damaged,
    close: () => db.close(),
  }
}

interface PlaceRow { readonly id: number; readonly first: number; readonly last: number; readonly wall: number; readonly mono: number; readonly base: number; readonly readings_n: number }

const placeColumns = 'id, first, last, wall, mono, base, readings_n'

function placeBehind({ last, mono, wall }: PlaceRow): LogPlace {
  return { position: last, at: mono, wallMs: wall }
}

/** As long before the commit as its readings waited for it. */
function placeBefore(row: PlaceRow | undefined): LogPlace {
  if (row === undefined) return { position: 0, at: 0, wallMs: 0 }
  const waitedMs = row.readings_n === 0 ? 0 : Math.max(0, row.wall - row.base)
  return { position: row.first - 1, at: row.mono - waitedMs, wallMs: row.wall - waitedMs }
}
