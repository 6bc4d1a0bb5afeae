import { statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { LogEntry, RetentionPin } from '../../gateway/kernel/contracts.ts'
import type { SqliteStore } from '../../gateway/store/store.ts'
import { eventOf, putSeries, readingOf, seriesOf, stored } from '../contract/store.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { tempDir } from '../support/temp-dir.ts'
import { openStore } from './open-store.ts'

const series = seriesOf(1)
const hour = 3_600_000

async function batch(store: SqliteStore, readings: number): Promise<void> {
  for (let i = 0; i < readings; i++) store.appendReading(readingOf(series, Math.random(), { ts: 1_000 + i }), 60)
  store.urgent()
  await stored(store)
}

async function entries(store: SqliteStore): Promise<LogEntry[]> {
  const found: LogEntry[] = []
  for (let after = 0; ; ) {
    const page = await store.read({ after, limit: 10_000 })
    if (page.next === after) return found
    found.push(...page.entries)
    after = page.next
  }
}

const positions = async (store: SqliteStore): Promise<number[]> => (await entries(store)).map((entry) => entry.position)

const counted = (store: SqliteStore, name: string): number => [...store.metrics()].find((sample) => sample.name === name)!.value

/** Lets the fake clock come to the next step and the worker answer it. */
async function steps(store: SqliteStore, clock: ReturnType<typeof createFakeClock>, done: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !done(); i++) {
    await clock.advance(10_000)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  expect(done()).toBe(true)
  void store
}

function pinAt(name: string, position: number): RetentionPin & { at: number; lost: number; through: number } {
  const pin = {
    name, at: position, lost: 0, through: 0, position: () => pin.at,
    dropped(count: number, through: number) {
      pin.lost += count
      pin.through = through
    },
  }
  return pin
}

describe('retention', () => {
  it('removes readings, marks and foreign events past their age, and keeps the journal where it stood', async () => {
    const clock = createFakeClock()
    const directory = tempDir()
    const store = await openStore({ directory, retention: { readingsMaxAgeMs: hour } }, { clock })
    putSeries(store, series)
    store.appendReading(readingOf(series, 1), 60)
    store.appendEvent(eventOf('alarm', { type: 'limen.alarm.raised' }))
    store.appendMark({ kind: 'tick' })
    store.appendEvent(eventOf('door', { type: 'door.opened' }))
    store.appendEvent(eventOf('rejected', { type: 'limen.reading.rejected' }))
    store.appendReading(readingOf(series, 2), 60)
    store.appendEvent(eventOf('command', { type: 'limen.command.done' }))
    store.urgent()
    await stored(store)
    await batch(store, 5)
    await clock.advance(hour / 2)
    await batch(store, 3)
    await clock.advance(hour / 2)
    await steps(store, clock, () => counted(store, 'limen_store_retention_removed_total') === 10)
    await store.stop()

    const again = await openStore({ directory, retention: { readingsMaxAgeMs: hour } }, { clock })
    expect(again.firstPosition()).toBe(1)
    expect(await positions(again)).toEqual([2, 7, 13, 14, 15])
    expect((await again.read({ after: 0, limit: 10, kinds: ['event'] })).entries.map((entry) => entry.kind === 'event' && entry.event.id)).toEqual(['alarm', 'command'])
    expect((await again.readings({ device: 'd1', limit: 10 })).map((reading) => reading.position)).toEqual([13, 14, 15])
    expect(again.appendEvent(eventOf('next'))).toBe(16)
    expect(counted(again, 'limen_store_damaged_rows_total')).toBe(0)
  })

  it('keeps what a pin has not passed, however old', async () => {
    const clock = createFakeClock()
    const store = await openStore({ directory: tempDir(), retention: { readingsMaxAgeMs: hour } }, { clock })
    const pin = pinAt('influx', 4)
    store.pin(pin)
    putSeries(store, series)
    for (let i = 0; i < 4; i++) await batch(store, 2)
    await clock.advance(2 * hour)
    await steps(store, clock, () => counted(store, 'limen_store_retention_removed_total') === 4)
    await clock.advance(60_000)
    expect(store.firstPosition()).toBe(5)
    pin.at = 6
    await steps(store, clock, () => store.firstPosition() === 7)
    expect(pin.lost).toBe(0)
  })

  it('does not let the file grow beyond its size, whoever still wants to read, and counts that', async () => {
    const clock = createFakeClock()
    const directory = tempDir()
    const maxSizeBytes = 300 * 1024
    const store = await openStore({ directory, retention: { maxSizeBytes } }, { clock })
    const pin = pinAt('influx', 0)
    const idle = pinAt('passed', Infinity)
    store.pin(pin)
    store.pin(idle)
    putSeries(store, series)
    for (let i = 0; i < 150; i++) {
      await batch(store, 500)
      await clock.advance(20)
    }
    await steps(store, clock, () => store.health().sizeBytes <= maxSizeBytes)
    const removed = counted(store, 'limen_store_retention_removed_total')
    expect(removed).toBeGreaterThan(30_000)
    expect(counted(store, 'limen_store_retention_dropped_total')).toBe(removed)
    expect(pin.lost).toBe(removed)
    expect(pin.through).toBe(removed)
    expect(idle.lost).toBe(0)
    expect(store.firstPosition()).toBe(removed + 1)
    const kept = await positions(store)
    expect(kept).toEqual(Array.from({ length: 75_000 - removed }, (_, i) => removed + 1 + i))
    await store.stop()
    // The file keeps its greatest size; a step is asked for with the commit that passes the limit.
    expect(statSync(join(directory, 'limen.db')).size).toBeLessThan(maxSizeBytes * 1.5)
  })

  it('gives up the oldest of the journal when the journal alone is too large', async () => {
    const clock = createFakeClock()
    const maxSizeBytes = 200 * 1024
    const store = await openStore({ directory: tempDir(), retention: { maxSizeBytes } }, { clock })
    for (let i = 0; i < 100; i++) {
      for (let j = 0; j < 10; j++) store.appendEvent(eventOf(`${i}-${j}`, { data: { noise: Array.from({ length: 50 }, () => Math.random()) } }))
      store.urgent()
      await stored(store)
      await clock.advance(20)
    }
    await steps(store, clock, () => store.health().sizeBytes <= maxSizeBytes)
    const ids = (await entries(store)).map((entry) => entry.kind === 'event' && entry.event.id)
    expect(ids.length).toBeGreaterThan(50)
    expect(ids.at(-1)).toBe('99-9')
    expect(ids).toEqual(Array.from({ length: 1000 }, (_, i) => `${Math.floor(i / 10)}-${i % 10}`).slice(-ids.length))
  })

  it('removes nothing by age in the hour after the wall clock jumped ahead', async () => {
    const clock = createFakeClock()
    const store = await openStore({ directory: tempDir(), retention: { readingsMaxAgeMs: 30 * 24 * hour } }, { clock })
    putSeries(store, series)
    await batch(store, 5)
    await batch(store, 5)
    await clock.advance(10_000)
    clock.stepWall(365 * 24 * hour)
    for (let i = 0; i < 20; i++) {
      await clock.advance(60_000)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    expect(store.firstPosition()).toBe(1)
    clock.stepWall(-365 * 24 * hour)
    // Minute by minute: it looks at the clock again only when the thread has answered what it was asked before.
    for (let i = 0; i < 120; i++) {
      await clock.advance(60_000)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    expect(counted(store, 'limen_store_retention_removed_total')).toBe(0)

    clock.stepWall(365 * 24 * hour)
    await steps(store, clock, () => store.firstPosition() === 6)
    expect(clock.monotonic()).toBeGreaterThan(3 * hour)
  })

  it('removes nothing by age in the hour after a start more than a day after the last commit, whatever time goes on over restarts', async () => {
    const clock = createFakeClock()
    const directory = tempDir()
    let lastingMs = 40 * 24 * hour
    const deps = { clock, lastingMs: () => lastingMs }
    const options = { directory, retention: { readingsMaxAgeMs: 30 * 24 * hour } }
    const before = await openStore(options, deps)
    putSeries(before, series)
    await batch(before, 5)
    await batch(before, 5)
    await before.stop()
    expect(before.lastAlive()?.monotonicMs).toBe(40 * 24 * hour)

    clock.stepWall(365 * 24 * hour)
    // As at every start: it begins at 0 and is then put on by what the store remembers.
    lastingMs = 0
    const store = await openStore(options, deps)
    lastingMs = store.lastAlive()!.monotonicMs
    for (let i = 0; i < 20; i++) {
      await clock.advance(60_000)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    expect(store.firstPosition()).toBe(1)
    await steps(store, clock, () => store.firstPosition() === 6)
  })
})
