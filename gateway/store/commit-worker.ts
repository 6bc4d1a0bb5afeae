/** The one thread that writes. It answers every message in order; nothing else of the process touches the database for writing. */
import type { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { createCheckpointer } from './checkpoint.ts'
import type { StoreTuning } from './database.ts'
import { failureOf, lockDirectory, openForWriting } from './database.ts'
import { createLogWriter } from './log-writer.ts'
import type { Failure, FromCommitWorker, ToCommitWorker } from './protocol.ts'
import { createRetention } from './retention.ts'
import { createRowSource } from './row-source.ts'

export interface CommitWorkerData { readonly directory: string; readonly tuning: StoreTuning }

/** Overhead of a row and of a state entry besides their bytes. */
const rowBytes = 100
const changeBytes = 20

function run(answer: (message: FromCommitWorker) => void, listen: (take: (message: ToCommitWorker) => void) => void): void {
  const { directory, tuning } = workerData as CommitWorkerData
  const lock = lockDirectory(directory)
  const db = openForWriting(directory, tuning)
  const writer = createLogWriter(db, tuning)
  const checkpointer = createCheckpointer(db, tuning.walBytes)
  const pageSize = db.prepare('PRAGMA page_size').get()!['page_size'] as number
  const pageCount = db.prepare('PRAGMA page_count')
  const freePages = db.prepare('PRAGMA freelist_count')
  const usedBytes = (): number => ((pageCount.get()!['page_count'] as number) - (freePages.get()!['freelist_count'] as number)) * pageSize
  const retention = createRetention({ db, usedBytes, nowMs: () => performance.now() })
  const oldest = db.prepare('SELECT first FROM log WHERE last >= first ORDER BY id LIMIT 1')
  const firstPosition = (): number => (oldest.get()?.['first'] as number | undefined) ?? 0

  answer({ kind: 'ready', firstPosition: firstPosition(), ...endOfLog(db), sizeBytes: usedBytes() })

  function commit(batch: Extract<ToCommitWorker, { kind: 'commit' }>): void {
    const began = performance.now()
    try {
      const storedBytes = writer.write(batch)
      answer({ kind: 'committed', seconds: (performance.now() - began) / 1000, storedBytes, sizeBytes: usedBytes() })
      checkpointer.wrote(rowBytes + storedBytes + batch.changes.reduce((sum, part) => sum + (part?.length ?? 0) + changeBytes, 0))
    } catch (error) {
      answer({ kind: 'not-committed', failure: failureOf(error) })
    }
  }

  function retain(message: Extract<ToCommitWorker, { kind: 'retain' }>): void {
    try {
      const { entries, through, dropped, more } = retention.step(message)
      answer({ kind: 'retained', removedEntries: entries, through, dropped, firstPosition: firstPosition(), sizeBytes: usedBytes(), more })
    } catch (error) {
      answer({ kind: 'not-retained', failure: failureOf(error) })
    }
  }

  listen((message) => {
    switch (message.kind) {
      case 'commit':
        commit(message)
        break
      case 'retain':
        retain(message)
        break
      case 'stop':
        db.close()
        lock.close()
        return answer({ kind: 'stopped' })
    }
    try {
      checkpointer.runIfDue()
    } catch (error) {
      answer({ kind: 'trouble', failure: failureOf(error) })
    }
  })
}

/**
 * Where the log ends. If the newest row is damaged its positions are not known for certain,
 * so that numbering goes on far behind them: a gap, but never a position twice.
 */
function endOfLog(db: DatabaseSync): Pick<Extract<FromCommitWorker, { kind: 'ready' }>, 'lastPosition' | 'lastAlive' | 'damagedRows'> {
  const rows = createRowSource(db)
  let damagedRows = 0
  for (let id = rows.lastId(); id > 0; id = rows.idBefore(id)) {
    const row = rows.whole(id)
    if (row === null) damagedRows++
    else return { lastPosition: row.last + damagedRows * gapPerDamagedRow, lastAlive: { wallMs: row.wall, monotonicMs: row.mono }, damagedRows }
  }
  return { lastPosition: damagedRows * gapPerDamagedRow, lastAlive: null, damagedRows }
}

/** Why the directory cannot be opened, with what to do about it. */
function refusal(error: unknown, directory: string): Failure {
  const failure = failureOf(error)
  if (failure.remedy !== undefined) return failure
  const damaged = /^SQLITE (?:11|26)\//.test(failure.code)
  return {
    ...failure,
    kind: 'failed',
    message: `The store in ${directory} cannot be opened: ${failure.message}`,
    remedy: damaged
      ? `The database is damaged: restore a backup, or move ${directory} away to start with an empty one.`
      : `See that the directory ${directory} exists or can be made, that it is not mounted read-only and this user may write in it, and that the disk has room.`,
  }
}

const gapPerDamagedRow = 1_000_000

const port = parentPort
if (port !== null) {
  const answer = (message: FromCommitWorker): void => port.postMessage(message)
  try {
    run(answer, (take) => port.on('message', (message: ToCommitWorker) => {
      take(message)
      if (message.kind === 'stop') port.close()
    }))
  } catch (error) {
    answer({ kind: 'refused', failure: refusal(error, (workerData as CommitWorkerData).directory) })
    port.close()
  }
}
