import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createJointDrive, runJoint } from '../../support/joint-drive.ts'
import { problemsOf, rulesFrom } from '../../support/rule-text.ts'

const truths = [true, false, undefined] as const
type Truth = (typeof truths)[number]
const kleene = {
  all: (values: readonly Truth[]): Truth => (values.includes(false) ? false : values.includes(undefined) ? undefined : true),
  any: (values: readonly Truth[]): Truth => (values.includes(true) ? true : values.includes(undefined) ? undefined : false),
}
const verdictOf = (truth: Truth): number => (truth === undefined ? -1 : truth ? 1 : 0)
/** A sample that is above 10, is not, or says nothing. */
const sampleOf = (truth: Truth): unknown => (truth === undefined ? 'NaN' : truth ? 11 : 9)

const shock = `
- id: shock
  on: { device: "bed-*" }
  when: { all: [{ metric: hr, gt: 120 }, { metric: sbp, lt: 90 }], maxAge: 60s }
`

describe.each(['all', 'any'] as const)('%s', (kind) => {
  const three = rulesFrom(`- { id: r, on: { device: d }, when: { ${kind}: [{ metric: a, gt: 10 }, { metric: b, gt: 10 }, { metric: c, gt: 10 }] } }`)

  it('is Kleene’s, for every combination of true, false and unknown', () => {
    for (const a of truths) {
      for (const b of truths) {
        for (const c of truths) {
          const drive = createJointDrive(three)
          drive.line({ at: 0, device: 'd', values: { a: sampleOf(a), b: sampleOf(b), c: sampleOf(c) } })
          expect([a, b, c, drive.verdicts()]).toEqual([a, b, c, { d: verdictOf(kleene[kind]([a, b, c])) }])
        }
      }
    }
  })

  it('does not ask in which order the readings of a message stand', () => {
    fc.assert(fc.property(fc.array(fc.record({ device: fc.constantFrom('d', 'e'), values: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom(9, 11, 'NaN', 'x')) }), { maxLength: 20 }), (messages) => {
      const rules = rulesFrom(`- { id: r, on: { device: "*" }, key: rule, when: { ${kind}: [{ metric: a, gt: 10 }, { metric: b, gt: 10 }, { metric: c, gt: 10 }] } }`)
      const [one, other] = [createJointDrive(rules), createJointDrive(rules)]
      for (const [i, { device, values }] of messages.entries()) {
        const there = one.line({ at: i * 1_000, device, values })
        const back = other.line({ at: i * 1_000, device, values: Object.fromEntries(Object.entries(values).reverse()) })
        expect(back).toEqual(there)
        expect(other.state()).toEqual(one.state())
      }
    }))
  })

  it('says the same whether its state was put away in between or not, and what a count from scratch says', () => {
    const step = fc.record({ device: fc.constantFrom('d', 'e', 'f'), metric: fc.constantFrom('a', 'b', 'c'), value: fc.constantFrom(9, 11, 'NaN'), gap: fc.integer({ min: 0, max: 30_000 }), cut: fc.boolean() })
    fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const rules = rulesFrom(`- { id: r, on: { device: "*" }, key: rule, when: { ${kind}: [{ metric: a, gt: 10 }, { metric: b, gt: 10 }, { metric: c, gt: 10 }], maxAge: 20s } }`)
      const [plain, cut] = [createJointDrive(rules), createJointDrive(rules)]
      const last = new Map<string, { value: unknown; at: number }>()
      let at = 0
      for (const { device, metric, value, gap, cut: now } of steps) {
        at += gap
        if (now) cut.cut()
        const line = { at, device, metric, value }
        expect(cut.line(line)).toEqual(plain.line(line))
        expect(cut.state()).toEqual(plain.state())
        // A bad value makes its series unknown, a good one stands for less than 20 s.
        last.set(`${metric}${device}`, { value, at })
        const signals = ['a', 'b', 'c'].map((name): Truth => {
          const own = ['d', 'e', 'f'].flatMap((id) => last.get(`${name}${id}`) ?? []).map((sample): Truth => (sample.value === 'NaN' || sample.at + 20_000 <= at ? undefined : sample.value === 11))
          return own.length === 0 ? undefined : kleene.any(own)
        })
        expect(plain.verdicts()).toEqual({ r: verdictOf(kleene[kind](signals)) })
      }
    }))
  })

  it.each([
    [`when: { ${kind}: [] }`, `a list without any condition; write e.g. [{ metric: hr, gt: 120 }, { metric: sbp, lt: 90 }]`],
    [`when: { ${kind}: { metric: a, gt: 1 } }`, `expected a list, found a mapping; write e.g. ${kind}: [{ metric: hr, gt: 120 }]`],
    [`when: { ${kind}: [{ gt: 1 }] }`, `condition 1 names no metric, and "on" names none either; write the metric, e.g. { metric: hr, gt: 120 }`],
    [`when: { ${kind}: [{ metric: a }] }`, 'a comparison is missing; write at least one of gt, ge, lt, le, eq, ne, between, outside, e.g. gt: 5'],
    [`when: { ${kind}: [{ metric: a, gt: 1 }], maxage: 1s }`, `"maxage" does not belong beside ${kind}; did you mean "maxAge"?`],
    [`when: { ${kind}: [{ metric: a, gt: 1 }], maxAge: 0s }`, 'expected a duration of at least 1ms, found "0s"; write e.g. maxAge: 60s'],
    [`key: device, when: { ${kind}: [{ device: x, metric: a, gt: 1 }] }`, `${kind} looks at the same devices for every alarm, so there can only be one; write key: rule, or leave key out`],
  ])('refuses %s', (members, problem) => {
    const found = problemsOf(`- { id: r, on: { device: d }, ${members} }`)
    expect(found).toHaveLength(1)
    expect(found[0]!.replace(/^\d+:\d+ [^ ]+: /, '')).toBe(problem)
  })
})

