import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cel } from '../../../gateway/rules/kinds/cel.ts'
import { innerMetric } from '../../../gateway/rules/kinds/cel-walk.ts'
import type { DriveDevice } from '../../support/joint-drive.ts'
import { createJointDrive, runJoint } from '../../support/joint-drive.ts'
import { problemsOf, rulesFrom } from '../../support/rule-text.ts'

const ruleOf = (text: string, { on = 'metric: temp', more = '', beside = '' } = {}) => rulesFrom(`- { id: r, on: { ${on} }, ack: auto, when: { expression: ${JSON.stringify(text)}${beside} }${more} }`)

/** What the expression says of one message of one device. */
function say(text: string, values: Readonly<Record<string, unknown>>, device: DriveDevice = {}, on = 'device: d'): number {
  const drive = createJointDrive(ruleOf(text, { on }), new Map([['d', device]]))
  drive.line({ at: 1_704_067_200_000, device: 'd', values })
  return drive.verdicts()['d'] ?? -2
}

const refusals = (text: string, on = 'metric: temp'): readonly string[] => problemsOf(`- id: r\n  on: { ${on} }\n  when:\n    expression: ${JSON.stringify(text)}\n`)

describe('an expression', () => {
  it('is the one of the document', () => {
    const rules = ruleOf("value > limit * 1.2 && labels.wing == 'east'")
    const devices = new Map([['a', { labels: { wing: 'east' } }], ['b', { labels: { wing: 'west' } }], ['c', {}]])
    const lines = ['a', 'b', 'c'].flatMap((device, i) => [{ at: i, device, metric: 'limit', value: 100 }, { at: i, device, metric: 'temp', value: 121 }])
    expect(runJoint(rules, [...lines, { at: 9, device: 'a', metric: 'limit', value: 101 }], devices)).toEqual([
      { at: 0, rule: 'r', key: 'a', event: 'raised', value: 121, text: 'temp 121, limit 100' },
      { at: 9, rule: 'r', key: 'a', event: 'cleared', value: 121, text: 'temp 121, limit 101' },
    ])
  })

  it.each<[string, Record<string, unknown>, number]>([
    ['temp > 5', { temp: 6 }, 1],
    ['temp > 5', { temp: 5 }, 0],
    ['temp == 5 && temp != 6 && temp >= 5 && temp <= 5.0', { temp: 5 }, 1],
    ['temp * 2 + 1 - 3 / 2.0 > 10 && temp % 4 == 2', { temp: 6 }, 1],
    ['-temp < 0 && abs(-temp) == 6 && max(temp, 7) == 7 && min(temp, 1) == 1', { temp: 6 }, 1],
    ['round(temp) == 6 && floor(temp) == 5 && ceil(temp) == 6', { temp: 5.5 }, 1],
    ['temp in [1, 2, 6]', { temp: 6 }, 1],
    ['temp in [1, 2.5]', { temp: 6 }, 0],
    ['door', { door: true }, 1],
    ['!door', { door: true }, 0],
    ['door == "open"', { door: 'open' }, 1],
    ['metrics["sys.bp"] > 140 || metrics.hr > 120', { 'sys.bp': 141 }, 1],
    ['metrics["sys.bp"] > 140 || metrics.hr > 120', { 'sys.bp': 139 }, -1],
    ['metrics["sys.bp"] > 140 && metrics.hr > 120', { 'sys.bp': 139 }, 0],
    ['has(metrics.hr) && metrics.hr > 120 || temp > 40', { temp: 41 }, 1],
    ['has(metrics.hr) ? metrics.hr > 120 : temp > 40', { temp: 39 }, 0],
    ['hr > 120 ? temp > 1 : true', { temp: 2 }, -1],
    ['mode.startsWith("man") && mode.size() == 6 && mode.contains("nua") && mode.upperAscii() == "MANUAL"', { mode: 'manual' }, 1],
    ['mode.glob("man*l") && !mode.glob("auto*")', { mode: 'manual' }, 1],
    ['double(text) > 3', { text: '3.5' }, 1],
    ['device == "d" && temp > 0', { temp: 1 }, 1],
    ['type == "oven" && labels["the wing"] == "east" && labels.missing == ""', { temp: 1 }, 1],
    ['settings.news2Scale == 2 && temp > 0', { temp: 1 }, 1],
    ['settings.other == 2 && temp > 0', { temp: 1 }, -1],
    ['settings.depth.of == 3 && temp > 0', { temp: 1 }, 1],
    ['tsMs == nowMs && ts == now && now.getFullYear() == 2024 && now - ts < duration("1s") && temp > 0', { temp: 1 }, 1],
    // A metric may have the name of anything.
    ['string > 5 && int > 5 && constructor > 5 && google > 5', { string: 6, int: 6, constructor: 6, google: 6 }, 1],
  ])('%s of %j is %i', (text, values, verdict) => {
    const about = { type: 'oven', labels: { 'the wing': 'east' }, settings: { news2Scale: 2, depth: { of: 3 } } }
    expect(say(text, values, about, text.includes('type') || text.includes('settings') || text.includes('Ms') || text.startsWith('device') ? 'metric: temp' : 'device: d')).toBe(verdict)
  })

  it.each<[string, Record<string, unknown>]>([
    ['temp > 5', { temp: 'NaN' }],
    ['temp > 5', { temp: 'warm' }],
    ['temp > 5', { temp: true }],
    ['temp', { temp: 5 }],
    ['temp && door', { temp: 5, door: true }],
    ['double(text) > 3', { text: 'a lot' }],
    ['double(text) > 3', { text: 'nan' }],
    ['power / flow > 3', { power: 5, flow: 0 }],
    ['power / flow < 3', { power: 0, flow: 0 }],
    ['power * power > 3', { power: 1e200 }],
    ['text.substring(5) == "a"', { text: 'a' }],
    ['text.size() > 3', { text: 'x'.repeat(5_000) }],
  ])('says nothing where the data are to blame: %s of %j', (text, values) => {
    expect(say(text, values)).toBe(-1)
  })

  it.each([['int(temp) / 0 == 1', /division by zero/], ['int(temp) * 9223372036854775807 > 1', /integer overflow/]])('throws where it is to blame itself: %s', (text, message) => {
    expect(() => say(text, { temp: 2 })).toThrow(message)
  })

  it('is Kleene’s for && and ||, whatever is missing', () => {
    const truths = [true, false, undefined]
    for (const a of truths) {
      for (const b of truths) {
        const values = { other: 1, ...(a === undefined ? {} : { a }), ...(b === undefined ? {} : { b }) }
        const and = a === false || b === false ? 0 : a === undefined || b === undefined ? -1 : 1
        const or = a === true || b === true ? 1 : a === undefined || b === undefined ? -1 : 0
        const on = 'metric: other'
        expect([a, b, say('a && b', values, {}, on), say('a || b', values, {}, on), say('!(a && b)', values, {}, on)]).toEqual([a, b, and, or, and === -1 ? -1 : 1 - and])
      }
    }
  })

  it('is evaluated once a message, forgets what is too old, and knows nothing of a device that is offline', () => {
    const drive = createJointDrive(ruleOf('temp > limit', { beside: ', maxAge: 10s' }))
    expect(drive.line({ at: 0, device: 'd', values: { temp: 5, limit: 10 } })).toEqual([])
    expect(drive.line({ at: 5_000, device: 'd', values: { temp: 15, limit: 20 } })).toEqual([])
    drive.line({ at: 6_000, device: 'd', metric: 'temp', value: 25 })
    expect(drive.verdicts()).toEqual({ d: 1 })
    drive.line({ at: 15_000 })
    expect(drive.verdicts()).toEqual({ d: 1 })
    drive.line({ at: 15_001 })
    expect(drive.verdicts()).toEqual({ d: -1 })
    drive.line({ at: 15_002, device: 'd', metric: 'limit', value: 20 })
    drive.change('d', { offline: true }, 15_003)
    expect(drive.verdicts()).toEqual({ d: -1 })
  })

  it('sees that labels changed', () => {
    const drive = createJointDrive(ruleOf('value > 1 && labels.wing == "east"'), new Map([['d', { labels: { wing: 'west' } }]]))
    drive.line({ at: 0, device: 'd', metric: 'temp', value: 2 })
    expect(drive.change('d', { labels: { wing: 'east' } }, 1)).toMatchObject([{ event: 'raised' }])
  })

  it('holds where it does for one of several metrics, or devices', () => {
    const several = ruleOf('value > 5 && unit == "" && metric.startsWith("temp")', { on: 'metric: "temp*"' })
    expect(runJoint(several, [{ at: 0, device: 'd', values: { temp1: 1, temp2: 6, other: 9 } }, { at: 1, device: 'd', metric: 'temp2', value: 1 }]).map(({ at, event }) => [at, event])).toEqual([[0, 'raised'], [1, 'cleared']])
    const devices = ruleOf('value > limit', { more: ', key: rule' })
    expect(runJoint(devices, [{ at: 0, device: 'a', values: { temp: 5, limit: 9 } }, { at: 1, device: 'b', values: { temp: 5, limit: 4 } }, { at: 2, device: 'b', metric: 'temp', value: 4 }])).toEqual([
      { at: 1, rule: 'r', key: 'r', event: 'raised', value: 5, text: 'temp 5, limit 4' },
      { at: 2, rule: 'r', key: 'r', event: 'cleared', value: 5, text: 'temp 5, limit 9' },
    ].map((line) => ({ ...line, text: `${line.at === 1 ? 'b' : 'a'}: ${line.text}` })))
  })

  it('hears events: what the last of a key says, for as long as it stands', () => {
    const rules = ruleOf('event.type == "card.used" && data.amount > 100 && "vip" in data.tags', { on: 'event: "card.*"', more: ', key: data.card', beside: ', maxAge: 1min' })
    const event = (at: number, type: string, data: object) => ({ at, event: type, data: { card: 'c', ...data } })
    expect(runJoint(rules, [
      event(0, 'card.used', { amount: 101, tags: ['vip'] }),
      event(10_000, 'card.used', { amount: 99, tags: ['vip'] }),
      event(20_000, 'card.used', { amount: 101, tags: ['vip', 3] }),
      event(30_000, 'card.used', {}),
      { at: 100_000 },
    ]).map(({ at, event: name }) => [at, name])).toEqual([[0, 'raised'], [10_000, 'cleared'], [20_000, 'raised'], [30_000, 'quality-changed']])
    const standing = runJoint(rules, [event(0, 'card.used', { amount: 101, tags: ['vip'] }), { at: 100_000 }])
    expect(standing.map(({ at, event: name }) => [at, name])).toEqual([[0, 'raised'], [60_000, 'cleared']])
  })

  it('says the same whether its state was put away in between or not, and in whatever order the readings of a message stand', () => {
    const step = fc.record({ device: fc.constantFrom('a', 'b'), values: fc.dictionary(fc.constantFrom('temp', 'limit', 'hr'), fc.constantFrom(1, 5, 9, 'NaN', 'x', true)), gap: fc.integer({ min: 0, max: 8_000 }) })
    fc.assert(fc.property(fc.array(step, { maxLength: 30 }), fc.constantFrom('device', 'rule'), fc.constantFrom('value > limit || hr > 3', 'value > limit && has(metrics.hr)', 'limit > 3 ? value > 1 : hr > 2'), (steps, key, text) => {
      const rules = ruleOf(text, { more: `, key: ${key}`, beside: ', maxAge: 10s' })
      const [plain, cut] = [createJointDrive(rules), createJointDrive(rules)]
      let at = 0
      for (const { device, values, gap } of steps) {
        at += gap
        cut.cut()
        expect(cut.line({ at, device, values: Object.fromEntries(Object.entries(values).reverse()) })).toEqual(plain.line({ at, device, values }))
        expect(cut.state()).toEqual(plain.state())
      }
    }), { numRuns: 60 })
  })
})

