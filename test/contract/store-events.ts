import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LogEntry, Store, StoreRecovery } from '../../gateway/kernel/contracts.ts'
import type { StoreSubject } from './store.ts'
import { eventOf, putSeries, readingOf, seriesOf, stored } from './store.ts'

/** How every Store reads its events, in both orders. */
export function storeEventsContract(name: string, create: () => Promise<StoreSubject>): void {
  describe(`a store: ${name}`, () => {
    let subject: StoreSubject
    let store: Store & StoreRecovery
    const a = seriesOf(1, 'bed-1', 'hr')

    beforeEach(async () => {
      subject = await create()
      store = subject.store
    })
    afterEach(() => subject.dispose())

    async function crash(): Promise<void> {
      subject = await subject.crash()
      store = subject.store
    }

    it('reads events from the newest down, page by page, whatever lies between them', async () => {
      putSeries(store, a)
      const positions: number[] = []
      expect(await store.readBack({ before: Infinity, limit: 5 })).toEqual({ entries: [], next: 0 })
      for (let i = 1; i <= 60; i++) {
        // Rows with many events, with one, and with none.
        if (i < 12 || i % 10 === 0) positions.push(store.appendEvent(eventOf(`e${i}`, { data: { i } })))
        else if (i % 7 === 0) store.appendMark({ kind: 'tick' })
        else store.appendReading(readingOf(a, i), 10)
        if (i % 6 === 0) await stored(store)
      }
      await stored(store)
      const expected = positions.toReversed()
      const all = async (limit: number, from = Infinity): Promise<number[]> => {
        const found: number[] = []
        for (let before = from; before > 0; ) {
          const { entries, next } = await store.readBack({ before, limit })
          expect(entries.length).toBeLessThanOrEqual(limit)
          expect(next).toBeLessThan(before)
          for (const entry of entries) {
            expect(entry).toEqual({ position: entry.position, kind: 'event', event: eventOf(`e${entry.position}`, { data: { i: entry.position } }) })
            expect(entry.position).toBeGreaterThanOrEqual(next)
            found.push(entry.position)
          }
          before = next
        }
        return found
      }
      const check = async (): Promise<void> => {
        for (const limit of [1, 2, 5, 7, 100]) expect(await all(limit)).toEqual(expected)
        expect(await all(3, 41)).toEqual(expected.filter((position) => position < 41))
        expect(await all(2, 8)).toEqual([7, 6, 5, 4, 3, 2, 1])
        expect(await all(2, 1)).toEqual([])
        expect((await store.readBack({ before: Infinity, limit: 2 })).entries.map(({ position }) => position)).toEqual([60, 50])
      }
      await check()
      store.appendReading(readingOf(a, 61), 10)
      await stored(store)
      await crash()
      await check()
    })

    it('reads events in the order of the log, page by page, whatever lies between them', async () => {
      putSeries(store, a)
      const positions: number[] = []
      expect(await store.readOn({ after: 0, limit: 5 })).toEqual({ entries: [], next: 0 })
      for (let i = 1; i <= 60; i++) {
        if (i < 12 || i % 10 === 0) positions.push(store.appendEvent(eventOf(`e${i}`, { data: { i } })))
        else if (i % 7 === 0) store.appendMark({ kind: 'tick' })
        else store.appendReading(readingOf(a, i), 10)
        if (i % 6 === 0) await stored(store)
      }
      await stored(store)
      const all = async (limit: number, from = 0): Promise<number[]> => {
        const found: number[] = []
        for (let after = from; ; ) {
          const { entries, next } = await store.readOn({ after, limit })
          expect(entries.length).toBeLessThanOrEqual(limit)
          for (const entry of entries) {
            expect(entry).toEqual({ position: entry.position, kind: 'event', event: eventOf(`e${entry.position}`, { data: { i: entry.position } }) })
            expect(entry.position).toBeLessThanOrEqual(next)
            found.push(entry.position)
          }
          if (next === after) return found
          expect(next).toBeGreaterThan(after)
          after = next
        }
      }
      const check = async (): Promise<void> => {
        for (const limit of [1, 2, 5, 7, 100]) expect(await all(limit)).toEqual(positions)
        expect(await all(3, 40)).toEqual([50, 60])
        expect(await all(2, 9)).toEqual(positions.filter((position) => position > 9))
        expect(await all(2, store.lastPosition())).toEqual([])
        expect((await store.readOn({ after: 0, limit: 100 })).next).toBe(store.lastPosition())
      }
      await check()
      store.appendReading(readingOf(a, 61), 10)
      await stored(store)
      await crash()
      await check()
    })

    it('passes over what was committed before a time, in both orders', async () => {
      putSeries(store, a)
      const commit = async (id: string): Promise<number> => {
        store.appendEvent(eventOf(id))
        await stored(store)
        return store.lastAlive()!.wallMs
      }
      const early = await commit('early')
      await commit('too')
      while ((await commit('filler')) <= early) continue
      const late = store.lastAlive()!.wallMs
      await commit('late')
      const idsOf = ({ entries }: { readonly entries: readonly LogEntry[] }) => entries.map((entry) => (entry.kind === 'event' ? entry.event.id : ''))
      // A page may be short where the reader was kept waiting.
      const back: string[] = []
      for (let before = Infinity; before > 0; ) {
        const page = await store.readBack({ before, limit: 1_000, committedSince: late })
        back.push(...idsOf(page))
        before = page.next
      }
      expect(back.at(0)).toBe('late')
      expect(back).not.toContain('early')
      const on: string[] = []
      for (let after = -1, next = 0; next !== after; ) {
        after = next
        const page = await store.readOn({ after, limit: 1_000, committedSince: late })
        on.push(...idsOf(page))
        next = page.next
      }
      expect(on).toEqual(back.toReversed())
      expect(await store.readBack({ before: Infinity, limit: 10, committedSince: Infinity })).toEqual({ entries: [], next: 0 })
      expect(await store.readOn({ after: 0, limit: 10, committedSince: Infinity })).toEqual({ entries: [], next: store.lastPosition() })
    })
  })
}
