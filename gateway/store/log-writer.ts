import type { DatabaseSync } from 'node:sqlite'
import { checksum, pack } from './blob.ts'
import type { StoreTuning } from './database.ts'
import { decodeIds, encodeIds } from './ids.ts'
import { packInbound } from './inbound.ts'
import type { BatchMessage } from './protocol.ts'

/** Writes batches, in the commit worker. */
export interface LogWriter {
  /** In a transaction of its own, synced when it returns. Throws what SQLite throws, with nothing written. Gives the bytes of the row's blobs. */
  write(batch: BatchMessage): number
}

interface OpenSpan { firstId: number; lastId: number; rows: number; minTs: number; maxTs: number; readonly series: Set<number> }

export function createLogWriter(db: DatabaseSync, tuning: StoreTuning): LogWriter {
  const insertRow = db.prepare(`INSERT INTO log (id, first, last, wall, mono, base, min_ts, max_ts, readings_n, events_n, marks_n, crc, series, others, inbound, readings)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const insertSpan = db.prepare('INSERT OR REPLACE INTO span (id, last_id, min_ts, max_ts, series) VALUES (?, ?, ?, ?, ?)')
  const put = db.prepare('INSERT INTO state (space, key, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value')
  const remove = db.prepare('DELETE FROM state WHERE space = ? AND key = ?')
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  let lastId = (db.prepare('SELECT max(id) AS id FROM log').get()!['id'] as number | null) ?? 0
  let span = reopenSpan(db)

  function writeChanges(changes: BatchMessage['changes']): void {
    for (let i = 0; i < changes.length; i += 3) {
      const space = changes[i] as string
      const key = changes[i + 1] as string
      const value = changes[i + 2]!
      if (value === null) remove.run(space, key)
      else put.run(space, key, value)
    }
  }

  function writeRow(batch: BatchMessage, id: number): number {
    const row = {
      first: batch.first,
      last: batch.last,
      wall: Math.round(batch.wallMs),
      mono: batch.monotonicMs,
      base: batch.baseMs,
      min_ts: batch.minTs,
      max_ts: batch.maxTs,
      readings_n: batch.readingCount,
      events_n: batch.eventCount,
      marks_n: batch.markCount,
      series: batch.readingCount === 0 ? null : encodeIds(batch.series),
      others: pack(batch.others, tuning.zstdLevel),
      inbound: packInbound(batch.inboundClients, batch.inbound),
      readings: pack(batch.readings, tuning.zstdLevel),
    }
    insertRow.run(
      ...([id, row.first, row.last, row.wall, row.mono, row.base, row.min_ts, row.max_ts] as const),
      ...([row.readings_n, row.events_n, row.marks_n, checksum(row), row.series, row.others, row.inbound, row.readings] as const),
    )
    return (row.series?.length ?? 0) + (row.others?.length ?? 0) + (row.inbound?.length ?? 0) + (row.readings?.length ?? 0)
  }

  return {
    write(batch) {
      const id = lastId + 1
      begin.run()
      try {
        const bytes = writeRow(batch, id)
        const grown = grow(span, id, batch)
        const full = grown.rows >= tuning.rowsPerSpan
        if (full) insertSpan.run(...spanColumns(grown))
        writeChanges(batch.changes)
        commit.run()
        lastId = id
        span = full ? emptySpan(id + 1) : grown
        return bytes
      } catch (error) {
        if (db.isTransaction) db.exec('ROLLBACK')
        throw error
      }
    },
  }
}

/** A span without readings gets an empty stretch of time. */
function spanColumns({ firstId, lastId, minTs, maxTs, series }: OpenSpan): [number, number, number, number, Uint8Array] {
  const bytes = encodeIds([...series].sort((a, b) => a - b))
  return minTs > maxTs ? [firstId, lastId, 0, -1, bytes] : [firstId, lastId, minTs, maxTs, bytes]
}

function emptySpan(firstId: number): OpenSpan {
  return { firstId, lastId: firstId - 1, rows: 0, minTs: Infinity, maxTs: -Infinity, series: new Set() }
}

/** Its series are only ever added to: one too many after a failed commit costs a look, never a reading. */
function grow(span: OpenSpan, id: number, batch: BatchMessage): OpenSpan {
  for (const series of batch.series) span.series.add(series)
  return {
    ...span,
    lastId: id,
    rows: span.rows + 1,
    minTs: batch.readingCount === 0 ? span.minTs : Math.min(span.minTs, batch.minTs),
    maxTs: batch.readingCount === 0 ? span.maxTs : Math.max(span.maxTs, batch.maxTs),
  }
}

/** The rows after the last closed span, summed up again. Rows that no span covers are looked at one by one by who reads. */
function reopenSpan(db: DatabaseSync): OpenSpan {
  const closed = (db.prepare('SELECT max(last_id) AS id FROM span').get()!['id'] as number | null) ?? 0
  const span = emptySpan(closed + 1)
  try {
    for (const row of db.prepare('SELECT id, min_ts, max_ts, series FROM log WHERE id > ? ORDER BY id').iterate(closed)) {
      span.lastId = row['id'] as number
      span.rows++
      if (row['series'] === null) continue
      span.minTs = Math.min(span.minTs, row['min_ts'] as number)
      span.maxTs = Math.max(span.maxTs, row['max_ts'] as number)
      for (const id of decodeIds(row['series'] as Uint8Array)) span.series.add(id)
    }
    return span
  } catch (error) {
    // A number no row of ours can hold: damage. What cannot be summed up stays uncovered.
    if (!(error instanceof RangeError)) throw error
    return emptySpan(((db.prepare('SELECT max(id) AS id FROM log').get()!['id'] as number | null) ?? 0) + 1)
  }
}