describe('an expression cannot reach outside', () => {
  it.each(['constructor', '__proto__', 'toString', 'prototype', 'hasOwnProperty'])('by %s', (name) => {
    expect(say(`metrics[${JSON.stringify(name)}] == 1`, { temp: 1 }, {}, 'metric: temp')).toBe(-1)
    expect(say(`labels[${JSON.stringify(name)}] == '' && temp == 1`, { temp: 1 }, {}, 'metric: temp')).toBe(1)
    expect(refusals(`value.${name} == 1`)).toHaveLength(1)
    expect(refusals(`"".${name}("return 1") == 1`)).toHaveLength(1)
    const rules = ruleOf(`data[${JSON.stringify(name)}] == 1 || data.x[${JSON.stringify(name)}] == 1`, { on: 'event: e', more: ', key: rule' })
    expect(runJoint(rules, [{ at: 0, event: 'e', data: JSON.parse('{"x":{"constructor":2,"__proto__":{"polluted":1}}}') as object }])).toEqual([])
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('and what an event brings is nothing but data, whatever its members are called', () => {
    const rules = ruleOf('data.constructor == "x" && data["__proto__"].a == 1.0', { on: 'event: e', more: ', key: rule' })
    expect(runJoint(rules, [{ at: 0, event: 'e', data: JSON.parse('{"constructor":"x","__proto__":{"a":1}}') as object }])).toMatchObject([{ event: 'raised' }])
    const large = { at: 0, event: 'e', data: { constructor: Array.from({ length: 20_000 }, () => 1) } }
    expect(runJoint(rules, [large])).toEqual([])
  })
})

describe('an expression is refused when it is loaded', () => {
  it.each([
    ['value >', /4:25 rules\[0\].when.expression: this is no expression: Unexpected token: EOF; write e.g. "value > limit/],
    ['value ~ 3', /4:24 .*Unexpected character: ~/],
    ['value = 3', /write == to compare/],
    ['value > 3 and value < 5', /write && for and/],
    ['not (value > 3)', /there is no function not\(\); write !\(…\)/],
    ['value > 3 && labels.floor > 3', /4:31 .*no such overload: string > int; compare like with like/],
    ['value + "x" > 3', /no such overload: string > int/],
    ['value * 2', /4:18 .*an expression must be true or false, and this one is a number; compare it with something, e.g. value > limit \* 1.2/],
    ['1 + 2', /must be true or false, and this one is int/],
    ['value > 3 ? value + 1 : value', /must be true or false, and this one is a number/],
    ['value > 3 && foo(value)', /4:31 .*there is no function foo\(\); known here: has, size/],
    ['sise(value) > 3', /there is no function sise\(\); did you mean "size"\?/],
    ['value.startWith("a")', /there is no function .startWith\(\); did you mean "startsWith"\?/],
    ['value.matches("(a+)+$")', /matches\(\) takes a regular expression, which may take for ever; write .glob/],
    ['[1, 2].exists(x, x > value)', /exists\(\) goes through a list, which an expression may not; write the values out/],
    ['data.tags.all(t, t == "a")', /all\(\) goes through a list/],
    ['cel.bind(x, value, x > 1)', /bind\(\) goes through a list/],
    ['metrics[metric] > 3', /what is looked up in metrics must be written out, so that it is known what the rule hears; write e.g. metrics.hr/],
    ['metrics["a*"] > 3', /"a\*" is a pattern, not a metric/],
    ['metrics.sys.bp > 3', /only maps have members; write metrics\["sys.bp"\]/],
    ['sys.bp > 3', /only maps have members; write metrics\["sys.bp"\] for the metric of that name/],
    ['metrics == 1', /"metrics" alone says nothing; write e.g. metrics.hr/],
    ['has(hr)', /has\(\) asks for a member of a map; write has\(metrics.hr\)/],
    ['has(labels.wing)', /every device has every label, if only an empty one; write e.g. labels.ward != ''/],
    ['data.amount > 3', /there is no "data" where a rule hears readings; write on: { event: … }, or a metric/],
    ['value.glob(unit)', /the pattern of glob\(\) must be written out/],
    ['duration(unit) > duration("1s")', /the text of a duration must be written out/],
    ['now.getHours("Europe/London") > 3', /.getHours\(\) is in UTC, without a time zone; use "while" of the rule for local times/],
    ['package > 3', /"package" is a word of the language; write metrics\["package"\]/],
    ['now.getHours() > 3 && value', /^$/],
    [`${'!'.repeat(1_500)}true`, /an expression too large/],
    [`${'('.repeat(500)}true${')'.repeat(500)}`, /an expression too large/],
    [Array.from({ length: 300 }, () => 'value > 1').join(' && ').slice(0, 1_990), /an expression too large|this is no expression/],
    [`value > 3 && "${'x'.repeat(3_000)}" == unit`, /longer than 2000; make several rules of it/],
    ['', /expected an expression, found ""/],
  ])('%s', (text, problem) => {
    if (problem.source === '^$') return expect(refusals(text)).toEqual([])
    return expect(refusals(text)).toEqual([expect.stringMatching(problem)])
  })

  it('where it asks for no reading, and where it asks for one of an event', () => {
    expect(refusals('now.getHours() > 3', 'device: d')).toEqual([expect.stringMatching(/asks for no reading: nothing would ever evaluate it; use value or metrics.NAME/)])
    expect(refusals('value > 3', 'event: e')).toEqual([expect.stringMatching(/"value" is unknown where a rule hears events; an event has its data: write e.g. data.amount/)])
    expect(refusals('amount > 3', 'event: e')).toEqual([expect.stringMatching(/"amount" is unknown where a rule hears events; write data.amount, or known here:/)])
    expect(refusals('event.id == "3"', 'event: e')).toEqual([expect.stringMatching(/an event has no "id"; write event.type, or data.id/)])
  })

  it('whatever its text, with a place inside it, and never otherwise', () => {
    const word = fc.constantFrom('value', 'metrics', '.', 'hr', '[', ']', '(', ')', '{', '}', '"a"', "'", '&&', '||', '!', '-', '+', '*', '/', '%', '==', '<', 'in', '?', ':', ',', '1', '2.5', '1u', 'b"x"', 'null', 'true', 'has', 'size', 'labels', 'data', 'event', 'now', 'duration', 'matches', 'map', 'constructor', '__proto__', '\\', '\n', 'r"', '"""', '0x', '1e999')
    fc.assert(fc.property(fc.oneof(fc.string({ maxLength: 60 }), fc.array(word, { maxLength: 16 }).map((words) => words.join(' ')), fc.array(word, { maxLength: 16 }).map((words) => words.join(''))), fc.constantFrom('readings', 'events'), (text, subject) => {
      const result = cel.compile(text, subject)
      if (result.ok) {
        const { expression } = result
        const variables = Object.assign(Object.create(null) as Record<string, unknown>, { value: 1, unit: '', metric: 'm', device: 'd', labels: new Map(), metrics: new Map([['hr', 5]]), [innerMetric('hr')]: 5 })
        try {
          expect([true, false, undefined]).toContain(expression.evaluate(variables, false))
        } catch (thrown) {
          expect((thrown as Error).message).toMatch(/^the expression cannot be evaluated: /)
        }
      } else {
        expect(result.problems.length).toBeGreaterThan(0)
        for (const { offset, message, remedy } of result.problems) {
          expect(offset).toBeGreaterThanOrEqual(0)
          expect(offset).toBeLessThanOrEqual(text.length)
          expect(message.length * remedy.length).toBeGreaterThan(0)
        }
      }
    }), { numRuns: 5_000 })
  })
})
