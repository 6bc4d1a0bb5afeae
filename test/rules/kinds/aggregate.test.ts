import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normal, unknown } from '../../../gateway/rules/kind.ts'
import { keyTime } from '../../../gateway/rules/watermark.ts'
import type { KindDrive } from '../../support/kind-drive.ts'
import { driveKind } from '../../support/kind-drive.ts'

type Sample = readonly [time: number, value: number]

/** Each function as a person would work it out; of whole numbers, so that sums are exact. */
const functions: Readonly<Record<string, (values: readonly number[]) => number | null>> = {
  count: (values) => values.length,
  sum: (values) => sumOf(values),
  avg: (values) => (values.length === 0 ? null : sumOf(values) / values.length),
  min: (values) => (values.length === 0 ? null : Math.min(...values)),
  max: (values) => (values.length === 0 ? null : Math.max(...values)),
  stddev: (values) => (values.length < 2 ? null : Math.sqrt((values.length * sumOf(values.map((x) => x * x)) - sumOf(values) ** 2) / (values.length * (values.length - 1)))),
  ...Object.fromEntries([50, 95, 99].map((p) => [`p${p}`, (values: readonly number[]) => values.find((x) => values.filter((y) => y <= x).length * 100 >= p * values.length && !values.some((y) => y < x && values.filter((z) => z <= y).length * 100 >= p * values.length)) ?? null])),
}
const sumOf = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0)

/** Samples a second or so apart, each up to the lateness behind, with pauses. Times are whole ms, now and then on full halves of a second, where limits are met. */
const inputs = fc.constantFrom(1, 500).chain((grain) => {
  const ms = (min: number, max: number) => fc.integer({ min: Math.ceil(min / grain), max: Math.floor(max / grain) }).map((x) => x * grain)
  return fc.array(fc.record({
    step: fc.oneof({ weight: 8, arbitrary: ms(0, 2_000) }, { weight: 1, arbitrary: ms(5_000, 60_000) }),
    behind: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: ms(0, 6_000) }),
    value: fc.integer({ min: -20, max: 20 }),
  }), { minLength: 1, maxLength: 60 })
})

/** Drives the same input twice, once saved and loaded after every step, and gives both. */
function drivePair(when: string): { readonly drive: KindDrive; sample(at: number, sample: { time: number; value: number }): number | 'late'; until(at: number): void } {
  const drive = driveKind(when)
  const twin = driveKind(when)
  const same = (): void => {
    expect(twin.saved()).toEqual(drive.saved())
    expect(twin.shown()).toEqual(drive.shown())
    expect(twin.said()).toEqual(drive.said())
    expect(twin.cell.deadline).toBe(drive.cell.deadline)
    twin.saveAndLoad()
  }
  return {
    drive,
    sample(at, given) {
      const verdict = drive.sample(at, given)
      twin.sample(at, given)
      same()
      return verdict
    },
    until(at) {
      drive.until(at)
      twin.until(at)
      same()
    },
  }
}