describe('conditions over several signals', () => {
  it('holds for the devices of one key, and only while their values are young enough', () => {
    expect(runJoint(rulesFrom(shock), [
      { at: 0, device: 'bed-1', metric: 'hr', value: 130 },
      { at: 1_000, device: 'bed-2', metric: 'sbp', value: 80 },
      { at: 50_000, device: 'bed-1', metric: 'sbp', value: 85 },
      { at: 59_999 },
      { at: 60_001 },
      { at: 61_000, device: 'bed-1', metric: 'hr', value: 110 },
    ])).toEqual([
      { at: 50_000, rule: 'shock', key: 'bed-1', event: 'raised', value: 130, text: 'hr 130, sbp 85' },
      { at: 60_001, rule: 'shock', key: 'bed-1', event: 'quality-changed', value: 130, text: 'hr 130, sbp 85' },
      { at: 61_000, rule: 'shock', key: 'bed-1', event: 'quality-changed', value: 110, text: 'hr 110, sbp 85' },
      { at: 61_000, rule: 'shock', key: 'bed-1', event: 'returned', value: 110, text: 'hr 110, sbp 85' },
    ])
  })

  it('is evaluated once a message: what is true only between its readings is never seen', () => {
    expect(runJoint(rulesFrom(shock), [
      { at: 0, device: 'bed-1', values: { hr: 130, sbp: 120 } },
      { at: 1_000, device: 'bed-1', values: { sbp: 80, hr: 100 } },
    ])).toEqual([])
  })

  it('takes a device of its own into every key, and one alarm for all where nothing else is named', () => {
    const [own, one] = rulesFrom(`
- { id: own, on: { device: "bed-*" }, when: { all: [{ metric: hr, gt: 100 }, { device: room, metric: temp, gt: 30 }] } }
- { id: one, on: { metric: x }, when: { any: [{ device: a, gt: 1 }, { device: b, gt: 1 }] } }
`)
    expect([own!.key, one!.key]).toEqual(['device', 'rule'])
    const lines = [
      { at: 0, device: 'bed-1', metric: 'hr', value: 120 },
      { at: 0, device: 'bed-2', metric: 'hr', value: 90 },
      { at: 1, device: 'room', metric: 'temp', value: 31 },
      { at: 2, device: 'bed-2', metric: 'hr', value: 101 },
      { at: 3, device: 'b', metric: 'x', value: 2 },
    ]
    expect(runJoint([own!, one!], lines).map(({ rule, key, event, text }) => [rule, key, event, text])).toEqual([
      ['own', 'bed-1', 'raised', 'hr 120, room temp 31'],
      ['own', 'bed-2', 'raised', 'hr 101, room temp 31'],
      ['one', 'one', 'raised', 'b x 2'],
    ])
  })

  it('forgets a device whose labels no longer select it', () => {
    const devices = new Map([['a', { labels: { ward: 'east' } }]])
    const drive = createJointDrive(rulesFrom('- { id: r, on: { metric: x, label: { ward: east } }, key: rule, when: { all: [{ gt: 1 }] } }'), devices)
    expect(drive.line({ at: 0, device: 'a', metric: 'x', value: 2 })).toHaveLength(1)
    drive.change('a', { labels: { ward: 'west' } }, 1)
    expect(drive.verdicts()).toEqual({ r: -1 })
  })

  it('knows nothing of a device that is offline, and says which series has become stale', () => {
    const drive = createJointDrive(rulesFrom('- { id: r, on: { device: d }, when: { all: [{ metric: x, gt: 1 }] } }'))
    drive.line({ at: 0, device: 'd', metric: 'x', value: 2 })
    drive.change('d', { offline: true }, 1)
    expect(drive.verdicts()).toEqual({ d: -1 })
    drive.change('d', {}, 2)
    expect([drive.verdicts(), drive.expired()]).toEqual([{ d: 1 }, []])
    drive.line({ at: 30_000 })
    expect([drive.verdicts(), drive.expired()]).toEqual([{ d: -1 }, ['d.x']])
  })

  it('refuses two conditions on one series that nothing meets', () => {
    expect(problemsOf('- { id: r, on: { metric: hr }, when: { all: [{ gt: 120 }, { lt: 100 }] } }')).toEqual([
      '1:45 rules[0].when.all: nothing meets both condition 1 and condition 2 on hr; use any where one of them is enough',
    ])
    expect(problemsOf('- { id: r, on: { metric: hr }, when: { all: [{ ge: 120 }, { le: 120 }] } }')).toEqual([])
    expect(problemsOf('- { id: r, on: { metric: hr }, key: rule, when: { all: [{ gt: 120 }, { lt: 100 }] } }')).toEqual([])
  })
})
