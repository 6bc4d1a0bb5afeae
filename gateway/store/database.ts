import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { LimenError } from '../kernel/errors.ts'
import type { Failure } from './protocol.ts'

/** What was measured and chosen stands in docs/decisions/store-layout.md. */
export interface StoreTuning {
  readonly pageSize: number
  /** The write-ahead log is moved into the file when it has about so many bytes. */
  readonly walBytes: number
  readonly zstdLevel: number
  /** Log rows under one summary of times and series. */
  readonly rowsPerSpan: number
  readonly autoVacuum: 'none' | 'incremental'
  /** A ceiling for the file that no commit may pass, for partitions shared with others; Infinity: as large as the disk. */
  readonly maxFileBytes: number
}

export const defaultTuning: StoreTuning = {
  pageSize: 1024, walBytes: 2 * 1024 * 1024, zstdLevel: 1, rowsPerSpan: 256, autoVacuum: 'none', maxFileBytes: Infinity,
}

/** Raised by one with every change that an older version could not read. */
export const schemaVersion = 1

export const databaseFile = 'limen.db'
export const lockFile = 'limen.lock'

/** How long a statement waits for another process (a backup, an export) that holds the file. */
const busyTimeoutMs = 5_000

/**
 * Finds the rows that hold events, in both orders, and when they were committed. A row without costs it nothing: it is not in it.
 * (`log_events` was there before; it did not know the time.)
 */
const eventIndex = 'CREATE INDEX IF NOT EXISTS log_journal ON log (first, events_n, wall) WHERE events_n > 0'

/**
 * `log`: one row a batch; the blobs come last so that a scan of the columns before them reads no overflow pages,
 * and `readings`, the largest, is the very last. `crc` covers all of the row but itself.
 * `span`: which times and series a stretch of rows holds, so that a query skips it as a whole.
 */
const schema = `
  CREATE TABLE log (
    id INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL,
    wall INTEGER NOT NULL, mono REAL NOT NULL, base INTEGER NOT NULL,
    min_ts INTEGER NOT NULL, max_ts INTEGER NOT NULL,
    readings_n INTEGER NOT NULL, events_n INTEGER NOT NULL, marks_n INTEGER NOT NULL, crc INTEGER NOT NULL,
    series BLOB, others BLOB, inbound BLOB, readings BLOB);
  ${eventIndex};
  CREATE TABLE span (id INTEGER PRIMARY KEY, last_id INTEGER NOT NULL, min_ts INTEGER NOT NULL, max_ts INTEGER NOT NULL, series BLOB NOT NULL);
  CREATE TABLE state (space TEXT NOT NULL, key TEXT NOT NULL, value NOT NULL, PRIMARY KEY (space, key)) WITHOUT ROWID;
`

