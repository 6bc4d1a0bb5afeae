import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createStore } from '../../gateway/store/store.ts'
import type { StoreSubject } from '../contract/store.ts'
import { storeContract } from '../contract/store.ts'
import { storeEventsContract } from '../contract/store-events.ts'
import type { MemoryStore } from '../support/memory-store.ts'
import { createMemoryStore } from '../support/memory-store.ts'

async function inMemory(): Promise<StoreSubject> {
  const subject = (store: MemoryStore): StoreSubject => ({ store, crash: async () => subject(store.crash()), dispose: () => store.stop() })
  return subject(createMemoryStore({ auto: true }))
}

async function inSqlite(): Promise<StoreSubject> {
  const directory = await mkdtemp(join(tmpdir(), 'limen-store-'))
  async function open(): Promise<StoreSubject> {
    const store = createStore({ directory, commitWindowMs: 5 }, { onFatal: (error) => { throw error } })
    await store.start()
    return {
      store,
      async crash() {
        // What was left open is committed here; the real thing is kill.test.ts.
        await store.stop()
        return open()
      },
      async dispose() {
        await store.stop()
        await rm(directory, { recursive: true })
      },
    }
  }
  return open()
}

for (const contract of [storeContract, storeEventsContract]) {
  contract('in memory', inMemory)
  contract('SQLite', inSqlite)
}
