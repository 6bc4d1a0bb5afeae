import type { DatabaseSync } from 'node:sqlite'

/**
 * Moves the write-ahead log into the file, outside of any commit: SQLite's own automatic checkpoint would run inside
 * the commit that happens to reach the limit, and its waiters would pay for it.
 */
export interface Checkpointer {
  /** So many bytes were handed to a commit. */
  wrote(bytes: number): void
  /** Runs a checkpoint if enough was written since the last. */
  runIfDue(): void
}

/** Frames of a commit besides those its bytes fill: a leaf cut in two places, the free list, an inner page now and then. */
const framesBesides = 2

export function createCheckpointer(db: DatabaseSync, walBytes: number): Checkpointer {
  const pageSize = db.prepare('PRAGMA page_size').get()!['page_size'] as number
  const checkpoint = db.prepare('PRAGMA wal_checkpoint(PASSIVE)')
  const limit = Math.ceil(walBytes / pageSize)
  let frames = 0
  return {
    wrote(bytes) {
      frames += Math.ceil(bytes / pageSize) + framesBesides
    },
    runIfDue() {
      if (frames < limit) return
      const { log, checkpointed } = checkpoint.get() as { log: number; checkpointed: number }
      // A reader may hold some of it back: those frames come with the next.
      frames = Math.max(0, log - checkpointed)
    },
  }
}