/** Opens (and at first makes) the database for the one writer. Throws LimenError STORE_FAILED, or what SQLite says. */
export function openForWriting(directory: string, tuning: StoreTuning): DatabaseSync {
  const db = new DatabaseSync(join(directory, databaseFile), { timeout: busyTimeoutMs })
  try {
    // Both only take effect in a file that is still empty.
    db.exec(`PRAGMA page_size = ${tuning.pageSize}`)
    if (tuning.autoVacuum === 'incremental') db.exec('PRAGMA auto_vacuum = INCREMENTAL')
    db.exec('PRAGMA journal_mode = WAL')
    db.exec('PRAGMA synchronous = FULL')
    const pageSize = db.prepare('PRAGMA page_size').get()!['page_size'] as number
    // The worker does it itself, after the answer; this is the net under it.
    db.exec(`PRAGMA wal_autocheckpoint = ${Math.ceil((4 * tuning.walBytes) / pageSize)}`)
    db.exec('PRAGMA temp_store = MEMORY')
    if (tuning.maxFileBytes < Infinity) db.exec(`PRAGMA max_page_count = ${Math.floor(tuning.maxFileBytes / pageSize)}`)
    const known = db.prepare(`SELECT count(*) AS n FROM sqlite_schema WHERE name = 'state'`).get()!['n'] as number
    if (known === 0) {
      db.exec(`BEGIN IMMEDIATE; ${schema}; INSERT INTO state VALUES ('meta', 'schema', '${schemaVersion}'); COMMIT`)
    }
    checkVersion(db)
    proveWritable(db)
    indexEvents(db)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** For a database made before there was the index: once, and some seconds for a large one. A full disk is no reason not to start. */
function indexEvents(db: DatabaseSync): void {
  try {
    db.exec(eventIndex)
    db.exec('DROP INDEX IF EXISTS log_events')
  } catch (error) {
    if (failureOf(error).kind !== 'full') throw error
  }
}

/** SQLite opens what it may not write for reading, without a word (BEGIN IMMEDIATE too): only a write tells, even one that changes nothing. */
export function proveWritable(db: DatabaseSync): void {
  db.exec('BEGIN')
  try {
    db.exec(`UPDATE state SET value = value WHERE space = 'meta' AND key = 'none'`)
  } finally {
    db.exec('ROLLBACK')
  }
}

/** A connection that writes nothing, also while a gateway runs and after it was killed. */
export function openForReading(directory: string): DatabaseSync {
  const path = join(directory, databaseFile)
  if (!existsSync(path)) {
    throw new LimenError('NOT_FOUND', `There is no ${path}.`, { remedy: 'Name the configuration whose `data` is the directory of a gateway that has run.' })
  }
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(path, { readOnly: true, timeout: busyTimeoutMs })
    checkVersion(db)
    return db
  } catch (error) {
    db?.close()
    if (error instanceof LimenError) throw error
    throw new LimenError('STORE_FAILED', `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`, {
      remedy: 'Run it as the user the gateway runs as: beside the database a reader needs its -wal and -shm files. If the file is damaged, restore a backup.',
      cause: error,
    })
  }
}

function checkVersion(db: DatabaseSync): void {
  const row = db.prepare(`SELECT value FROM state WHERE space = 'meta' AND key = 'schema'`).get()
  const version = Number(row?.['value'])
  if (version === schemaVersion) return
  throw new LimenError('STORE_FAILED', `The data directory was written by a version of Limen this one does not know (format ${String(row?.['value'])}).`, {
    remedy: 'Start the version of Limen that wrote it, or restore a backup made by this version.',
  })
}

/** Holds the data directory against a second gateway until the process ends, however it ends. */
export function lockDirectory(directory: string): DatabaseSync {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const db = new DatabaseSync(join(directory, lockFile))
  try {
    // The operating system holds this lock: kill -9 frees it.
    db.exec('BEGIN EXCLUSIVE')
    return db
  } catch (error) {
    db.close()
    if (sqliteCode(error) !== sqliteBusy) throw error
    throw new LimenError('STORE_LOCKED', `Another gateway is running on ${directory}.`, {
      remedy: 'Stop it, or give this one a data directory of its own (--data DIR).',
      cause: error,
    })
  }
}

const sqliteBusy = 5
const sqliteIoError = 10
const sqliteFull = 13
/** The shared-memory index could not grow: a full disk, said differently. */
const sqliteIoErrorShmSize = 10 | (19 << 8)

/** SQLite's extended result code, or undefined for another kind of error. */
function sqliteCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode
  return typeof code === 'number' ? code : undefined
}

/** What a failed commit means for those who wait for it. */
export function failureOf(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof LimenError) return { kind: error.code === 'STORE_LOCKED' ? 'locked' : 'failed', code: error.code, message, remedy: error.remedy }
  const code = sqliteCode(error)
  if (code === undefined) return { kind: 'failed', code: 'UNKNOWN', message }
  const name = `SQLITE ${code & 0xff}/${code}`
  if ((code & 0xff) === sqliteFull || code === sqliteIoErrorShmSize) return { kind: 'full', code: name, message }
  // After a failed fsync nobody knows what is on disk: trying again would promise what may not hold.
  if ((code & 0xff) === sqliteIoError) return { kind: 'fatal', code: name, message }
  return { kind: 'failed', code: name, message }
}
