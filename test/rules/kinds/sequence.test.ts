import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { InputLine } from '../../../gateway/replay-lines.ts'
import { createJointDrive, runJoint } from '../../support/joint-drive.ts'
import { problemsOf, rulesFrom } from '../../support/rule-text.ts'

const fall = rulesFrom('- { id: fall, on: { device: "band-*" }, ack: auto, when: { sequence: [{ metric: impact, eq: true }, { not: { metric: moving, eq: true } }], within: 20s } }')
const door = rulesFrom('- { id: door, on: { device: d }, ack: auto, when: { sequence: [{ metric: a, eq: 1 }, { metric: b, eq: 1 }], within: 20s } }')
const say = (at: number, metric: string, value: unknown = true, device = 'band-1'): InputLine => ({ at, device, metric, value })
/** With the device's own time, so that others may still come that are older. */
const stamped = (at: number, metric: string, value: unknown = true): InputLine => ({ ...say(at, metric, value), ts: at })
const changes = (rules: typeof fall, lines: readonly InputLine[]) => runJoint(rules, lines).map(({ at, event }) => [at, event])

describe('sequence', () => {
  it('fires with its last step, if that comes in time, and is over after the same time again', () => {
    expect(changes(door, [say(0, 'a', 1, 'd'), say(20_000, 'b', 1, 'd'), { at: 100_000 }])).toEqual([[20_000, 'raised'], [40_000, 'cleared']])
    expect(changes(door, [say(0, 'a', 1, 'd'), say(20_001, 'b', 1, 'd')])).toEqual([])
    expect(changes(door, [say(0, 'b', 1, 'd'), say(1, 'a', 1, 'd')])).toEqual([])
  })

  it('begins anew with every first step', () => {
    expect(changes(door, [say(0, 'a', 1, 'd'), say(15_000, 'a', 1, 'd'), say(30_000, 'b', 1, 'd')])).toEqual([[30_000, 'raised']])
  })

  it('is not met by two steps in one message', () => {
    expect(changes(door, [{ at: 0, device: 'd', values: { a: 1, b: 1 } }, say(1, 'b', 1, 'd')])).toEqual([[1, 'raised']])
  })

  it('is complete when what came late completes it', () => {
    expect(changes(door, [{ ...say(12_000, 'b', 1, 'd'), ts: 12_000 }, { ...say(13_000, 'a', 1, 'd'), ts: 10_000 }])).toEqual([[13_000, 'raised']])
    // Behind the watermark it is not evaluated.
    expect(changes(door, [{ ...say(12_000, 'b', 1, 'd'), ts: 12_000 }, { ...say(13_000, 'a', 1, 'd'), ts: 6_999 }])).toEqual([])
  })

  it('fires where the negated step has not come when its time is up, and ends when it does', () => {
    expect(changes(fall, [say(0, 'impact'), { at: 19_999 }, { at: 60_000 }, say(61_000, 'moving', false), say(62_000, 'moving')])).toEqual([[20_000, 'raised'], [62_000, 'cleared']])
    expect(changes(fall, [say(0, 'impact'), say(19_999, 'moving'), { at: 60_000 }])).toEqual([])
    expect(changes(fall, [say(0, 'impact'), say(25_000, 'impact', false)])).toEqual([[20_000, 'raised']])
    expect(changes(fall, [say(0, 'impact'), say(21_000, 'moving'), { at: 100_000 }])).toEqual([[20_000, 'raised'], [21_000, 'cleared']])
    // What is due fires before what comes at that moment.
    expect(changes(fall, [say(0, 'impact'), say(20_000, 'moving'), { at: 60_000 }])).toEqual([[20_000, 'raised'], [20_000, 'cleared']])
  })

  it('waits, where devices give their own time, until nothing older can come any more', () => {
    expect(changes(fall, [stamped(0, 'impact'), { at: 24_999 }, { at: 60_000 }, stamped(61_000, 'moving', false), stamped(62_000, 'moving')])).toEqual([[25_000, 'raised'], [62_000, 'cleared']])
    expect(changes(fall, [stamped(0, 'impact'), stamped(20_000, 'moving'), { at: 60_000 }])).toEqual([])
    expect(changes(fall, [stamped(0, 'impact'), { ...say(24_000, 'moving'), ts: 19_500 }, { at: 60_000 }])).toEqual([])
    // Others that come say how late it is.
    expect(changes(fall, [stamped(0, 'impact'), stamped(25_000, 'impact', false)])).toEqual([[25_000, 'raised']])
    // From the first on that has one.
    expect(changes(fall, [say(0, 'impact'), stamped(10_000, 'moving', false), { at: 60_000 }])).toEqual([[25_000, 'raised']])
    expect(changes(fall, [say(10_000, 'impact'), { ...say(11_000, 'moving'), ts: 9_000 }, { at: 60_000 }])).toEqual([[35_000, 'raised']])
  })

  it('has been missed, too, where what was waited for comes after the end', () => {
    expect(changes(fall, [stamped(0, 'impact'), stamped(21_000, 'moving'), { at: 100_000 }])).toEqual([[25_000, 'raised'], [45_000, 'cleared']])
  })

  it('does not wait longer where the first step comes again and again', () => {
    expect(changes(fall, [0, 5, 10, 15, 20].map((s) => stamped(s * 1_000, 'impact')).concat([{ at: 30_000 }]))).toEqual([[25_000, 'raised']])
    expect(changes(fall, [0, 5, 10, 15].map((s) => say(s * 1_000, 'impact')).concat([{ at: 30_000 }]))).toEqual([[20_000, 'raised']])
  })

  it('counts a time that is shorter than what may be late', () => {
    const short = rulesFrom('- { id: r, on: { device: d }, ack: auto, when: { sequence: [{ metric: a, eq: 1 }, { metric: b, eq: 1 }, { not: { metric: c, eq: 1 } }], within: 2s } }')
    expect(changes(short, [say(0, 'a', 1, 'd'), say(1_000, 'b', 1, 'd'), { at: 60_000 }])).toEqual([[2_000, 'raised']])
    expect(changes(short, [say(0, 'a', 1, 'd'), say(1_000, 'b', 1, 'd'), say(1_500, 'c', 1, 'd'), { at: 60_000 }])).toEqual([])
  })

  it('takes a negated step between two others as forbidden in between', () => {
    const rules = rulesFrom('- { id: r, on: { device: d }, when: { sequence: [{ metric: a, eq: 1 }, { not: { metric: n, eq: 1 } }, { metric: b, eq: 1 }], within: 1min, cooldown: 1s } }')
    expect(changes(rules, [say(0, 'a', 1, 'd'), say(1_000, 'n', 1, 'd'), say(2_000, 'b', 1, 'd'), say(3_000, 'a', 1, 'd'), say(4_000, 'b', 1, 'd'), { at: 9_000 }])).toEqual([[4_000, 'raised'], [5_000, 'returned']])
  })

  it('hears events, with what their data must be', () => {
    const rules = rulesFrom(`
- id: tailgating
  on: { event: "door.*" }
  key: data.door
  when: { sequence: [{ event: door.opened, where: { "by.kind": card } }, { event: door.passed, where: { people: { gt: 1 } } }], within: 10s }
`)
    const event = (at: number, type: string, data: object): InputLine => ({ at, event: type, data: { door: 'd1', ...data } })
    expect(changes(rules, [event(0, 'door.opened', { by: { kind: 'key' } }), event(1, 'door.passed', { people: 2 })])).toEqual([])
    expect(changes(rules, [event(0, 'door.opened', { by: { kind: 'card' } }), event(1, 'door.passed', { people: 1 }), event(2, 'door.passed', { people: 2 })])).toEqual([[2, 'raised']])
    expect(changes(rules, [event(0, 'door.opened', { by: { kind: 'card' } }), event(1, 'door.passed', { people: 2, door: 'd2' })])).toEqual([])
  })

  it('stands still while the gateway is down, and goes on with the first sample', () => {
    expect(changes(fall, [say(0, 'impact'), { at: 10_000, restart: { downMs: 60_000 } }, say(72_000, 'moving', false), { at: 81_999 }, { at: 90_000 }])).toEqual([[82_000, 'raised']])
    expect(changes(fall, [say(0, 'impact'), { at: 10_000, restart: { downMs: 60_000 } }, say(72_000, 'moving')])).toEqual([])
    expect(changes(fall, [say(0, 'impact'), { at: 10_000, restart: { downMs: 301_000 } }, say(312_000, 'moving', false), { at: 600_000 }])).toEqual([])
    expect(changes(door, [say(0, 'a', 1, 'd'), { at: 1_000, restart: { downMs: 60_000 } }, say(62_000, 'b', 1, 'd')])).toEqual([[62_000, 'raised']])
  })

  it.each([3_600_000, -20_000])('waits no longer and no shorter where the wall clock jumps by %i ms', (wallClockStepMs) => {
    expect(changes(fall, [say(0, 'impact'), { at: 5_000, wallClockStepMs }, { at: 30_000 }])).toEqual([[20_000, 'raised']])
    expect(changes(fall, [stamped(0, 'impact'), { at: 5_000, wallClockStepMs }, { at: 30_000 }])).toEqual([[25_000, 'raised']])
  })

  it.each([
    ['sequence: [], within: 1s', /a sequence without steps/],
    ['sequence: [{ metric: a, eq: 1 }], within: 1s', /a sequence of one step; write a second step, or use level/],
    ['sequence: [{ not: { metric: a, eq: 1 } }, { metric: b, eq: 1 }], within: 1s', /the first step cannot be negated/],
    ['sequence: [{ metric: a, eq: 1 }, { metric: b, eq: 1 }]', /when: "within" is missing; write within: 20s/],
    ['sequence: [{ metric: a, eq: 1 }, { metric: b, eq: 1 }], within: 0s', /when.within: expected a duration 1ms…7d, found "0s"/],
    ['sequence: [{ metric: a, eq: 1 }, { metric: b }], within: 1s', /sequence\[1\]: a comparison is missing/],
    ['sequence: [{ metric: a, eq: 1 }, { not: { not: { metric: b, eq: 1 }, eq: 1 } }], within: 1s', /unknown key "not"/],
    ['sequence: [{ metric: a, eq: 1 }, { event: "a/b" }], within: 1s', /can match no event type/],
    ['sequence: [{ eq: 1 }, { metric: b, eq: 1 }], within: 1s', /a step names no metric/],
  ])('refuses %s', (when, problem) => {
    expect(problemsOf(`- { id: r, on: { device: d }, when: { ${when} } }`)).toEqual([expect.stringMatching(problem)])
  })

  it('refuses "for", and steps about readings under a key of events', () => {
    expect(problemsOf('- { id: r, on: { device: d }, for: 1s, when: { sequence: [{ metric: a, eq: 1 }, { metric: b, eq: 1 }], within: 1s } }')).toEqual([expect.stringMatching(/"for" cannot stand beside sequence/)])
    expect(problemsOf('- { id: r, on: { event: e }, key: data.x, when: { sequence: [{ event: e }, { metric: b, eq: 1 }], within: 1s } }')).toEqual([expect.stringMatching(/part of events, and a step is about a reading/)])
  })
})

