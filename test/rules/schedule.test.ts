import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Schedule } from '../../gateway/kernel/rule.ts'
import { isOpen, nextChange } from '../../gateway/rules/schedule.ts'
import { rulesOf } from '../support/timeline.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const names = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

const schedule = (written: string): Schedule => rulesOf(`- { id: r, on: { metric: m }, when: { above: 1 }, while: ${written} }`)[0]!.schedule!
const at = (iso: string): number => Date.parse(iso)
const openings = (given: Schedule, from: string, to: string): string[] => {
  const found: string[] = []
  for (let time = at(from); ; ) {
    time = nextChange(given, time)
    if (time > at(to)) return found
    found.push(`${new Date(time).toISOString().slice(0, 16)}Z ${isOpen(given, time) ? 'opens' : 'closes'}`)
  }
}

/** What a clock on the wall shows, asked of the calendar in another way. */
const parts = new Map<string, Intl.DateTimeFormat>()
function wall(tz: string, wallMs: number): { weekday: number; minutes: number } {
  if (!parts.has(tz)) parts.set(tz, new Intl.DateTimeFormat('en-GB', { timeZone: tz, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }))
  const shown = parts.get(tz)!.format(wallMs)
  const [, weekday, hours, minutes] = /^(\w{3}),? (\d\d):(\d\d)$/.exec(shown)!
  return { weekday: names.indexOf(weekday!), minutes: Number(hours) * 60 + Number(minutes) }
}
function isOpenByHand({ fromMin, toMin, days, tz }: Schedule, wallMs: number): boolean {
  const { weekday, minutes } = wall(tz, wallMs)
  const wanted = (someDay: number): boolean => days.length === 0 || days.includes(someDay)
  if (toMin > fromMin) return wanted(weekday) && minutes >= fromMin && minutes < toMin
  return (wanted(weekday) && minutes >= fromMin) || (wanted((weekday + 6) % 7) && minutes < toMin)
}

/** Days on which clocks are set, and some on which they are not; Lord Howe by half an hour, Apia left out the 30th of December 2011. */
const trouble = [
  ['Europe/London', '2026-03-28T12:00Z'], ['Europe/London', '2026-10-24T12:00Z'], ['America/New_York', '2026-03-07T12:00Z'], ['America/New_York', '2026-10-31T12:00Z'],
  ['Australia/Lord_Howe', '2026-04-03T12:00Z'], ['Australia/Lord_Howe', '2026-10-02T12:00Z'], ['Asia/Kathmandu', '2026-06-01T00:00Z'], ['Africa/Cairo', '2026-04-23T12:00Z'],
  ['America/Santiago', '2026-09-05T12:00Z'], ['Pacific/Apia', '2011-12-29T00:00Z'], ['UTC', '1970-01-01T00:00Z'], ['Antarctica/Troll', '2026-03-28T00:00Z'],
] as const

const schedules = (tz: string): fc.Arbitrary<Schedule> =>
  fc.record({
    fromMin: fc.oneof(fc.integer({ min: 0, max: 1439 }), fc.integer({ min: 0, max: 47 }).map((half) => half * 30)),
    toMin: fc.oneof(fc.integer({ min: 0, max: 1440 }), fc.integer({ min: 0, max: 48 }).map((half) => half * 30)),
    days: fc.subarray([0, 1, 2, 3, 4, 5, 6]),
    tz: fc.constant(tz),
  })

