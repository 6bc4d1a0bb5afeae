import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createJointDrive, runJoint } from '../../support/joint-drive.ts'
import { problemsOf, rulesFrom } from '../../support/rule-text.ts'

const fans = (n: number, more = '') => rulesFrom(`- { id: fans, on: { metric: fault }, when: { atLeast: { n: ${n}, of: { device: "fan-*", metric: fault }, eq: true${more} } } }`)

describe('atLeast', () => {
  it('counts over devices under one alarm, and says which', () => {
    expect(runJoint(fans(2), [
      { at: 0, device: 'fan-1', metric: 'fault', value: true },
      { at: 1, device: 'fan-2', metric: 'fault', value: false },
      { at: 2, device: 'pump', metric: 'fault', value: true },
      { at: 3, device: 'fan-3', metric: 'fault', value: true },
      { at: 4, device: 'fan-1', metric: 'fault', value: false },
    ])).toEqual([
      { at: 3, rule: 'fans', key: 'fans', event: 'raised', value: 2, text: '2 of 3: fan-1 fault, fan-3 fault' },
      { at: 4, rule: 'fans', key: 'fans', event: 'returned', value: 1, text: '1 of 3: fan-3 fault' },
    ])
  })

  it('counts the metrics of each device where it names none', () => {
    const rules = rulesFrom('- { id: r, on: { device: "rack-*" }, when: { atLeast: { n: 2, of: { metric: "temp*" }, gt: 40 } } }')
    expect(runJoint(rules, [{ at: 0, device: 'rack-1', values: { temp1: 41, temp2: 39, temp3: 50 } }, { at: 1, device: 'rack-2', values: { temp1: 41 } }]).map(({ key }) => key)).toEqual(['rack-1'])
  })

  it('is true with n that hold, false where even all that are unknown would not do, else unknown', () => {
    const samples = fc.dictionary(fc.constantFrom('fan-1', 'fan-2', 'fan-3', 'fan-4', 'fan-5'), fc.constantFrom(true, false, 'NaN', 5))
    fc.assert(fc.property(samples, fc.integer({ min: 1, max: 5 }), (given, n) => {
      fc.pre(Object.keys(given).length > 0)
      const drive = createJointDrive(fans(n))
      for (const [device, value] of Object.entries(given)) drive.line({ at: 0, device, metric: 'fault', value })
      const [holding, open] = [[true], ['NaN', 5]].map((kinds) => Object.values(given).filter((value) => (kinds as unknown[]).includes(value)).length)
      expect(drive.verdicts()).toEqual({ fans: holding! >= n ? 1 : holding! + open! < n ? 0 : -1 })
    }))
  })

  it('does not count what is too old', () => {
    const drive = createJointDrive(fans(2, ', maxAge: 10s'))
    drive.line({ at: 0, device: 'fan-1', metric: 'fault', value: true })
    drive.line({ at: 5_000, device: 'fan-2', metric: 'fault', value: true })
    expect(drive.verdicts()).toEqual({ fans: 1 })
    drive.line({ at: 10_000 })
    expect(drive.verdicts()).toEqual({ fans: 1 })
    drive.line({ at: 10_001 })
    expect(drive.verdicts()).toEqual({ fans: -1 })
  })

  it.each([
    ['atLeast: { n: 0, of: { device: "f*", metric: m }, eq: true }', /expected a whole number of 1 or more, found 0/],
    ['atLeast: { n: 2, of: { device: f, metric: m }, eq: true }', /n is 2, and "of" can match one series only; write n: 1, or a pattern that matches more/],
    ['atLeast: { n: 2, of: { metric: m }, eq: true }', /one series only; write key: rule to count over devices/],
    ['atLeast: { n: 2, of: {}, eq: true }', /a signal that names nothing/],
    ['atLeast: { n: 2, of: { metric: "m*" } }', /a comparison is missing/],
    ['atLeast: { of: { metric: "m*" }, eq: 1 }', /"n" is missing; write n: 2/],
  ])('refuses %s', (when, problem) => {
    const found = problemsOf(`- { id: r, on: { metric: m }, when: { ${when} } }`)
    expect(found).toEqual([expect.stringMatching(problem)])
  })
})
