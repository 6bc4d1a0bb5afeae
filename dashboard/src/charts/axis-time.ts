const s = 1_000
const min = 60 * s
const h = 60 * min
const d = 24 * h
const steps = [s, 2 * s, 5 * s, 10 * s, 15 * s, 30 * s, min, 2 * min, 5 * min, 10 * min, 15 * min, 30 * min, h, 2 * h, 3 * h, 6 * h, 12 * h, d, 2 * d, 7 * d, 14 * d, 28 * d]

const withSeconds = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
const withMinutes = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const withDay = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })

/** Where on the time axis something is written, and what: round times of the browser's zone. */
export const clockWords = {
  splits({ min: from, max: to, most }: { min: number; max: number; most: number }): number[] {
    const step = steps.find((one) => (to - from) / one <= most) ?? steps.at(-1)! * Math.ceil((to - from) / steps.at(-1)! / most)
    // Round where people live: 12 h steps fall on midnight and noon of the zone.
    const shift = new Date(from).getTimezoneOffset() * min
    const found: number[] = []
    for (let at = Math.ceil((from - shift) / step) * step + shift; at <= to; at += step) found.push(at)
    return found
  },
  labels(splits: readonly (number | null)[]): string[] {
    const step = (splits[1] ?? 0) - (splits[0] ?? 0)
    let day = ''
    return splits.map((at) => {
      if (at === null) return ''
      const own = withDay.format(at)
      const time = step > 0 && step < min ? withSeconds.format(at) : withMinutes.format(at)
      const isNew = day !== '' && day !== own
      day = own
      return step >= d || isNew ? own : time
    })
  },
}
