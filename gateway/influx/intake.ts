import { setImmediate as nextTurn } from 'node:timers/promises'
import type { StoreReader } from '../kernel/contracts.ts'
import type { Backlog } from './backlog.ts'
import type { Books } from './books.ts'

export interface IntakeOptions {
  readonly pageEntries: number
  /** Ends the counting. */
  readonly signal: AbortSignal
  /** Called whenever the log grew. */
  readonly onGrown: () => void
  /** Counting in the background failed; `counted` will try again. */
  readonly onFailed: (error: unknown) => void
}

export interface Intake {
  /** From now on the books follow the log. */
  follow(): void
  unfollow(): void
  /** Resolves when the books know of everything the log was seen to hold. */
  counted(): Promise<void>
}

/** Keeps the books level with the log: how far it goes, and how many readings that is. */
export function createIntake(store: StoreReader, parts: { books: Books; backlog: Backlog }, options: IntakeOptions): Intake {
  const { books, backlog } = parts
  let seen = 0
  let counting: Promise<void> | undefined
  let end: (() => void) | undefined

  function grown(last: number, readings: number | undefined): void {
    if (readings !== undefined && books.live().to === seen) books.extend(last, readings)
    seen = last
    backlog.committed(last)
    if (books.live().to < seen) counted().catch(options.onFailed)
    options.onGrown()
  }

  function counted(): Promise<void> {
    if (books.live().to >= seen) return Promise.resolve()
    return (counting ??= count())
  }

  /** What no commit was seen to bring: at start, and where the store does not say how many there are. */
  async function count(): Promise<void> {
    try {
      while (books.live().to < seen && !options.signal.aborted) {
        const after = books.live().to
        const page = await store.read({ after, limit: Math.min(options.pageEntries, seen - after), kinds: ['reading'] })
        // Nothing there: that part of the log is gone.
        const next = page.next === after ? seen : Math.min(page.next, seen)
        books.extend(next, page.entries.filter(({ position }) => position <= next).length)
        await nextTurn()
      }
    } finally {
      counting = undefined
    }
  }

  return {
    follow() {
      end = store.follow(grown)
      seen = store.lastPosition()
      backlog.begin(seen)
    },
    unfollow() {
      end?.()
    },
    counted,
  }
}
