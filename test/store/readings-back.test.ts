import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { databaseFile } from '../../gateway/store/database.ts'
import { putSeries, readingOf, seriesOf, stored } from '../contract/store.ts'
import { tempDir } from '../support/temp-dir.ts'
import { openStore } from './open-store.ts'

describe('readings, newest first', () => {
  it('are found over spans of rows that hold others, and past a damaged row', async () => {
    const directory = tempDir()
    const rare = seriesOf(1, 'rare')
    const filling = await openStore({ directory, tuning: { rowsPerSpan: 8 } })
    for (const series of [rare, seriesOf(2)]) putSeries(filling, series)
    const expected: number[] = []
    for (let row = 0; row < 200; row++) {
      for (let i = 0; i < 5; i++) {
        const isRare = i === 2 && (row < 3 || row % 50 === 40)
        const position = filling.appendReading(readingOf(isRare ? rare : seriesOf(2), row, { ts: row }), 60)
        if (isRare) expected.unshift(position)
      }
      filling.urgent()
      await stored(filling)
    }
    await filling.stop()

    const store = await openStore({ directory })
    const positions = async (more: object) => (await store.readings({ device: 'rare', order: 'desc', limit: 100, ...more })).map(({ position }) => position)
    expect(expected).toHaveLength(7)
    expect(await positions({})).toEqual(expected)
    expect(await positions({ limit: 2 })).toEqual(expected.slice(0, 2))
    expect(await positions({ before: expected[2] })).toEqual(expected.slice(3))
    expect(await positions({ before: 1 })).toEqual([])
    expect(await positions({ from: 1, to: 141 })).toEqual(expected.filter((position) => position > 5 && position <= 141 * 5))
    await store.stop()

    const db = new DatabaseSync(join(directory, databaseFile))
    db.exec('UPDATE log SET crc = crc + 1 WHERE first <= 703 AND last >= 703')
    db.close()
    const damaged = await openStore({ directory })
    const left = await damaged.readings({ device: 'rare', order: 'desc', limit: 100 })
    expect(left.map(({ position }) => position)).toEqual(expected.filter((position) => position !== 703))
  })
})
