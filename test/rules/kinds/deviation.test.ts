import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createJointDrive, runJoint } from '../../support/joint-drive.ts'
import { problemsOf, rulesFrom } from '../../support/rule-text.ts'

const off = (members = '', on = 'metric: temp') => rulesFrom(`- { id: off, on: { ${on} }, ack: auto, when: { deviation: { of: { metric: setpoint }, gt: 2, hysteresis: 0.5, maxAge: 5min } }${members} }`)

describe('deviation', () => {
  it('fires above the limit, on either side, and returns below it less the hysteresis', () => {
    const values = [22, 22.1, 21.5, 21.49, 18, 17.9, 18.5]
    const lines = [{ at: 0, device: 'room', metric: 'setpoint', value: 20 }, ...values.map((value, i) => ({ at: i + 1, device: 'room', metric: 'temp', value }))]
    expect(runJoint(off(), lines)).toEqual([
      { at: 2, rule: 'off', key: 'room', event: 'raised', value: 2.1 },
      { at: 4, rule: 'off', key: 'room', event: 'cleared', value: 1.49 },
      { at: 6, rule: 'off', key: 'room', event: 'raised', value: 2.1 },
    ])
  })

  it('follows what it is measured by', () => {
    expect(runJoint(off(), [{ at: 0, device: 'room', values: { temp: 20, setpoint: 20 } }, { at: 1, device: 'room', metric: 'setpoint', value: 25 }])).toMatchObject([{ at: 1, event: 'raised', value: 5 }])
  })

  it('is unknown while either is missing, bad, of a wrong type or too old', () => {
    const drive = createJointDrive(off())
    const say = (at: number, metric: string, value: unknown) => {
      drive.line({ at, device: 'room', metric, value })
      return drive.verdicts()['room']
    }
    expect([say(0, 'temp', 30), say(1, 'setpoint', 20), say(2, 'setpoint', 'NaN'), say(3, 'setpoint', 20), say(4, 'temp', 'warm'), say(300_003, 'temp', 30), say(300_004, 'temp', 30)]).toEqual([-1, 1, -1, 1, -1, 1, -1])
  })

  it('measures each device of one alarm by its own, or all by the one that is named', () => {
    const own = off(', key: rule')
    const lines = [
      { at: 0, device: 'a', values: { temp: 20, setpoint: 20 } }, { at: 1, device: 'b', values: { temp: 30, setpoint: 30 } },
      { at: 2, device: 'a', metric: 'temp', value: 23 },
    ]
    expect(runJoint(own, lines)).toMatchObject([{ at: 2, value: 3 }])
    const named = rulesFrom('- { id: r, on: { metric: temp, device: "room-*" }, when: { deviation: { of: { device: outside, metric: temp }, gt: 2 } } }')
    expect(runJoint(named, [
      { at: 0, device: 'room-1', metric: 'temp', value: 20 }, { at: 1, device: 'room-2', metric: 'temp', value: 24 }, { at: 2, device: 'outside', metric: 'temp', value: 21 }, { at: 3, device: 'outside', metric: 'temp', value: 17 },
    ])).toMatchObject([{ at: 2, key: 'room-2', value: 3 }, { at: 3, key: 'room-1', value: 3 }])
  })

  it('holds by hysteresis only the device that was too far off', () => {
    const drive = createJointDrive(off(', key: rule'))
    const events = [
      drive.line({ at: 0, device: 'a', values: { temp: 23, setpoint: 20 } }),
      drive.line({ at: 1, device: 'b', values: { temp: 21.8, setpoint: 20 } }),
      drive.line({ at: 2, device: 'a', metric: 'temp', value: 20 }),
    ]
    expect(events.map((lines) => lines.map(({ event }) => event))).toEqual([['raised'], [], ['cleared']])
  })

  it('says the same whether its state was put away in between or not', () => {
    const step = fc.record({ device: fc.constantFrom('a', 'b'), values: fc.dictionary(fc.constantFrom('temp', 'setpoint'), fc.constantFrom(18, 20, 21.8, 23, 'NaN')), gap: fc.integer({ min: 0, max: 200_000 }) })
    fc.assert(fc.property(fc.array(step, { maxLength: 30 }), fc.constantFrom('device', 'rule'), (steps, key) => {
      const [plain, cut] = [createJointDrive(off(`, key: ${key}`)), createJointDrive(off(`, key: ${key}`))]
      let at = 0
      for (const { device, values, gap } of steps) {
        at += gap
        cut.cut()
        expect(cut.line({ at, device, values })).toEqual(plain.line({ at, device, values }))
        expect(cut.state()).toEqual(plain.state())
      }
    }))
  })

  it.each([
    ['of: { metric: temp }, gt: 2', /"of" is what "on" selects itself: every value is 0 away from itself; write another metric or device in "of"/],
    ['of: {}, gt: 2', /a signal that names nothing/],
    ['of: { metric: s }', /"gt" is missing; write gt: 2/],
    ['of: { metric: s }, gt: -1', /expected a number of 0 or more/],
    ['of: { metric: s }, gt: 2, hysteresis: 2', /a hysteresis of 2 a distance of 0 would not end it \(gt is 2\); write one smaller than 2/],
    ['of: { metric: s }, gt: 2, percent: 5', /unknown key "percent"/],
  ])('refuses { %s }', (spec, problem) => {
    expect(problemsOf(`- { id: r, on: { metric: temp }, when: { deviation: { ${spec} } } }`)).toEqual([expect.stringMatching(problem)])
  })
})