/** A message: which of the metrics a, b, c it has, when it comes and how old it is. */
const message = fc.record({ gap: fc.integer({ min: 0, max: 3_000 }), back: fc.integer({ min: 0, max: 6_000 }), has: fc.subarray(['a', 'b', 'c', 'n'], { minLength: 1 }), cut: fc.boolean() })
interface Item { readonly time: number; readonly has: readonly string[] }

describe('any sequence of steps', () => {
  it('is complete for those samples for which the definition says so', () => {
    fc.assert(fc.property(fc.array(message, { maxLength: 40 }), fc.constantFrom(2_000, 6_000), (messages, within) => {
      // a, then b with no n between them, then c.
      const rules = rulesFrom(`- { id: r, on: { device: d }, when: { sequence: [{ metric: a, eq: 1 }, { not: { metric: n, eq: 1 } }, { metric: b, eq: 1 }, { metric: c, eq: 1 }], within: ${within}ms, cooldown: 1ms } }`)
      const drive = createJointDrive(rules)
      const items: (Item & { n: number })[] = []
      let at = 100_000
      let greatest = -Infinity
      let last = { time: -Infinity, n: 0 }
      for (const [n, { gap, back, has, cut }] of messages.entries()) {
        at += gap + 2
        if (cut) drive.cut()
        const time = at - back
        drive.line({ at, device: 'd', values: Object.fromEntries(has.map((metric) => [metric, 1])), ts: time })
        // Late by the watermark; idle time is not asked for in so short a time unless something is to be forgotten.
        if (time < greatest - 5_000) continue
        greatest = Math.max(greatest, time)
        items.push({ time, has, n })
        items.sort((x, y) => x.time - y.time || x.n - y.n)
        const ends = completions(items, within)
        const fresh = ends.filter((end) => end.time > last.time || (end.time === last.time && end.n > last.n))
        expect([at, drive.verdicts()]).toEqual([at, { d: fresh.length > 0 ? 1 : 0 }])
        for (const end of fresh) last = end
      }
    }), { numRuns: 300 })
  })

  it('does not ask in which order the readings of a message stand, nor whether its state was put away', () => {
    fc.assert(fc.property(fc.array(message, { maxLength: 30 }), (messages) => {
      const rules = rulesFrom('- { id: r, on: { device: d }, when: { sequence: [{ metric: a, eq: 1 }, { metric: b, eq: 1 }, { not: { metric: c, eq: 1 } }], within: 4s } }')
      const [one, other] = [createJointDrive(rules), createJointDrive(rules)]
      let at = 100_000
      for (const { gap, back, has, cut } of messages) {
        at += gap
        if (cut) other.cut()
        const values = has.map((metric) => [metric, 1] as const)
        const there = one.line({ at, device: 'd', values: Object.fromEntries(values), ts: at - back })
        expect(other.line({ at, device: 'd', values: Object.fromEntries(values.toReversed()), ts: at - back })).toEqual(there)
        expect(other.state()).toEqual(one.state())
      }
    }))
  })

  it('with a negated step at the end fires for each beginning that is waited for, when its time is up', () => {
    const step = fc.record({ gap: fc.integer({ min: 1, max: 9_000 }), has: fc.constantFrom('a', 'n', 'x') })
    fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const rules = rulesFrom('- { id: r, on: { device: d }, ack: auto, when: { sequence: [{ metric: a, eq: 1 }, { not: { metric: n, eq: 1 } }], within: 10s } }')
      let at = 0
      const lines = steps.map(({ gap, has }) => ({ at: (at += gap), device: 'd', metric: has, value: 1 }))
      expect(changes(rules, [...lines.map((line) => ({ ...line, ts: line.at })), { at: at + 100_000 }])).toEqual(missed(lines, at + 100_000))
      expect(changes(rules, [...lines, { at: at + 100_000 }])).toEqual(missedAtOnce(lines))
    }), { numRuns: 300 })
  })
})

