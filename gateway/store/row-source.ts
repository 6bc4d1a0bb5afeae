import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { RowColumns } from './blob.ts'
import { checksum, unpack } from './blob.ts'
import type { RawRow } from './protocol.ts'

/** The columns before the blobs, cheap to read. */
export interface RowHead {
  readonly id: number
  readonly first: number
  readonly last: number
  readonly wall: number
  readonly min_ts: number
  readonly max_ts: number
  readonly readings_n: number
  readonly events_n: number
  readonly marks_n: number
  readonly series: Uint8Array | null
}

/** Rows of the log by id, checked; what is damaged is passed over and told once. */
export interface RowSource {
  /** The first undamaged head with an id of at least `id`; null at the end. */
  head(id: number): RowHead | null
  /** All columns with the checksum verified; null: no such row, or damaged. */
  whole(id: number): (RowColumns & { id: number }) | null
  /** The same, decompressed, with only the parts asked for. */
  raw(id: number, parts: { readings: boolean; others: boolean; inbound: boolean }): RawRow | null
  /** Whole rows from this id on, readings and others, until they hold about so many entries; `nextId`: where to go on, 0 at the end. */
  many(id: number, entries: number): { readonly rows: readonly RawRow[]; readonly nextId: number }
  /** Id of the first row that ends at or after this position; 0: there is none. */
  find(position: number): number
  /** Heads from the newest back, as far as they can be read. */
  backwards(): Iterable<Pick<RowHead, 'id' | 'wall' | 'readings_n'>>
  lastId(): number
  idBefore(id: number): number
  /** Ids of rows found damaged since this was last asked. */
  takeDamaged(): number[]
}

/** Damaged rows are remembered so that each is told once, but not without end. */
const rememberedDamage = 10_000
const allParts = { readings: true, others: true, inbound: false }

export function createRowSource(db: DatabaseSync): RowSource {
  const headColumns = 'id, first, last, wall, min_ts, max_ts, readings_n, events_n, marks_n, series'
  const headFrom = db.prepare(`SELECT ${headColumns} FROM log WHERE id >= ? ORDER BY id LIMIT 1`)
  const wholeAt = db.prepare('SELECT * FROM log WHERE id = ?')
  const wholeFrom = db.prepare('SELECT * FROM log WHERE id >= ? ORDER BY id')
  const last = db.prepare('SELECT max(id) AS id FROM log')
  const before = db.prepare('SELECT max(id) AS id FROM log WHERE id < ?')
  const headsBack = db.prepare('SELECT id, wall, readings_n FROM log ORDER BY id DESC')
  const known = new Set<number>()
  let fresh: number[] = []

  function damaged(id: number): null {
    if (!known.has(id) && known.size < rememberedDamage) {
      known.add(id)
      fresh.push(id)
    }
    return null
  }

  const lastId = (): number => (last.get()!['id'] as number | null) ?? 0

  function whole(id: number): (RowColumns & { id: number }) | null {
    try {
      const row = wholeAt.get(id) as (RowColumns & { id: number; crc: number }) | undefined
      if (row === undefined) return null
      return checksum(row) === row.crc ? row : damaged(id)
    } catch (error) {
      rethrowUnlessDamage(error)
      return damaged(id)
    }
  }

  function head(from: number): RowHead | null {
    for (let id = from; ; ) {
      try {
        const row = headFrom.get(id) as unknown as RowHead | undefined
        if (row === undefined) return null
        if (isSane(row)) return row
        damaged(row.id)
        id = row.id + 1
      } catch (error) {
        rethrowUnlessDamage(error)
        damaged(id)
        id = firstReadable(headFrom, id + 1, lastId())
        if (id === 0) return null
      }
    }
  }

  function unpacked(row: RowColumns & { id: number }, parts: { readings: boolean; others: boolean; inbound: boolean }): RawRow | null {
    try {
      return {
        first: row.first,
        last: row.last,
        baseMs: row.base,
        readings: parts.readings ? exact(unpack(row.readings)) : null,
        others: parts.others || (parts.readings && row.events_n + row.marks_n > 0) ? exact(unpack(row.others)) : null,
        inbound: parts.inbound ? row.inbound : null,
      }
    } catch {
      // The checksum holds but the frame does not: written by faulty memory. Counted like any other damage.
      return damaged(row.id)
    }
  }

  function raw(id: number, parts: { readings: boolean; others: boolean; inbound: boolean }): RawRow | null {
    const row = whole(id)
    return row === null ? null : unpacked(row, parts)
  }

  return {
    head,
    whole,
    raw,
    many(from, entries) {
      const rows: RawRow[] = []
      let count = 0
      let id = from
      try {
        for (const row of wholeFrom.iterate(from) as Iterable<RowColumns & { id: number; crc: number }>) {
          id = row.id
          if (count >= entries) return { rows, nextId: id }
          const good = checksum(row) === row.crc ? unpacked(row, allParts) : damaged(id)
          if (good !== null) rows.push(good)
          count += row.readings_n + row.events_n + row.marks_n
        }
        return { rows, nextId: 0 }
      } catch (error) {
        rethrowUnlessDamage(error)
        damaged(id)
        const next = head(id + 1)
        return { rows, nextId: next === null ? 0 : next.id }
      }
    },
    find(position) {
      let low = 0
      let high = lastId() + 1
      // Smallest id whose row, or the next one there is, ends at or after the position.
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2)
        const row = head(middle)
        if (row === null || row.last >= position) high = middle
        else low = row.id
      }
      return head(high)?.id ?? 0
    },
    *backwards() {
      try {
        yield* headsBack.iterate() as Iterable<Pick<RowHead, 'id' | 'wall' | 'readings_n'>>
      } catch (error) {
        rethrowUnlessDamage(error)
      }
    },
    lastId,
    idBefore: (id) => (before.get(id)!['id'] as number | null) ?? 0,
    takeDamaged() {
      const taken = fresh
      if (taken.length > 0) fresh = []
      return taken
    },
  }
}

/** Thinned rows (no readings, no marks) have lost entries; in all others the counts add up. */
function isSane(row: RowHead): boolean {
  const positions = row.last - row.first + 1
  const entries = row.readings_n + row.events_n + row.marks_n
  return row.first > 0 && row.events_n >= 0 && (row.readings_n + row.marks_n === 0 ? entries <= positions : entries === positions)
}

/** Bytes that do not hang in a larger buffer, which would travel between threads with them. */
function exact(bytes: Uint8Array | null): Uint8Array | null {
  return bytes === null || bytes.length === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
}

/** Damage shows as SQLITE_CORRUPT (11) or as a number too large to be one of ours. */
function rethrowUnlessDamage(error: unknown): void {
  const code = (error as { errcode?: number }).errcode
  if (code !== undefined ? (code & 0xff) !== 11 : !(error instanceof RangeError)) throw error
}

/** The first id from which on rows can be read again, past a damaged page; 0: none. */
function firstReadable(statement: StatementSync, from: number, lastId: number): number {
  const readable = (id: number): boolean => {
    try {
      statement.get(id)
      return true
    } catch (error) {
      rethrowUnlessDamage(error)
      return false
    }
  }
  for (let step = 1, id = from; id <= lastId; id += step, step *= 2) {
    if (!readable(id)) continue
    let low = id - step / 2
    let high = id
    while (high - low > 1 && low >= from) {
      const middle = Math.floor((low + high) / 2)
      if (readable(middle)) high = middle
      else low = middle
    }
    return high
  }
  return 0
}
