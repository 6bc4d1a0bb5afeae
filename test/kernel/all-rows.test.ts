import { describe, expect, it } from 'vitest'
import { allRows } from '../../gateway/kernel/all-rows.ts'
import { createMemoryStore } from '../support/memory-store.ts'

describe('all rows of a space', () => {
  it.each([0, 1, 4_999, 5_000, 5_001, 10_000])('come once each, in the order of keys: %d of them', async (count) => {
    const store = createMemoryStore()
    for (let i = 0; i < count; i++) store.put('series', String(i).padStart(6, '0'), String(i))
    store.put('device', 'other', 'x')
    await store.commit()
    const found = await Array.fromAsync(allRows(store, 'series'))
    expect(found.map(([, value]) => value)).toEqual(Array.from({ length: count }, (_, i) => String(i)))
  })
})