/** Each completion uses up what came before it. For every sample of c: the newest a from which a chain leads to it. */
function completions(items: readonly (Item & { n: number })[], within: number): (Item & { n: number })[] {
  const ends: (Item & { n: number })[] = []
  let from = 0
  for (let k = 0; k < items.length; k++) {
    if (!items[k]!.has.includes('c')) continue
    const done = [...items.keys()].some((j) => j >= from && j < k && items[j]!.has.includes('b') && [...items.keys()].some((i) =>
      i >= from && i < j && items[i]!.has.includes('a') && items[k]!.time - items[i]!.time <= within && !items.slice(i + 1, j).some(({ has }) => has.includes('n'))))
    if (!done) continue
    ends.push(items[k]!)
    // The completing sample begins a new attempt if it is an a as well.
    from = k
    if (!items[k]!.has.includes('a')) from = k + 1
  }
  return ends
}

/** The same where what came is all there is: of each beginning that is waited for it is known at its end. */
function missedAtOnce(lines: readonly { at: number; metric: string }[]): [number, string][] {
  const out: [number, string][] = []
  let began: number | null = null
  let active = false
  for (const { at, metric } of [...lines, { at: Infinity, metric: 'x' }]) {
    if (began !== null && began + 10_000 <= at) {
      if (!active) out.push([began + 10_000, 'raised'])
      active = true
      began = null
    }
    if (metric === 'a') began ??= at
    if (metric !== 'n') continue
    began = null
    if (active) out.push([at, 'cleared'])
    active = false
  }
  return out
}

