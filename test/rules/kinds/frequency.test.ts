import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createJointDrive, runJoint } from '../../support/joint-drive.ts'
import { problemsOf, rulesFrom } from '../../support/rule-text.ts'

const logins = (spec = 'gt: 2, in: 1min', more = ', key: data.card') => rulesFrom(`- { id: guessing, on: { event: "login.failed" }, ack: auto, when: { frequency: { ${spec} } }${more} }`)
const login = (at: number, card = 'c1', ts?: number) => ({ at, event: 'login.failed', data: { card }, ...(ts === undefined ? {} : { ts }) })

describe('frequency', () => {
  it('fires with the event that is one too many inside the window, and stays for the cooldown', () => {
    expect(runJoint(logins(), [login(0), login(30_000), login(59_999), login(60_000, 'c2'), { at: 200_000 }])).toEqual([
      { at: 59_999, rule: 'guessing', key: 'c1', event: 'raised', value: 3 },
      { at: 119_999, rule: 'guessing', key: 'c1', event: 'cleared', value: 3 },
    ])
    // (t − T, t]: what is exactly T ago is out.
    expect(runJoint(logins(), [login(0), login(30_000), login(60_000), { at: 200_000 }])).toEqual([])
  })

  it('stays while there are too many, even when the cooldown is over', () => {
    const events = runJoint(logins('gt: 1, in: 1min, cooldown: 5s'), [login(0), login(10_000), { at: 200_000 }])
    expect(events.map(({ at, event }) => [at, event])).toEqual([[10_000, 'raised'], [60_000, 'cleared']])
    const longer = runJoint(logins('gt: 1, in: 1min, cooldown: 5min'), [login(0), login(10_000), login(200_000), { at: 600_000 }])
    expect(longer.map(({ at, event }) => [at, event])).toEqual([[10_000, 'raised'], [310_000, 'cleared']])
  })

  it('counts good readings too', () => {
    const rules = rulesFrom('- { id: r, on: { metric: trip, device: "d*" }, when: { frequency: { gt: 1, in: 10s } } }')
    expect(runJoint(rules, [{ at: 0, device: 'd', metric: 'trip', value: 1 }, { at: 1, device: 'd', metric: 'trip', value: 'NaN' }, { at: 2, device: 'd', metric: 'trip', value: 0 }])).toMatchObject([{ at: 2, key: 'd', event: 'raised' }])
  })

  it('fires for any window there was, in whatever order its events came, and for none that were late', () => {
    const step = fc.record({ gap: fc.integer({ min: 0, max: 4_000 }), back: fc.integer({ min: 0, max: 7_000 }), cut: fc.boolean() })
    fc.assert(fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 0, max: 4 }), fc.constantFrom(500, 3_000, 9_000), (steps, gt, inMs) => {
      const drive = createJointDrive(logins(`gt: ${gt}, in: ${inMs}ms, cooldown: 0s`))
      const taken: number[] = []
      let at = 100_000
      let greatest = -Infinity
      let greatestAt = 0
      let advanced = -Infinity
      let until = -Infinity
      for (const { gap, back, cut } of steps) {
        at += gap
        if (cut) drive.cut()
        const ts = at - back
        // Where a window was forgotten the watermark was asked for, and stays where it was found.
        const forgottenAt = greatestAt + inMs + 5_000
        if (taken.length > 0 && Math.max(forgottenAt, until) <= at) advanced = Math.max(advanced, greatest + (Math.max(forgottenAt, until) - greatestAt) - 5_000)
        drive.line(login(at, 'c', ts))
        if (ts >= Math.max(greatest - 5_000, advanced)) {
          if (ts > greatest) [greatest, greatestAt] = [ts, at]
          taken.push(ts)
          taken.sort((a, b) => a - b)
          // The definition: some t for which (t − T, t] holds too many, this one among them.
          if (taken.some((t) => t >= ts && t - inMs < ts && taken.filter((other) => other <= t && other > t - inMs).length > gt)) {
            // Until the newest of them have left the window.
            until = Math.max(until, at, greatestAt + taken.at(-1 - gt)! + inMs - greatest)
          }
        }
        expect([at, drive.verdicts()]).toEqual([at, { c: at < until ? 1 : 0 }])
      }
    }), { numRuns: 300 })
  })

  it.each([3_600_000, -3_600_000])('counts on where the wall clock jumps by %i ms', (wallClockStepMs) => {
    expect(runJoint(logins(), [login(0), login(1_000), { at: 2_000, wallClockStepMs }, login(30_000)])).toMatchObject([{ at: 30_000, event: 'raised', value: 3 }])
  })

  it('counts on where the gateway was down, by the time of the events', () => {
    expect(runJoint(logins(), [login(0), login(1_000), { at: 2_000, restart: { downMs: 30_000 } }, login(40_000)])).toMatchObject([{ at: 40_000, event: 'raised' }])
    expect(runJoint(logins(), [login(0), login(1_000), { at: 2_000, restart: { downMs: 60_000 } }, login(63_000)])).toEqual([])
  })

  it('keeps no more than it needs of a storm', () => {
    const drive = createJointDrive(logins('gt: 5, in: 1h'))
    for (let at = 0; at < 60_000; at += 100) drive.line(login(at))
    const [, , , , memory] = (drive.state() as [string, string, number, number, { times: number[] }, unknown][])[0]!
    expect(memory.times.length).toBeLessThan(5_000 / 100 + 10)
    expect(drive.verdicts()).toEqual({ c1: 1 })
  })

  it('forgets a key of which nothing is left to count', () => {
    const drive = createJointDrive(logins())
    drive.line(login(0))
    drive.line({ at: 64_999 })
    expect(drive.cells()[0]!.deadline).toBe(65_000)
    drive.line({ at: 65_000 })
    expect([drive.cells()[0]!.deadline, drive.cells()[0]!.memory]).toEqual([Infinity, { times: [], count: 0, until: -Infinity }])
  })

  it.each([
    ['when: { frequency: { gt: 5, in: 0s } }', /expected a duration 1ms…31d, found "0s"/],
    ['when: { frequency: { in: 1min } }', /"gt" is missing; write gt: 5/],
    ['when: { frequency: { gt: 2.5, in: 1min } }', /expected a whole number 0…10000, found 2.5/],
    ['when: { frequency: { gt: 5, in: 1min } }, for: 10s', /"for" cannot stand beside frequency, which is a delay itself; leave "for" out/],
    ['when: { above: 5 }', /level is about readings, and "on" asks for events; write metric: instead of event:, or a kind that hears events: sequence, frequency/],
  ])('refuses %s', (members, problem) => {
    expect(problemsOf(`- { id: r, on: { event: "x.*" }, ${members} }`)).toEqual([expect.stringMatching(problem)])
  })

  it('refuses a key of events where there are none, and an event that is a reading', () => {
    expect(problemsOf('- { id: r, on: { metric: m }, key: data.card, when: { frequency: { gt: 5, in: 1min } } }')).toEqual([expect.stringMatching(/key: data.card is about the data of an event, and this rule hears readings/)])
    expect(problemsOf('- { id: r, on: { event: e, metric: m }, when: { frequency: { gt: 5, in: 1min } } }')).toEqual([expect.stringMatching(/an event has no metric: "event" and "metric" cannot stand together; keep one of them/)])
  })
})
