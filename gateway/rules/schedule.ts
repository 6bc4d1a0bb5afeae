/**
 * Schedules (`while`). A gate is open at every moment at which a clock on a wall of its zone shows a time in `[from, to)`. So where
 * a clock is put forward over `from`, the gate opens at that moment, and a window that lies within the missing hour does not come;
 * where an hour comes twice, the gate is open both times.
 */
import type { Schedule } from '../kernel/rule.ts'

const minuteMs = 60_000
const dayMs = 86_400_000
const minutesADay = 1440
const earliestMs = -1e13
const latestMs = 8.63e15

export function isOpen(schedule: Schedule, wallMs: number): boolean {
  return isOpenAt(schedule, wallMs + offsetOf(schedule.tz, wallMs))
}

/** The first moment after `wallMs` at which `isOpen` says otherwise; Infinity: never. */
export function nextChange(schedule: Schedule, wallMs: number): number {
  if (isAlways(schedule)) return Infinity
  const { fromMin, toMin, tz } = schedule
  const open = isOpen(schedule, wallMs)
  // A week holds every combination; a zone may leave out a day, and then it is two.
  const latest = wallMs + 15 * dayMs
  for (let at = wallMs; at < latest; ) {
    const offset = offsetOf(tz, at)
    // Where the clock shows `from` or `to` next, if nobody sets it until then.
    const next = Math.min(nextTime(at + offset, fromMin), nextTime(at + offset, toMin % minutesADay)) - offset
    // So far out a double holds no days.
    if (!(next > at)) return Infinity
    at = offsetOf(tz, next) === offset ? next : clockSet(tz, at, next)
    if (isOpen(schedule, at) !== open) return at
  }
  return Infinity
}

export function isZone(tz: string): boolean {
  try {
    return zoneOf(tz).clock instanceof Intl.DateTimeFormat
  } catch {
    // A RangeError: there is none of that name.
    return false
  }
}

/** `localMs`: what the clock shows, as if it were UTC. */
function isOpenAt({ fromMin, toMin, days }: Schedule, localMs: number): boolean {
  const day = Math.floor(localMs / dayMs)
  const minute = (localMs - day * dayMs) / minuteMs
  // The first of January 1970 was a Thursday.
  const on = (someDay: number): boolean => days.length === 0 || days.includes((((someDay + 4) % 7) + 7) % 7)
  if (fromMin < toMin) return minute >= fromMin && minute < toMin && on(day)
  return minute >= fromMin ? on(day) : minute < toMin && on(day - 1)
}

function isAlways({ fromMin, toMin, days }: Schedule): boolean {
  return (days.length === 0 || new Set(days).size === 7) && (fromMin === toMin || toMin - fromMin === minutesADay)
}

/** The first time after `localMs` that is so many minutes after a midnight. */
function nextTime(localMs: number, minutes: number): number {
  const today = Math.floor(localMs / dayMs) * dayMs + minutes * minuteMs
  return today > localMs ? today : today + dayMs
}

/** The moment in (after, until] from which on the zone has another offset than at `after`. */
function clockSet(tz: string, after: number, until: number): number {
  const before = offsetOf(tz, after)
  let [low, high] = [Math.floor(after), Math.ceil(until)]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offsetOf(tz, middle) === before) low = middle
    else high = middle
  }
  return high
}

interface Zone {
  readonly clock: Intl.DateTimeFormat
  /** From `since` to `until` the offset is known. */
  since: number
  until: number
  offset: number
}

/** Remembered answers, which depend on the name and the moment alone: the calendar takes its time, and thousands of rules ask the same. */
const zones = new Map<string, Zone>()
/** A zone may be written in any mixture of great and small letters, and each is 50 KB. */
const mostZones = 500

/** How far the zone's clock is ahead of UTC, in ms. No zone sets its clock and sets it back within a day. */
function offsetOf(tz: string, wallMs: number): number {
  if (tz === 'UTC') return 0
  const zone = zoneOf(tz)
  if (wallMs >= zone.since && wallMs <= zone.until) return zone.offset
  const offset = read(zone.clock, wallMs)
  const near = wallMs >= zone.since - dayMs && wallMs <= zone.until + dayMs
  zone.since = near && offset === zone.offset ? Math.min(zone.since, wallMs) : wallMs
  zone.until = near && offset === zone.offset ? Math.max(zone.until, wallMs) : wallMs
  zone.offset = offset
  return offset
}

/** Throws a RangeError where there is no such zone. */
function zoneOf(tz: string): Zone {
  let zone = zones.get(tz)
  if (zone === undefined) {
    const clock = new Intl.DateTimeFormat('en-US', { timeZone: tz, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' })
    if (zones.size >= mostZones) zones.clear()
    zones.set(tz, (zone = { clock, since: Infinity, until: -Infinity, offset: Number.NaN }))
  }
  return zone
}

function read(clock: Intl.DateTimeFormat, wallMs: number): number {
  // No formatter knows times beyond the year 275760, and a clock may be set to anything.
  const wholeSeconds = Math.floor(Math.min(Math.max(wallMs, earliestMs), latestMs) / 1000) * 1000
  // 11/26/2026, 14:05:09
  const [month, day, year, hour, minute, second] = clock.format(wholeSeconds).match(/\d+/g)!.map(Number) as [number, number, number, number, number, number]
  return Date.UTC(year, month - 1, day, hour, minute, second) - wholeSeconds
}