/** In the order in which things happen at all, a beginning that is waited for hides those after it. */
function missed(lines: readonly { at: number; metric: string }[], end: number): [number, string][] {
  const out: [number, string][] = []
  let began: number | null = null
  let until = -Infinity
  let active = false
  const advance = (now: number): void => {
    for (;;) {
      const known = began === null ? Infinity : began + 15_000
      const next = Math.min(known, active && until !== Infinity ? until : Infinity)
      if (next > now) return
      if (next === known) {
        const came = lines.some(({ at, metric }) => metric === 'n' && at > began! + 10_000 && at <= began! + 15_000)
        until = Math.max(until, came ? next + 10_000 : Infinity)
        if (!active) out.push([next, 'raised'])
        active = true
        began = null
        // What came while that was not yet certain begins, or ends, what follows.
        const later = lines.filter(({ at }) => at > next - 5_000 && at <= next)
        for (const { at, metric } of later) {
          if (metric === 'a') began ??= at
          if (metric === 'n') began = null
        }
      } else {
        active = false
        out.push([next, 'cleared'])
      }
    }
  }
  for (const { at, metric } of lines) {
    advance(at)
    if (metric === 'a') began ??= at
    if (metric === 'n') {
      if (began !== null && at <= began + 10_000) began = null
      if (active) {
        active = false
        until = at
        out.push([at, 'cleared'])
      }
    }
  }
  advance(end)
  return out
}
