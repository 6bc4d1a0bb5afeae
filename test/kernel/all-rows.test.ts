import { describe, expect, it } from 'vitest'
import { allRows, eachRow } from '../../gateway/kernel/all-rows.ts'
import { createMemoryStore } from '../support/memory-store.ts'

describe('all rows of a space', () => {
  it.each([0, 1, 4_999, 5_000, 5_001, 10_000])('come once each, in the order of keys: %d of them', async (count) => {
    const store = createMemoryStore()
    for (let i = 0; i < count; i++) store.put('series', String(i).padStart(6, '0'), String(i))
    store.put('device', 'other', 'x')
    await store.commit()
    const found = await Array.fromAsync(allRows(store, 'series'))
    expect(found.map(([, value]) => value)).toEqual(Array.from({ length: count }, (_, i) => String(i)))
    const visited: string[] = []
    await eachRow(store, 'series', (key, value) => void visited.push(`${key} ${String(value)}`))
    expect(visited).toEqual(found.map(([key, value]) => `${key} ${String(value)}`))
  })

  it('fail with the store, whichever page it is; who has had enough hears of no failure', async () => {
    const page = (after: string | undefined): [string, string][] => Array.from({ length: 5_000 }, (_, i) => [`${after ?? ''}${String(i).padStart(6, '0')}`, 'x'])
    let pages = 0
    const failing = { list: async (_: string, { after }: { after?: string } = {}) => (++pages < 3 ? page(after) : Promise.reject(new Error('disk'))) }
    await expect(eachRow(failing, 'series', () => {})).rejects.toThrow('disk')
    pages = 1
    for await (const row of allRows(failing, 'series')) {
      expect(row[1]).toBe('x')
      break
    }
  })
})
