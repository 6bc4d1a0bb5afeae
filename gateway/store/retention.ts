import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { CloudEvent } from '../kernel/event.ts'
import { checksum, pack, unpack } from './blob.ts'
import type { RowColumns } from './blob.ts'
import type { DroppedRange, RetainMessage } from './protocol.ts'
import { othersOf } from './row.ts'

/** One step of retention, in the commit worker, between two commits. */
export interface Retention {
  /** Removes what is due, but no longer than a few milliseconds; throws what SQLite throws, with nothing removed. */
  step(message: RetainMessage): Removed
}

export interface Removed {
  readonly entries: number
  /** Nothing up to this position is whole any more (0: nothing was removed). */
  readonly through: number
  readonly dropped: readonly DroppedRange[]
  readonly more: boolean
}

export interface RetentionDeps {
  readonly db: DatabaseSync
  /** Bytes in use: what the file holds without its free pages. */
  readonly usedBytes: () => number
  readonly nowMs: () => number
}

type Row = Record<string, SQLOutputValue>

/** No commit waits longer than about this for a step. */
const stepMs = 8
const rowsPerStep = 256
/** The journal alone may take this part of the whole; beyond it its oldest rows go. */
const journalShare = 0.25

/**
 * A row whose readings are past their age is thinned: readings, marks (they serve only to replay readings) and what was
 * noted of inbound messages go, the journal stays (alarms, commands, devices, gateway: every event of ours but rejected
 * readings). A row without journal goes as a whole. The newest row always stays: it carries the last position.
 * By size the same happens to the oldest rows whatever their age, then the oldest of the journal goes.
 */
export function createRetention({ db, usedBytes, nowMs }: RetentionDeps): Retention {
  const next = db.prepare(`SELECT id, first, last, wall, mono, base, min_ts, max_ts, readings_n, events_n, marks_n, crc, others FROM log WHERE id > ? ORDER BY id LIMIT 1`)
  const newest = db.prepare('SELECT max(id) AS id FROM log')
  const removeRow = db.prepare('DELETE FROM log WHERE id = ?')
  const thinRow = db.prepare('UPDATE log SET min_ts = 0, max_ts = -1, readings_n = 0, events_n = ?, marks_n = 0, crc = ?, series = NULL, others = ?, inbound = NULL, readings = NULL WHERE id = ?')
  const removeSpans = db.prepare('DELETE FROM span WHERE last_id <= ?')
  /** One span without readings over all that is thinned. */
  const emptySpan = db.prepare(`INSERT OR REPLACE INTO span VALUES (1, ?, 0, -1, x'')`)
  const load = db.prepare(`SELECT value FROM state WHERE space = 'meta' AND key = 'journal'`)
  const save = db.prepare(`INSERT INTO state (space, key, value) VALUES ('meta', 'journal', ?) ON CONFLICT DO UPDATE SET value = excluded.value`)
  const saved = load.get()?.['value']
  /** Everything up to this row is thinned; and the bytes of the journal up to there. */
  let thinned = typeof saved === 'string' ? (JSON.parse(saved) as { through: number; bytes: number }) : { through: 0, bytes: 0 }

  /** The journal's oldest rows, while they are `due`. Was it the budget that ended it? */
  function removeOldestJournal(budget: () => boolean, due: () => boolean, gone: (row: Row, entries: number) => void): boolean {
    for (let row = next.get(0); row !== undefined && (row['id'] as number) <= thinned.through && due(); row = next.get(row['id']!)) {
      if (!budget()) return true
      thinned = { ...thinned, bytes: Math.max(0, thinned.bytes - ((row['others'] as Uint8Array | null)?.length ?? 0)) }
      removeRow.run(row['id']!)
      gone(row, row['events_n'] as number)
    }
    return false
  }

  /** Gives the entries that went. */
  function thin(row: Row): number {
    const id = row['id'] as number
    const total = (row['last'] as number) - (row['first'] as number) + 1
    const journal = journalOf(row)
    if (journal === null) {
      removeRow.run(id)
      thinned = { through: id, bytes: thinned.bytes }
      return total
    }
    const columns = { ...(row as unknown as RowColumns), min_ts: 0, max_ts: -1, readings_n: 0, events_n: journal.count, marks_n: 0, series: null, others: journal.blob, inbound: null, readings: null }
    thinRow.run(journal.count, checksum(columns), journal.blob, id)
    thinned = { through: id, bytes: thinned.bytes + journal.blob.length }
    return total - journal.count
  }

  function work(message: RetainMessage): Removed {
    const started = nowMs()
    const lastRow = (newest.get()!['id'] as number | null) ?? 0
    const dropped: DroppedRange[] = []
    let rows = 0
    let entries = 0
    let through = 0
    const gone = (row: Row, count: number): void => {
      entries += count
      through = Math.max(through, row['last'] as number)
      if ((row['last'] as number) > message.floor && count > 0) dropped.push({ first: row['first'] as number, last: row['last'] as number, entries: count })
    }
    const budget = (): boolean => rows++ < rowsPerStep && nowMs() - started < stepMs
    const tooLarge = (): boolean => usedBytes() > message.maxSizeBytes
    const journalTooLarge = (): boolean => thinned.bytes > message.maxSizeBytes * journalShare
    if (removeOldestJournal(budget, journalTooLarge, gone)) return { entries, through, dropped, more: true }
    for (;;) {
      const row = next.get(thinned.through)
      const id = row?.['id'] as number | undefined
      const full = tooLarge()
      if (row === undefined || id === undefined || id >= lastRow) {
        // Nothing but the journal is left to give room.
        const more = full && removeOldestJournal(budget, tooLarge, gone)
        return { entries, through, dropped, more }
      }
      const read = (row['last'] as number) <= message.floor
      const old = (row['wall'] as number) < message.olderThanMs && read
      if (!old && !full) return { entries, through, dropped, more: false }
      if (!budget()) return { entries, through, dropped, more: true }
      gone(row, thin(row))
    }
  }

  return {
    step(message) {
      const before = thinned
      db.exec('BEGIN IMMEDIATE')
      try {
        const removed = work(message)
        if (thinned !== before) {
          save.run(JSON.stringify(thinned))
          removeSpans.run(thinned.through)
          emptySpan.run(thinned.through)
        }
        db.exec('COMMIT')
        return removed
      } catch (error) {
        thinned = before
        if (db.isTransaction) db.exec('ROLLBACK')
        throw error
      }
    },
  }
}

/** What stays of a row, packed again; null: nothing, or it cannot be read. */
function journalOf(row: Row): { blob: Uint8Array; count: number } | null {
  if (row['events_n'] === 0 || row['others'] === null) return null
  try {
    const first = row['first'] as number
    const kept = othersOf({ first, others: unpack(row['others'] as Uint8Array) }).filter((other) => other.kind === 'event' && isJournal(other.value as CloudEvent))
    if (kept.length === 0) return null
    const text = `[${kept.map((other) => `[${other.position - first},${JSON.stringify(other.value)}]`).join(',\n')}]`
    return { blob: pack(Buffer.from(text), 3)!, count: kept.length }
  } catch {
    // A damaged row has nothing to keep; reading it was counted where it was read.
    return null
  }
}

function isJournal(event: CloudEvent): boolean {
  return event.type.startsWith('limen.') && !event.type.startsWith('limen.reading')
}