describe.each(Object.keys(functions))('%s', (fn) => {
  const expected = functions[fn]!

  it('over a sliding window is that of the samples inside it, whatever their order, also while nothing comes', () => {
    fc.assert(fc.property(inputs, fc.constantFrom(1_000, 7_000, 20_000), (given, windowMs) => {
      const pair = drivePair(`aggregate: { fn: ${fn}, window: { sliding: ${windowMs}ms }, gt: 5 }`)
      let taken: Sample[] = []
      let at = 1_000_000
      let greatest = -Infinity
      let greatestAt = 0
      for (const { step, behind, value } of given) {
        // Half-way through the pause the window has gone on by as much as time has, less the lateness.
        at += step
        if (greatest !== -Infinity) {
          const now = at - Math.floor(step / 2)
          pair.until(now)
          const end = Math.max(greatest, greatest + (now - greatestAt) - 5_000)
          // Inside at the last moment at which it was looked at; nothing left since.
          const inside = taken.filter(([time]) => time > end - windowMs && time <= end)
          expect([now, pair.drive.shown()?.value]).toEqual([now, expected(inside.map(([, x]) => x))])
        }
        const time = at - behind
        const verdict = pair.sample(at, { time, value })
        if (verdict !== 'late') taken.push([time, value])
        if (verdict !== 'late' && time > greatest) [greatest, greatestAt] = [time, at]
        // As far as somebody had to look: a window that is not yet over has not, and one that comes later may still be inside.
        const end = keyTime(pair.drive.cell.watermark!)
        taken = taken.filter(([each]) => each > end - windowMs)
        const result = expected(taken.map(([, x]) => x))
        expect(pair.drive.shown()?.value).toBe(result)
        if (verdict !== 'late') expect(verdict).toBe(result === null ? unknown : result > 5 ? 1 : normal)
      }
    }), { numRuns: 60 })
  })

  it('over tumbling windows is that of each when it closes, and every closing is heard', () => {
    fc.assert(fc.property(inputs, fc.constantFrom(1_000, 7_000, 20_000), (given, windowMs) => {
      const pair = drivePair(`aggregate: { fn: ${fn}, window: { tumbling: ${windowMs}ms }, gt: 5 }`)
      const taken = takenOf(given, pair)
      const windows = Map.groupBy(taken, ([time]) => Math.floor(time / windowMs))
      const starts = [...windows.keys()].sort((a, b) => a - b)
      // Between two that have samples, and after the last, come empty ones.
      const results = starts.flatMap((start, i) => [expected(windows.get(start)!.map(([, x]) => x)), ...(starts[i + 1] === start + 1 ? [] : [expected([])])])
      expect(heard(pair.drive)).toEqual(changes(results))
    }), { numRuns: 60 })
  })

  it('over sessions is that of the samples between two gaps, and every one is heard', () => {
    fc.assert(fc.property(inputs, fc.constantFrom([1_000, 4_000], [3_000, 10_000], [2_000, 2_000]), (given, [gapMs, maxMs]) => {
      const pair = drivePair(`aggregate: { fn: ${fn}, window: { session: { gap: ${gapMs}ms, max: ${maxMs}ms } }, gt: 5 }`)
      const taken = takenOf(given, pair)
      const sessions: Sample[][] = []
      for (const sample of taken.toSorted(([a], [b]) => a - b)) {
        const [first, last] = [sessions.at(-1)?.[0], sessions.at(-1)?.at(-1)]
        if (first === undefined || sample[0] - last![0] > gapMs || sample[0] - first[0] > maxMs) sessions.push([sample])
        else sessions.at(-1)!.push(sample)
      }
      expect(heard(pair.drive)).toEqual(changes(sessions.map((session) => expected(session.map(([, x]) => x)))))
    }), { numRuns: 60 })
  })
})

/** Gives the input, then lets time pass until nothing is open any more; gives what was not late. */
function takenOf(given: readonly { step: number; behind: number; value: number }[], pair: ReturnType<typeof drivePair>): readonly Sample[] {
  const taken: Sample[] = []
  let at = 1_000_000
  for (const { step, behind, value } of given) {
    at += step
    if (pair.sample(at, { time: at - behind, value }) !== 'late') taken.push([at - behind, value])
  }
  pair.until(at + 200_000)
  return taken
}

const changes = (values: readonly (number | null)[]): readonly (number | null)[] => [null, ...values].filter((value, i, all) => i > 0 && value !== all[i - 1])
const heard = (drive: KindDrive): readonly (number | null)[] => changes(drive.said().map(({ value }) => value as number | null))

