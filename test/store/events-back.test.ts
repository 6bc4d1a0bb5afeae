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

async function inOrder(directory: string, limit: number): Promise<string[]> {
  const store = await openStore({ directory })
  const ids: string[] = []
  for (let after = -1, next = 0; next > after; ) {
    after = next
    const page = await store.readOn({ after, limit })
    for (const entry of page.entries) if (entry.kind === 'event') ids.push(entry.event.id)
    next = page.next
  }
  await store.stop()
  return ids
}

async function newestFirst(directory: string, limit = 100): Promise<string[]> {
  const store = await openStore({ directory })
  const ids: string[] = []
  for (let before = Infinity; before > 0; ) {
    const page = await store.readBack({ before, limit })
    for (const entry of page.entries) if (entry.kind === 'event') ids.push(entry.event.id)
    before = page.next
  }
  await store.stop()
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
      plan: ['first < ? ORDER BY first DESC', 'first >= ? ORDER BY first'].flatMap((end) => db.prepare(`EXPLAIN QUERY PLAN SELECT id, first, events_n, wall FROM log WHERE events_n > 0 AND ${end}`).all(100).map((row) => String(row['detail']))),
      sorted: db.prepare('SELECT count(*) AS n FROM log INDEXED BY log_journal WHERE events_n > 0').get()!['n'],
    }))
    expect(plan).toEqual([expect.stringContaining('USING COVERING INDEX log_journal'), expect.stringContaining('USING COVERING INDEX log_journal')])
    expect(sorted).toBe(4)
  })

  it('are found in a database that was made before there was the index', async () => {
    const directory = await written()
    const indexes = () => inDatabase(directory, (db) => db.prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'log'").all().map((row) => row['name']))
    inDatabase(directory, (db) => db.exec('DROP INDEX log_journal; CREATE INDEX log_events ON log (first, events_n) WHERE events_n > 0'))
    expect(await newestFirst(directory)).toEqual(all)
    expect(indexes()).toEqual(['log_journal'])
  })

  it('pass over a damaged row', async () => {
    const directory = await written()
    inDatabase(directory, (db) => db.exec("UPDATE log SET others = x'5b5d' WHERE id = (SELECT id FROM log WHERE events_n > 0 ORDER BY id LIMIT 1 OFFSET 2)"))
    expect(await newestFirst(directory, 1)).toEqual(all.filter((id) => !id.startsWith('30')))
    expect(await inOrder(directory, 1)).toEqual(all.filter((id) => !id.startsWith('30')).toReversed())
  })
})
