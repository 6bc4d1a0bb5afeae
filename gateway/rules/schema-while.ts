import type { Schedule } from '../kernel/rule.ts'
import type { Invalid, Shape } from '../kernel/shape.ts'
import { clip, list, object, oneOf, optional, refine, scalar } from '../kernel/shape.ts'
import { suggest } from '../kernel/suggest.ts'
import { isZone } from './schedule.ts'

/** As in Schedule.days: 0 is Sunday. */
const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const

const minutesADay = 1440

/** `08:00` → minutes since midnight. `latest` 1440 allows `24:00`. */
function timeOfDay(example: string, latest: number): Shape<number> {
  return scalar<number>({
    expected: 'a time of day',
    example: `"${example}"`,
    from({ text }) {
      const [, hours, minutes] = /^(\d{1,2}):(\d{2})$/.exec(text.trim()) ?? []
      const time = Number(hours) * 60 + Number(minutes)
      if (hours === undefined) return { wrong: `expected a time of day, found "${clip(text)}"`, remedy: `write hours and minutes of the 24-hour clock, e.g. "${example}"` }
      if (Number(minutes) > 59 || time > minutesADay) return { wrong: `there is no time ${clip(text)}`, remedy: `write a time from 00:00 to ${latest === minutesADay ? '24:00' : '23:59'}` }
      return time <= latest ? time : { wrong: 'the end of a day is no time to begin at', remedy: 'write from: "00:00"' }
    },
  })
}

const days = refine(list(oneOf('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun')), (names, at) => {
  if (names.length === 0) return at.refuse('a schedule without days', 'write e.g. days: [mon, tue], or leave days out: every day')
  const numbers = [...new Set(names.map((name) => dayNames.indexOf(name)))].sort((a, b) => a - b)
  return numbers.length === dayNames.length ? [] : numbers
})

/** UTC where it is left out: a backtest on another machine must say the same. */
const zone = scalar<string>({
  expected: 'a time zone',
  example: 'Europe/London',
  from({ text }) {
    const written = text.trim()
    if (isZone(written)) return written
    return { wrong: `there is no time zone "${clip(written)}"`, remedy: zoneSuggestion(written) }
  },
})

/** `while: { from: "08:00", to: "20:00", days: [mon, tue], tz: Europe/London }`; `{}`: always. */
export const whileShape: Shape<Schedule | undefined> = refine(
  object(
    { from: optional(timeOfDay('08:00', minutesADay - 1)), to: optional(timeOfDay('20:00', minutesADay)), days: optional(days), tz: optional(zone, 'UTC') },
    { expected: 'a schedule', example: '{ from: "08:00", to: "20:00", tz: Europe/London }' },
  ),
  ({ from, to, days: given, tz }, at): Schedule | undefined | Invalid => {
    if (at.node.kind === 'map' && at.node.entries.length === 0) return undefined
    if (from === undefined && to === undefined && given === undefined) return at.refuse('a schedule that says nothing', 'write from: and to:, or days:, or leave "while" out')
    if (from === undefined && to !== undefined) return at.refuse('a schedule with "to" needs "from"', 'write e.g. from: "08:00"', 'to')
    if (from !== undefined && to === undefined) return at.refuse('a schedule with "from" needs "to"', 'write e.g. to: "20:00"; 24:00 is the end of the day', 'from')
    return { fromMin: from ?? 0, toMin: to ?? minutesADay, days: given ?? [], tz }
  },
)

/** Near by name, or the zone of a city. */
function zoneSuggestion(written: string): string {
  const zones = zoneNames()
  const city = (zoneName: string): string => zoneName.slice(zoneName.lastIndexOf('/') + 1)
  const plain = city(written).toLowerCase().replace(/\s+/g, '_')
  const exact = zones.find((name) => city(name).toLowerCase() === plain) ?? suggest(written, zones)
  const nearCity = exact === undefined ? suggest(city(written), zones.map(city)) : undefined
  const near = exact ?? zones.find((name) => city(name) === nearCity)
  return near === undefined ? 'write an IANA name, e.g. Europe/London' : `did you mean "${near}"?`
}

let names: readonly string[] | undefined

/** Some hundreds, and the library gathers them anew each time. */
function zoneNames(): readonly string[] {
  names ??= ['UTC', ...Intl.supportedValuesOf('timeZone')]
  return names
}