describe('a schedule', () => {
  it('is read as it is written', () => {
    expect(schedule('{ from: "08:00", to: "20:00", days: [tue, mon], tz: Europe/London }')).toEqual({ fromMin: 480, toMin: 1200, days: [1, 2], tz: 'Europe/London' })
    expect(schedule('{ from: 22:30, to: 6:00 }')).toEqual({ fromMin: 1350, toMin: 360, days: [], tz: 'UTC' })
    expect(schedule('{ days: [sat, sun] }')).toEqual({ fromMin: 0, toMin: 1440, days: [0, 6], tz: 'UTC' })
    expect(schedule('{ from: "18:00", to: "24:00", days: [mon, tue, wed, thu, fri, sat, sun] }')).toEqual({ fromMin: 1080, toMin: 1440, days: [], tz: 'UTC' })
    expect(rulesOf('- { id: r, on: { metric: m }, when: { above: 1 }, while: {} }')[0]!.schedule).toBeUndefined()
  })

  it('is open from the first moment of `from` to the last before `to`', () => {
    const given = schedule('{ from: "08:00", to: "20:00" }')
    expect(['07:59:59.999', '08:00:00.000', '19:59:59.999', '20:00:00.000'].map((time) => isOpen(given, at(`2026-05-05T${time}Z`)))).toEqual([false, true, true, false])
    expect(nextChange(given, at('2026-05-05T07:59:59.999Z'))).toBe(at('2026-05-05T08:00Z'))
    expect(nextChange(given, at('2026-05-05T08:00Z'))).toBe(at('2026-05-05T20:00Z'))
    expect(nextChange(given, at('2026-05-05T08:00Z') - 0.25)).toBe(at('2026-05-05T08:00Z'))
  })

  it('counts over midnight the day on which it began', () => {
    // 2026-11-27 is a Friday.
    expect(openings(schedule('{ from: "22:00", to: "06:00", days: [fri] }'), '2026-11-26T12:00Z', '2026-12-05T12:00Z')).toEqual(['2026-11-27T22:00Z opens', '2026-11-28T06:00Z closes', '2026-12-04T22:00Z opens', '2026-12-05T06:00Z closes'])
    expect(openings(schedule('{ from: "22:00", to: "00:00", days: [fri] }'), '2026-11-27T12:00Z', '2026-12-01T12:00Z')).toEqual(['2026-11-27T22:00Z opens', '2026-11-28T00:00Z closes'])
  })

  it('lasts 24 hours where from and to are the same', () => {
    expect(openings(schedule('{ from: "09:00", to: "09:00", days: [sat, sun] }'), '2026-11-26T12:00Z', '2026-12-01T12:00Z')).toEqual(['2026-11-28T09:00Z opens', '2026-11-30T09:00Z closes'])
    expect(nextChange(schedule('{ from: "09:00", to: "09:00" }'), 0)).toBe(Infinity)
    expect(nextChange(schedule('{ from: "00:00", to: "24:00", tz: Europe/London }'), 0)).toBe(Infinity)
    expect(isOpen(schedule('{ from: "09:00", to: "09:00" }'), 0)).toBe(true)
  })

  it('follows the clock of its zone, summer and winter', () => {
    const given = schedule('{ from: "08:00", to: "20:00", tz: Europe/London }')
    expect(openings(given, '2026-01-05T00:00Z', '2026-01-05T23:00Z')).toEqual(['2026-01-05T08:00Z opens', '2026-01-05T20:00Z closes'])
    expect(openings(given, '2026-07-05T00:00Z', '2026-07-05T23:00Z')).toEqual(['2026-07-05T07:00Z opens', '2026-07-05T19:00Z closes'])
  })

  it('opens when a clock is put forward over `from`, and not at all within the missing hour', () => {
    // London goes from 01:00 to 02:00 on 29 March 2026, at 01:00 UTC.
    expect(openings(schedule('{ from: "01:30", to: "05:00", tz: Europe/London }'), '2026-03-29T00:00Z', '2026-03-29T12:00Z')).toEqual(['2026-03-29T01:00Z opens', '2026-03-29T04:00Z closes'])
    expect(openings(schedule('{ from: "00:30", to: "01:30", tz: Europe/London }'), '2026-03-29T00:00Z', '2026-03-29T12:00Z')).toEqual(['2026-03-29T00:30Z opens', '2026-03-29T01:00Z closes'])
    expect(openings(schedule('{ from: "01:10", to: "01:50", tz: Europe/London }'), '2026-03-29T00:00Z', '2026-03-29T12:00Z')).toEqual([])
  })

  it('is open both times where an hour comes twice', () => {
    // London goes from 02:00 back to 01:00 on 25 October 2026, at 01:00 UTC.
    expect(openings(schedule('{ from: "01:10", to: "01:50", tz: Europe/London }'), '2026-10-24T23:30Z', '2026-10-25T12:00Z')).toEqual(['2026-10-25T00:10Z opens', '2026-10-25T00:50Z closes', '2026-10-25T01:10Z opens', '2026-10-25T01:50Z closes'])
    expect(openings(schedule('{ from: "01:30", to: "08:00", tz: Europe/London }'), '2026-10-24T23:30Z', '2026-10-25T12:00Z')).toEqual(['2026-10-25T00:30Z opens', '2026-10-25T01:00Z closes', '2026-10-25T01:30Z opens', '2026-10-25T08:00Z closes'])
    expect(openings(schedule('{ from: "22:00", to: "06:00", tz: Europe/London }'), '2026-10-24T12:00Z', '2026-10-25T12:00Z')).toEqual(['2026-10-24T21:00Z opens', '2026-10-25T06:00Z closes'])
  })

  it('is open exactly when a clock on the wall says so, minute by minute', () => {
    for (const [tz, from] of trouble) {
      fc.assert(fc.property(schedules(tz), (given) => {
        const wrong: string[] = []
        for (let time = at(from); time < at(from) + 2 * day; time += 7 * minute) if (isOpen(given, time) !== isOpenByHand(given, time)) wrong.push(new Date(time).toISOString())
        expect(wrong).toEqual([])
      }), { numRuns: 6 })
    }
  })

  it('changes next at the first moment that is otherwise', () => {
    for (const [tz, from] of trouble) {
      fc.assert(fc.property(schedules(tz), fc.integer({ min: 0, max: 2 * day }), (given, later) => {
        const now = at(from) + later
        const next = nextChange(given, now)
        // All zones here are set at full minutes, so that between two of them nothing happens.
        const open = isOpenByHand(given, now)
        const limit = Math.min(next, now + 2.5 * day)
        const before: string[] = []
        for (let time = Math.ceil((now + 1) / minute) * minute; time < limit; time += minute) if (isOpenByHand(given, time) !== open) before.push(new Date(time).toISOString())
        expect(before).toEqual([])
        expect(next).toBeGreaterThan(now)
        if (next < Infinity) expect([isOpenByHand(given, next - 1), isOpenByHand(given, next)]).toEqual([open, !open])
      }), { numRuns: 5 })
    }
  })

  it('finds its next change even where a week lacks the day, and never where there is none', () => {
    expect(openings(schedule('{ days: [fri], tz: Pacific/Apia }'), '2011-12-26T00:00Z', '2012-01-08T00:00Z')).toEqual(['2012-01-05T10:00Z opens', '2012-01-06T10:00Z closes'])
    for (const days of ['[mon]', '[mon, tue, wed, thu, fri, sat]']) expect(nextChange(schedule(`{ days: ${days} }`), 0)).toBeLessThan(7 * day)
  })

  it.each([0, -1e15, 1e15, 8.64e15, 1e20, -1e20, 1e24, -1e24])('answers at any time a clock may be set to: %s', (wallMs) => {
    const given = schedule('{ from: "08:00", to: "20:00", tz: Europe/London }')
    expect(typeof isOpen(given, wallMs)).toBe('boolean')
    expect(nextChange(given, wallMs)).toBeGreaterThan(wallMs)
  })
})
