import type { LogEntry } from '../kernel/contracts.ts'
import type { CloudEvent } from '../kernel/event.ts'
import type { StoredReading } from '../kernel/reading.ts'
import { openForReading } from './database.ts'
import { createLogScan } from './log-scan.ts'
import type { ReadingTuple, SeriesName } from './row.ts'
import { entriesOf, othersOf, readingOf } from './row.ts'
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
  /** Everything, or with `marksOnly` no readings, from a position on and to the end of what is committed, in chunks. */
  entries(query?: { readonly after?: number; readonly marksOnly?: boolean }): Iterable<{ readonly entries: readonly LogEntry[]; readonly next: number }>
  /** Position before the first entry that was committed at or after this wall time. */
  positionAt(wallMs: number): number
  firstPosition(): number
  lastPosition(): number
  /** Rows passed over because they are damaged. */
  damagedRows(): number
  close(): void
}

const chunk = 5_000

/** Throws LimenError NOT_FOUND where there is no database, STORE_FAILED for one of an unknown version. */
export function openLogFile(directory: string): LogFile {
  const db = openForReading(directory)
  const scan = createLogScan(db, () => performance.now())
  const newest = db.prepare('SELECT max(last) AS last FROM (SELECT last FROM log ORDER BY id DESC LIMIT 2)')
  const upTo = (newest.get()?.['last'] as number | null | undefined) ?? 0
  const get = getState(db)
  const names = new Map<number, SeriesName>()
  let damaged = 0

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
          const name = names.get(tuple[0]) ?? learn(String(tuple[0]), get('series', String(tuple[0])))
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
    *entries({ after: first = 0, marksOnly = false } = {}) {
      idsOf({})
      const nameOf = (id: number): SeriesName | undefined => names.get(id) ?? learn(String(id), get('series', String(id)))
      for (let after = first; after < upTo; ) {
        const page = scan.page({ after, upTo, limit: chunk, readings: !marksOnly, others: true })
        damaged += scan.takeDamaged().length
        const from = after
        after = page.next
        const entries = page.rows.flatMap((row) => entriesOf(row, nameOf)).filter(({ position }) => position > from)
        if (entries.length > 0) yield { entries, next: page.next }
      }
    },
    positionAt(wallMs) {
      const row = db.prepare('SELECT first FROM log WHERE wall >= ? ORDER BY id LIMIT 1').get(wallMs)
      return row === undefined ? upTo : (row['first'] as number) - 1
    },
    firstPosition: () => (db.prepare('SELECT first FROM log ORDER BY id LIMIT 1').get()?.['first'] as number | undefined) ?? 0,
    lastPosition: () => upTo,
    damagedRows: () => damaged,
    close: () => db.close(),
  }
}
