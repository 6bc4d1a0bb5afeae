import type { Cancel, Clock } from '../kernel/clock.ts'
import type { StoreReader, StoreWriter } from '../kernel/contracts.ts'
import { asError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/log.ts'
import type { StoredReading } from '../kernel/reading.ts'
import type { Books } from './books.ts'

/** A reading that InfluxDB refused for good. */
export interface RefusedReading {
  /** As it was sent; `resend` takes it. */
  readonly line: string
  readonly reading: StoredReading
  /** Status and the server's words. */
  readonly answer: string
}

export interface CursorDeps {
  readonly store: StoreReader & StoreWriter
  readonly clock: Clock
  readonly logger: Logger
  /** Makes a dead letter of it, in the store's current batch (the cursor moves in the same one). May be called again if that batch fails. */
  readonly onRefused: (refused: RefusedReading) => void
}

export interface Cursor {
  /** Fills the books from the row. True: there was one. */
  load(): Promise<boolean>
  /** The books changed: the row is written within `saveEveryMs`, together with whatever changes until then. */
  touch(): void
  /** Writes the row, and what was refused, into the store's current batch. */
  save(refused?: readonly RefusedReading[]): void
  /** Everything up to here has found its end, and that is on disk. */
  durablePosition(): number
  /** Writes the row for the last time. */
  close(): void
}

const space = 'cursor'
const key = 'influx'

/** The books' place in the store. A row a batch of 5,000 would wear a card for nothing: sending again does no harm. */
export function createCursor(books: Books, saveEveryMs: number, { store, clock, logger, onRefused }: CursorDeps): Cursor {
  let cancel: Cancel | undefined
  let durable = 0
  let closed = false
  /** Refused and not yet handed over in a batch that is on disk. */
  let pending: readonly RefusedReading[] = []

  function touch(): void {
    if (!closed) cancel ??= clock.after(saveEveryMs, () => save())
  }

  function save(refused: readonly RefusedReading[] = []): void {
    cancel?.()
    cancel = undefined
    const handed = [...pending, ...refused]
    pending = handed
    const position = books.position()
    try {
      // First, for it may throw: the row must not pass what is not yet a dead letter.
      for (const one of handed) onRefused(one)
      store.put(space, key, books.serialise())
      pending = []
      store.onDisk((error) => {
        if (error === null) {
          durable = position
          return
        }
        pending = [...handed, ...pending]
        touch()
      })
    } catch (thrown) {
      logger.error({ error: asError(thrown).message }, 'The cursor of InfluxDB could not be written; it will be tried again')
      touch()
    }
  }

  return {
    async load() {
      const row = await store.get(space, key)
      books.load(typeof row === 'string' ? row : undefined, store.firstPosition())
      if (row !== undefined) durable = books.position()
      return row !== undefined
    },
    touch,
    save,
    durablePosition: () => durable,
    close() {
      closed = true
      save()
    },
  }
}
