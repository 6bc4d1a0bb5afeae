import type { LogEntry } from '../kernel/contracts.ts'
import type { BatchMessage, RawRow } from './protocol.ts'
import type { SeriesName } from './row.ts'
import { entriesOf } from './row.ts'

/** The newest committed batches, in memory as the text they were stored from; decoded when somebody asks. */
export interface Tail {
  push(batch: BatchMessage): void
  /** The first rows that hold positions greater than `after`; null when some of them are no longer here. */
  after(after: number): TailRow[] | null
  /** Retention has been at everything up to this position. */
  forget(through: number): void
  /** The decoded entries of a row. */
  entries(row: TailRow, nameOf: (storedId: number) => SeriesName | undefined): readonly LogEntry[]
  sizeBytes(): number
}

export interface TailRow extends RawRow {
  readonly readingCount: number
  readonly otherCount: number
  readonly bytes: number
  /** The decoded entries, while they are kept. */
  decoded: readonly LogEntry[] | null
}

export interface TailLimits { readonly maxBytes: number; readonly maxEntries: number; readonly maxDecoded: number }

/** Enough for every follower that keeps up; who is slower reads the disk. Oldest go first. */
export const tailLimits: TailLimits = { maxBytes: 4 * 1024 * 1024, maxEntries: 200_000, maxDecoded: 4_000 }

const rowOverhead = 200
const rowsAtOnce = 256

export function createTail(limits: TailLimits = tailLimits): Tail {
  /** Rising; `start` is the first that still counts, so that dropping one costs nothing. */
  let rows: TailRow[] = []
  let start = 0
  let bytes = 0
  let count = 0
  let decodedRows: TailRow[] = []
  let decodedCount = 0

  function drop(): void {
    const row = rows[start++]!
    bytes -= row.bytes
    count -= row.last - row.first + 1
    if (start > 64 && start * 2 > rows.length) {
      rows = rows.slice(start)
      start = 0
    }
  }

  function keepDecoded(row: TailRow, entries: readonly LogEntry[]): void {
    row.decoded = entries
    decodedRows.push(row)
    decodedCount += entries.length
    while (decodedCount > limits.maxDecoded) {
      const oldest = decodedRows.shift()!
      decodedCount -= oldest.decoded!.length
      oldest.decoded = null
    }
  }

  return {
    push(batch) {
      if (batch.last < batch.first) return
      const size = (batch.readings?.length ?? 0) + (batch.others?.length ?? 0) + rowOverhead
      rows.push({
        first: batch.first,
        last: batch.last,
        baseMs: batch.baseMs,
        readings: batch.readings,
        others: batch.others,
        inbound: null,
        readingCount: batch.readingCount,
        otherCount: batch.eventCount + batch.markCount,
        bytes: size,
        decoded: null,
      })
      bytes += size
      count += batch.last - batch.first + 1
      while ((bytes > limits.maxBytes || count > limits.maxEntries) && start < rows.length) drop()
    },
    forget(through) {
      while (start < rows.length && rows[start]!.first <= through) drop()
    },
    after(after) {
      if (start === rows.length || rows[start]!.first > after + 1) return null
      let low = start
      let high = rows.length
      while (low < high) {
        const middle = (low + high) >> 1
        if (rows[middle]!.last > after) high = middle
        else low = middle + 1
      }
      return rows.slice(low, low + rowsAtOnce)
    },
    entries(row, nameOf) {
      if (row.decoded !== null) return row.decoded
      const entries = entriesOf(row, nameOf)
      keepDecoded(row, entries)
      return entries
    },
    sizeBytes: () => bytes,
  }
}
