import { onTestFinished } from 'vitest'
import type { SqliteStore, StoreDeps, StoreOptions } from '../../gateway/store/store.ts'
import { createStore } from '../../gateway/store/store.ts'

/** A started store, stopped when the test has ended. A fatal error fails the test unless it is expected. */
export async function openStore(options: StoreOptions, deps: Partial<StoreDeps> = {}): Promise<SqliteStore> {
  const store = createStore({ commitWindowMs: 5, ...options }, { onFatal: (error) => { throw error }, ...deps })
  onTestFinished(() => store.stop())
  await store.start()
  return store
}
