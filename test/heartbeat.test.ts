import { describe, expect, it } from 'vitest'
import { readLastAlive, writeHeartbeat } from '../gateway/heartbeat.ts'
import { createMemoryStore } from './support/memory-store.ts'

describe('the last sign of life', () => {
  it('is none before anything was committed', async () => {
    expect(await readLastAlive(createMemoryStore())).toBeNull()
  })

  it.each([[5_000, 4_000, 5_000], [4_000, 5_000, 5_000]])('is the later of heartbeat (%d) and last commit (%d)', async (beat, commit, alive) => {
    const store = createMemoryStore()
    writeHeartbeat(store, { at: beat, wallMs: 100 + beat })
    await store.commit()
    const lastAlive = () => ({ monotonicMs: commit, wallMs: 100 + commit })
    expect(await readLastAlive({ get: (space, key) => store.get(space, key), lastAlive })).toEqual({ at: alive, wallMs: 100 + alive })
  })
})
