import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { databaseFile } from '../../gateway/store/database.ts'
import { eventOf, putSeries, readingOf, seriesOf, stored } from '../contract/store.ts'
import { tempDir } from '../support/temp-dir.ts'
import { openStore } from './open-store.ts'

const series = seriesOf(1)

/** 40 rows, every tenth with two events. */
async function written(): Promise<string> {
  const directory = tempDir()
  const store = await openStore({ directory })
  putSeries(store, series)
  for (let row = 1; row <= 40; row++) {
    store.appendReading(readingOf(series, row), 60)
    if (row % 10 === 0) for (const name of ['a', 'b']) store.appendEvent(eventOf(`${row}${name}`))
    store.urgent()
    await stored(store)
  }
  await store.stop()
  return directory
}

async function newestFirst(directory: string, limit = 100): Promise<string[]> {
  const store = await openStore({ directory })
  const ids: string[] = []
  for (let before = Infinity; before > 0; ) {
    const page = await store.readBack({ before, limit })
    for (const entry of page.entries) if (entry.kind === 'event') ids.push(entry.event.id)
    before = page.next
  }
  return ids
}

function inDatabase<T>(directory: string, work: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(join(directory, databaseFile))
  try {
    return work(db)
  } finally {
    db.close()
  }
}

const all = ['40b', '40a', '30b', '30a', '20b', '20a', '10b', '10a']

describe('events, newest first', () => {
  it('are found by an index that rows without events are not in', async () => {
    const directory = await written()
    expect(await newestFirst(directory, 3)).toEqual(all)
    const { plan, sorted } = inDatabase(directory, (db) => ({
      plan: db.prepare('EXPLAIN QUERY PLAN SELECT id, first, events_n FROM log WHERE events_n > 0 AND first < ? ORDER BY first DESC LIMIT 1').all(100).map((row) => String(row['detail'])),
      sorted: db.prepare('SELECT count(*) AS n FROM log INDEXED BY log_events WHERE events_n > 0').get()!['n'],
    }))
    expect(plan).toEqual([expect.stringContaining('USING COVERING INDEX log_events')])
    expect(sorted).toBe(4)
  })

  it('are found in a database that was made before there was the index', async () => {
    const directory = await written()
    inDatabase(directory, (db) => db.exec('DROP INDEX log_events'))
    expect(await newestFirst(directory)).toEqual(all)
    expect(inDatabase(directory, (db) => db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'log_events'").get()!['n'])).toBe(1)
  })

  it('pass over a damaged row', async () => {
    const directory = await written()
    inDatabase(directory, (db) => db.exec("UPDATE log SET others = x'5b5d' WHERE id = (SELECT id FROM log WHERE events_n > 0 ORDER BY id LIMIT 1 OFFSET 2)"))
    expect(await newestFirst(directory, 1)).toEqual(all.filter((id) => !id.startsWith('30')))
  })
})
