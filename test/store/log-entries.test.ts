import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LogEntry } from '../../gateway/kernel/contracts.ts'
import { openLogFile } from '../../gateway/store/log-file.ts'
import type { EntryQuery } from '../../gateway/store/log-entries.ts'
import type { WrittenLog } from '../support/written-log.ts'
import { logStartMs, writeLog } from '../support/written-log.ts'

type Query = EntryQuery & { readonly upTo?: number }

function read(dir: string, query: Query = {}): { entries: LogEntry[]; next: number; damaged: number } {
  const log = openLogFile(dir)
  try {
    const entries: LogEntry[] = []
    let next = query.after ?? 0
    for (const page of log.entries(query)) {
      entries.push(...page.entries.map((entry) => (entry.kind === 'event' ? { ...entry, event: entry.event } : entry)))
      expect(page.next).toBeGreaterThanOrEqual(next)
      next = page.next
    }
    return { entries, next, damaged: log.damagedRows() }
  } finally {
    log.close()
  }
}

/** Messages of several devices and metrics, marks, events, commits in between. */
function fill(log: WrittenLog, steps: readonly { readonly what: 'message' | 'mark' | 'event' | 'commit'; readonly device: number; readonly metrics: number; readonly long: boolean }[]): void {
  for (const [s, { what, device, metrics, long }] of steps.entries()) {
    if (what === 'message') log.message(s, `d${device}`, Object.fromEntries(['a', 'b', 'c'].slice(0, metrics).map((metric) => [metric, long ? `${'x'.repeat(200)}"\n,1]` : s])))
    else if (what === 'mark') log.mark(s, { kind: 'presence', device: `d${device}`, online: true })
    else if (what === 'event') log.heard(s, 'door.opened', { device: `d${device}` })
    else log.commit(s)
  }
  log.commit(steps.length)
  log.close()
}

const steps = fc.array(fc.record({ what: fc.constantFrom('message' as const, 'message' as const, 'message' as const, 'mark' as const, 'event' as const, 'commit' as const), device: fc.integer({ min: 0, max: 3 }), metrics: fc.integer({ min: 1, max: 3 }), long: fc.boolean() }), { minLength: 1, maxLength: 60 })

describe('entries of the log', () => {
  it('that are asked for by series are those of the whole log, each first of its message as such', () => {
    fc.assert(fc.property(steps, fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 30 }), (of, rowsPerSpan, about) => {
      const log = writeLog({ rowsPerSpan })
      fill(log, of)
      // Nobody enters the log in the middle of a message.
      const inMiddle = new Set(read(log.dir).entries.flatMap((entry) => (entry.kind === 'reading' && entry.reading.joined === true ? [entry.position] : [])))
      let after = about
      while (inMiddle.has(after + 1)) after--
      const whole = read(log.dir, { after })
      const wanted = ({ device, metric }: { device: string; metric: string }): boolean => device === 'd1' && metric !== 'a'
      const some = read(log.dir, { after, series: wanted })
      const expected: LogEntry[] = []
      let begun = false
      for (const entry of whole.entries) {
        if (entry.kind !== 'reading') {
          expected.push(entry)
          continue
        }
        const { joined, ...reading } = entry.reading
        if (joined !== true) begun = false
        if (!wanted(reading)) continue
        expected.push({ ...entry, reading: begun ? { ...reading, joined: true } : reading })
        begun = true
      }
      expect(some.entries).toEqual(expected)
      expect(some.next).toBe(whole.next)
      expect(read(log.dir, { after, series: wanted, events: false }).entries).toEqual(expected.filter(({ kind }) => kind !== 'event'))
      expect(read(log.dir, { after, series: () => false, events: false }).entries).toEqual(whole.entries.filter(({ kind }) => kind === 'mark'))
    }), { numRuns: 40 })
  })

  it('end at a position, in the middle of a row too', () => {
    const log = writeLog()
    for (let s = 0; s < 5; s++) log.message(s, 'd', { a: s, b: s })
    log.commit(5)
    log.close()
    for (const query of [{ upTo: 7 }, { upTo: 7, series: () => true, events: false }]) {
      expect(read(log.dir, { ...query, after: 3 }).entries.map(({ position }) => position)).toEqual([4, 5, 6, 7])
      expect(read(log.dir, query).next).toBe(7)
    }
  })

  it('go past a damaged row, which is told once', () => {
    const log = writeLog()
    for (let s = 0; s < 20; s++) {
      log.message(s, `d${s % 2}`, { a: 'y'.repeat(300), b: s })
      log.commit(s)
    }
    log.close()
    const db = new DatabaseSync(join(log.dir, 'limen.db'))
    db.exec(`UPDATE log SET readings = x'28b52ffd0000' WHERE id = 7`)
    db.exec(`UPDATE log SET readings = x'5b5b5d' WHERE id = 9`)
    db.close()
    for (const query of [{}, { series: ({ device }: { device: string }) => device === 'd0' }]) {
      const { entries, damaged, next } = read(log.dir, query)
      expect(next).toBe(40)
      expect(damaged).toBe(2)
      expect(entries.map(({ position }) => position)).not.toEqual(expect.arrayContaining([13]))
      expect(entries.length).toBe(query.series === undefined ? 36 : 16)
    }
  })
})

describe('places in the log', () => {
  it('are found by wall time, with the times of the commit before', () => {
    const log = writeLog()
    for (let s = 0; s < 10; s++) {
      log.message(s, 'd', { a: s })
      log.commit(s + 0.5)
    }
    log.close()
    const file = openLogFile(log.dir)
    expect(file.placeAt(log.wall(4), 'first')).toEqual({ position: 4, at: 3_500, wallMs: log.wall(3.5) })
    expect(file.placeAt(log.wall(4.5), 'last')).toEqual({ position: 4, at: 3_500, wallMs: log.wall(3.5) })
    expect(file.placeAt(log.wall(99), 'last')).toEqual({ position: 10, at: 9_500, wallMs: log.wall(9.5) })
    // Before all: as long before the first commit as its reading waited for it.
    expect(file.placeAt(0, 'first')).toEqual({ position: 0, at: 0, wallMs: logStartMs })
    expect([file.positionAt(log.wall(4), 'first'), file.positionAt(log.wall(4), 'last')]).toEqual([4, 4])
    expect(file.beginning()).toEqual({ position: 0, at: 0, wallMs: logStartMs, isWhole: true })
    file.close()
  })

  it('are not missed where a clock was wrong for a while', () => {
    const log = writeLog()
    for (let s = 0; s < 40; s++) {
      log.message(s, 'd', { a: s })
      // Booted at 20 with the time of long ago, for three seconds.
      log.commit(s, s >= 20 && s < 23 ? { wallS: s - 10_000 } : {})
    }
    log.close()
    const file = openLogFile(log.dir)
    expect(file.placeAt(log.wall(10), 'first').position).toBeLessThanOrEqual(10)
    expect(file.placeAt(log.wall(10), 'last').position).toBeGreaterThanOrEqual(10)
    file.close()
  })

  it('say what retention left', () => {
    const log = writeLog()
    for (let s = 0; s < 10; s++) {
      log.message(s, 'd', { a: s })
      log.commit(s)
    }
    log.thin(6)
    log.close()
    const file = openLogFile(log.dir)
    expect(file.beginning()).toMatchObject({ position: 6, wallMs: log.wall(6), isWhole: false })
    expect(read(log.dir).entries.map(({ position }) => position)).toEqual([7, 8, 9, 10])
    file.close()
  })
})
