import { closeSync, copyFileSync, existsSync, openSync, readSync, statSync, truncateSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Logger } from '../../gateway/kernel/log.ts'
import { silentLogger } from '../../gateway/kernel/log.ts'
import type { SqliteStore } from '../../gateway/store/store.ts'
import { createStore } from '../../gateway/store/store.ts'
import { eventOf, putSeries, readingOf, seriesOf, stored } from '../contract/store.ts'
import { tempDir } from '../support/temp-dir.ts'
import { openStore } from './open-store.ts'

const series = seriesOf(1)

/** 60 rows of 50 readings and an event, every reading carrying its position. */
async function written(directory: string, rows = 60): Promise<number> {
  const store = await openStore({ directory, tuning: { rowsPerSpan: 16 } })
  putSeries(store, series)
  let position = store.lastPosition()
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < 50; i++) position = store.appendReading(readingOf(series, position + 1, { ts: position + 1 }), 60)
    position = store.appendEvent(eventOf(String(position + 1)))
    store.urgent()
    await stored(store)
  }
  await store.stop()
  return position
}

async function readAll(store: SqliteStore): Promise<number[]> {
  const positions: number[] = []
  for (let after = 0; after < store.lastPosition(); ) {
    const { entries, next } = await store.read({ after, limit: 1000 })
    expect(next).toBeGreaterThan(after)
    after = next
    for (const entry of entries) {
      // What is read is what was written, or it is not read.
      if (entry.kind === 'reading') expect(entry.reading.value).toBe(entry.position)
      if (entry.kind === 'event') expect(entry.event.id).toBe(String(entry.position))
      positions.push(entry.position)
    }
  }
  return positions
}

function flip(path: string, offset: number, bit: number): void {
  const file = openSync(path, 'r+')
  const byte = Buffer.alloc(1)
  readSync(file, byte, 0, 1, offset)
  byte[0]! ^= 1 << bit
  writeSync(file, byte, 0, 1, offset)
  closeSync(file)
}

/** Deterministic: the same offsets every time. */
function* pseudoRandom(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    yield state / 2 ** 31
  }
}

describe('a damaged store', () => {
  it('passes over rows with a flipped bit, tells which and how many, and goes on', async () => {
    const directory = tempDir()
    const last = await written(directory)
    const database = join(directory, 'limen.db')
    // Into the text of rows: somewhere in the middle of the file, away from the inner pages at its beginning.
    const size = statSync(database).size
    for (const part of [0.5, 0.7]) flip(database, Math.floor(size * part) + 300, 3)
    const told: object[] = []
    const logger: Logger = { ...silentLogger, error: (details) => void told.push(details) }
    const store = await openStore({ directory }, { logger })
    const positions = await readAll(store)
    expect(positions.length).toBeLessThan(last)
    expect(positions.length).toBeGreaterThanOrEqual(last - 4 * 51)
    const damaged = [...store.metrics()].find((sample) => sample.name === 'limen_store_damaged_rows_total')!.value
    expect(damaged).toBeGreaterThan(0)
    expect(told).toContainEqual(expect.objectContaining({ damagedRows: damaged }))
    const known = await store.readings({ device: 'd1', limit: 1e6 })
    expect(known.every((reading) => reading.value === reading.position)).toBe(true)
    expect(known.length).toBeLessThanOrEqual(positions.length)
    expect(store.appendEvent(eventOf('on'))).toBe(last + 1)
    await stored(store)
  })

  it('neither crashes nor makes anything up wherever a bit flips', async () => {
    const clean = tempDir()
    const last = await written(clean, 30)
    const random = pseudoRandom(7)
    const size = statSync(join(clean, 'limen.db')).size
    const outcomes = { read: 0, refused: 0 }
    for (let round = 0; round < 30; round++) {
      const directory = tempDir()
      copyFileSync(join(clean, 'limen.db'), join(directory, 'limen.db'))
      flip(join(directory, 'limen.db'), Math.floor(random.next().value * size), Math.floor(random.next().value * 8))
      const store = createStore({ directory }, { onFatal: (error) => { throw error } })
      try {
        await store.start()
      } catch (error) {
        expect(error).toMatchObject({ code: 'STORE_FAILED', remedy: expect.any(String) })
        outcomes.refused++
        await store.stop()
        continue
      }
      const positions = await readAll(store).catch((error: unknown) => {
        // A whole table may be unreachable: said, not hidden.
        expect(error).toMatchObject({ code: 'STORE_FAILED' })
        return []
      })
      expect(new Set(positions).size).toBe(positions.length)
      expect(positions.every((position) => position <= last)).toBe(true)
      outcomes.read++
      await store.stop()
    }
    expect(outcomes.read).toBeGreaterThan(20)
  })

  it('comes back to the last whole commit wherever the write-ahead log is cut', async () => {
    const live = tempDir()
    const store = await openStore({ directory: live })
    putSeries(store, series)
    let last = 0
    const sizes: number[] = []
    for (let row = 0; row < 4; row++) {
      for (let i = 0; i < 50; i++) last = store.appendReading(readingOf(series, last + 1, { ts: last + 1 }), 60)
      store.appendEvent(eventOf(String(++last)))
      store.urgent()
      await stored(store)
      sizes.push(statSync(join(live, 'limen.db-wal')).size)
    }
    const [before, end] = [sizes.at(-2)!, sizes.at(-1)!]
    expect(end).toBeGreaterThan(before)
    for (let cut = before; cut <= end; cut += Math.max(1, Math.floor((end - before) / 12))) {
      const directory = tempDir()
      for (const name of ['limen.db', 'limen.db-wal']) if (existsSync(join(live, name))) copyFileSync(join(live, name), join(directory, name))
      truncateSync(join(directory, 'limen.db-wal'), cut)
      const cutStore = await openStore({ directory })
      const positions = await readAll(cutStore)
      const expected = cut === end ? last : last - 51
      expect(positions).toEqual(Array.from({ length: expected }, (_, i) => i + 1))
      expect(cutStore.appendEvent(eventOf(String(expected + 1)))).toBe(expected + 1)
      await stored(cutStore)
      await cutStore.stop()
    }
  })
})

