import { allRows, eachRow } from '../kernel/all-rows.ts'
import type { Clock } from '../kernel/clock.ts'
import type { StoreReader, StoreWriter } from '../kernel/contracts.ts'
import type { Counters } from './counters.ts'

/** The broker's spaces of the store. */
export type Space = 'retained' | 'session' | 'subscription' | 'queue' | 'incoming' | 'will'

/** Writes the broker's rows. */
export interface Rows {
  /** `applied` is called once it is on disk, or with why it is not (then nothing of this synchronous run's batch holds). */
  put(space: Space, key: string, value: string | Uint8Array): void
  /** Gone in any case: if the commit fails, it is deleted again with a later one. For what memory has forgotten already. */
  remove(space: Space, key: string): void
  /** Deletes in this batch only; the caller undoes on failure. */
  delete(space: Space, key: string): void
  onDisk(callback: (error: Error | null) => void): void
  /** Somebody waits for this batch. */
  urgent(): void
  /** Every row of a space, in the order of keys. */
  all(space: Space): AsyncIterable<readonly [string, string | Uint8Array]>
  /** The same for a space that may be large: `visit` for every row. */
  each(space: Space, visit: (key: string, value: string | Uint8Array) => void): Promise<void>
  /** Deletions that failed and wait for their next try. */
  owing(): number
}

const retryMs = 1_000

export function createRows(deps: { store: StoreWriter & Pick<StoreReader, 'list'>; clock: Clock; counters: Counters }): Rows {
  const { store, clock, counters } = deps
  /** Bounded by the rows there are. */
  let failed = new Map<string, [Space, string]>()

  function remove(space: Space, key: string): void {
    store.delete(space, key)
    store.onDisk((error) => {
      if (error === null) return
      counters.add('failures', 'row-deletion')
      if (failed.size === 0) clock.after(retryMs, retry)
      failed.set(`${space}/${key}`, [space, key])
    })
  }

  function retry(): void {
    const now = failed
    failed = new Map()
    for (const [space, key] of now.values()) remove(space, key)
  }

  return {
    put(space, key, value) {
      // What is written anew must not be deleted by an old debt.
      if (failed.size > 0) failed.delete(`${space}/${key}`)
      store.put(space, key, value)
    },
    delete: (space, key) => store.delete(space, key),
    remove,
    onDisk: (callback) => store.onDisk(callback),
    urgent: () => store.urgent(),
    all: (space) => allRows(store, space),
    each: (space, visit) => eachRow(store, space, visit),
    owing: () => failed.size,
  }
}