describe('aggregate', () => {
  const sliding = 'aggregate: { fn: avg, window: { sliding: 10s }, minCount: 3, gt: 5, hysteresis: 2 }'

  it('raises beyond its limit, returns within the hysteresis, and is unknown below minCount', () => {
    const drive = driveKind(sliding)
    expect([drive.sample(0, 6), drive.sample(1_000, 6), drive.sample(2_000, 6), drive.sample(3_000, 0), drive.sample(4_000, 0)]).toEqual([unknown, unknown, 1, 1, 1])
    expect(drive.shown()).toEqual({ value: 3.6, text: '3.6' })
    expect(drive.sample(5_000, 0)).toBe(normal)
    expect(drive.sample(6_000, 9)).toBe(normal)
    expect(drive.condition.limitOf(1)).toBe(5)
  })

  it('becomes unknown when, while nothing comes, so many have left that too few are there', () => {
    const drive = driveKind(sliding)
    for (const at of [0, 1_000, 2_000]) drive.sample(at, 9)
    drive.until(100_000)
    // The sample of 0 is out when the watermark stands at 10 s: 15 s of time, of which the newest had 2.
    expect(drive.said().slice(3)).toEqual([{ at: 15_000, verdict: unknown, value: null }])
    expect(drive.cell.deadline).toBe(Infinity)
  })

  it('closes a tumbling window when the watermark reaches its end, and takes none that come later', () => {
    const drive = driveKind('aggregate: { fn: count, window: { tumbling: 60s }, ge: 3 }')
    const said = [10, 59, 61, 58, 65, 57].map((s, i) => drive.sample(61_000 + i, { time: s * 1_000, value: 'any' }))
    expect(said).toEqual([unknown, unknown, unknown, unknown, 1, 'late'])
    expect(drive.shown()).toEqual({ value: 3, text: '3', unit: null })
    drive.until(1_000_000)
    // 65 came at 61,004: the watermark is at 120 s when 60 s more have passed. Then an empty one, once.
    expect(drive.said().slice(6)).toEqual([{ at: 121_004, verdict: normal, value: 2 }, { at: 181_004, verdict: normal, value: 0 }])
  })

  it('counts numbers only, except for count', () => {
    const given = [1, true, 'x', 2, 1e101, -1e101]
    const sum = driveKind('aggregate: { fn: sum, window: { sliding: 1min }, gt: 100 }')
    expect(given.map((value, i) => sum.sample(i, value))).toEqual([normal, unknown, unknown, normal, unknown, unknown])
    expect(sum.shown()?.value).toBe(3)
    const count = driveKind('aggregate: { fn: count, window: { sliding: 1min }, gt: 100 }')
    for (const [i, value] of given.entries()) expect(count.sample(i, value)).toBe(normal)
    expect(count.shown()?.value).toBe(6)
    expect(count.sample(10, { value: 1, quality: 'bad' })).toBe(unknown)
    expect(count.shown()?.value).toBe(6)
  })

  it('hears every session that a batch closes, at one moment', () => {
    const drive = driveKind('aggregate: { fn: sum, window: { session: { gap: 1s, max: 1min } }, gt: 4 }')
    for (const second of [10, 11, 14, 15.5, 16]) drive.sample(20_000, { time: second * 1_000, value: second === 14 ? 1 : 3 })
    drive.sample(20_500, { time: 30_000, value: 1 })
    expect(drive.said().slice(6)).toEqual([{ at: 20_500, verdict: normal, value: 1 }, { at: 20_500, verdict: 1, value: 6 }])
    expect(drive.said()[5]).toEqual({ at: 20_500, verdict: 1, value: 6 })
  })

  it('lets a sample that is just in time join its session', () => {
    const drive = driveKind('aggregate: { fn: count, window: { session: { gap: 10s, max: 1min } }, gt: 0 }')
    const said = [0, 15, 10, 25].map((second) => drive.sample(20_000, { time: second * 1_000, value: 1 }))
    expect(said).toEqual([unknown, unknown, unknown, unknown])
    drive.until(100_000)
    expect(drive.said().slice(4)).toEqual([{ at: 35_001, verdict: 1, value: 4 }])
  })

  it('comes to an end where rounding says that what is due is not yet reached', () => {
    // 192.3 + (192 + 3000 + 5000 − 192 − 192.3) is a little less than it should be.
    const drive = driveKind('aggregate: { fn: count, window: { sliding: 3s }, gt: 1 }')
    drive.sample(192.3, { time: 192, value: 1 })
    drive.until(20_000)
    expect(drive.said().slice(1).map(({ value, at }) => [value, Math.round(at)])).toEqual([[0, 8_193]])
  })

  it('is not led astray by what had been in the window', () => {
    const drive = driveKind('aggregate: { fn: stddev, window: { sliding: 10s }, gt: 100 }')
    drive.sample(0, 1e99)
    drive.sample(1, -3e50)
    for (let i = 1; i <= 20; i++) drive.sample(i * 1_000, 1e9 + (i % 2))
    expect(drive.shown()?.value).toBe(Math.sqrt(10 / 36))
  })
})
