import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CsvProblem, readCsv } from '../../devices-sim/csv.ts'
import { createReplay } from '../../devices-sim/replay.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createRecordingLink } from '../support/recording-link.ts'

const cases = join(import.meta.dirname, '../cases/simulate-csv')

async function* linesOf(text: string): AsyncGenerator<string> {
  yield* text.split('\n')
}

async function rowsOf(text: string, metric?: string): Promise<unknown[]> {
  return Array.fromAsync(readCsv(linesOf(text), { file: 'x.csv', metric }))
}

async function fileRows(name: string, metric?: string): Promise<{ timeMs: number; values: object }[]> {
  const file = await open(join(cases, name))
  try {
    return await Array.fromAsync(readCsv(file.readLines(), { file: name, metric }))
  } finally {
    await file.close()
  }
}

describe('a CSV', () => {
  it('with a column hour gives hours, and leaves empty cells out', async () => {
    expect((await fileRows('patient.csv')).map(({ timeMs, values }) => [timeMs / 3_600_000, { ...values }])).toEqual([
      [0, {}],
      [1, { heart_rate: 84, spo2: 95 }],
      [1.5, { heart_rate: 86.5, 'note, free': 'said "fine"' }],
      [2, { heart_rate: 91, spo2: 97, 'note, free': 'asleep' }],
    ])
  })

  it('with ISO times takes those without zone as UTC, and a column value as the metric asked for', async () => {
    expect((await fileRows('machine.csv', 'temperature')).map(({ timeMs, values }) => [new Date(timeMs).toISOString(), { ...values }])).toEqual([
      ['2026-03-01T10:00:00.000Z', { temperature: 20.5 }],
      ['2026-03-01T10:00:30.000Z', { temperature: 21 }],
      ['2026-03-01T10:01:00.000Z', { temperature: 10 }],
      ['2026-03-01T10:00:45.000Z', { temperature: true }],
    ])
  })

  it('with numbers gives milliseconds', async () => {
    expect(await rowsOf('t,a\n1700000000123,1\n')).toMatchObject([{ timeMs: 1_700_000_000_123, line: 2 }])
  })

  it.each([
    ['', /^x\.csv: empty/],
    ['hour\n1', /^x\.csv:1: one column/],
    ['hour,a,\n1,2,3', /^x\.csv:1: column 3 has no name/],
    ['hour,a,a\n1,2,3', /two columns are named "a"/],
    ['hour,a\n1,2\n3', /^x\.csv:3: 1 cells, but the header has 2/],
    ['time,a\nsoon,2', /^x\.csv:2: "soon" is no time; write ISO 8601/],
    ['time,a\n2026-02-30T10:00+05:30,2', /^x\.csv:2: "2026-02-30T10:00\+05:30" is no time/],
    ['hour,a\n2026-01-01,2', /^x\.csv:2: .*a column "hour" holds numbers/],
    ['hour,a\n1,"2', /^x\.csv:2: a quotation mark/],
  ])('%j is refused with its place', async (text, words) => {
    await expect(rowsOf(text)).rejects.toThrow(words)
  })

  it('with a column value and no metric is a mistake of the command line', async () => {
    await expect(rowsOf('t,value\n1,2')).rejects.toSatisfy((error) => error instanceof CsvProblem && error.fault === 'arguments')
  })
})

describe('a replay', () => {
  const options = { device: 'd', keepTime: false, metric: undefined, speed: 3_600 }

  it('sends one message a row at the pace of its times, and nothing for an empty row', async () => {
    const clock = createFakeClock()
    const link = createRecordingLink(clock)
    const replay = createReplay(readCsv(linesOf('hour,a,b\n0,1,\n1,,\n2,3,4\n'), { file: 'x.csv', metric: undefined }), options, { clock, link, tell: () => undefined })
    const done = replay.run()
    const start = clock.wall()
    for (let i = 0; i < 30; i++) await clock.advance(100)
    expect(await done).toEqual({ rows: 2 })
    expect(link.published.map(({ topic, payload, atMs }) => [topic, JSON.parse(payload), Math.round((atMs - start) / 100) / 10])).toEqual([
      ['devices/d', { a: 1, ts: start, seq: 2 }, 0],
      ['devices/d', { a: 3, b: 4, ts: start + 2_000, seq: 4 }, 2],
    ])
  })

  it('sends a row that lies before the one above it at once, and original times if asked', async () => {
    const clock = createFakeClock()
    const link = createRecordingLink(clock)
    const rows = readCsv(linesOf('t,value\n1000,1\n5000,2\n3000,3\n'), { file: 'x.csv', metric: 'm' })
    const replay = createReplay(rows, { device: 'd', metric: 'm', keepTime: true, speed: 1_000 }, { clock, link, tell: () => undefined })
    const done = replay.run()
    for (let i = 0; i < 10; i++) await clock.advance(1)
    expect(await done).toEqual({ rows: 3 })
    expect(link.published.map(({ topic, payload }) => [topic, (JSON.parse(payload) as { ts: number }).ts])).toEqual([
      ['devices/d/m', 1_000], ['devices/d/m', 5_000], ['devices/d/m', 3_000],
    ])
  })

  it('waits while the gateway is away, and ends at once when told to', async () => {
    const clock = createFakeClock()
    const link = createRecordingLink(clock)
    link.setUp(false)
    const replay = createReplay(readCsv(linesOf('t,a\n1,1\n2,2\n'), { file: 'x.csv', metric: undefined }), options, { clock, link, tell: () => undefined })
    const done = replay.run()
    await clock.advance(60_000)
    expect(link.published).toEqual([])
    link.setUp(true)
    await clock.advance(100)
    expect(link.published).toHaveLength(2)
    replay.stop()
    expect(await done).toEqual({ rows: 2 })
  })
})
