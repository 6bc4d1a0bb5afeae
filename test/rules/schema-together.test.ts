import { describe, expect, it } from 'vitest'
import { formatProblem } from '../../gateway/kernel/problem.ts'
import type { KindSchema, KindTable } from '../../gateway/kernel/rule-kind.ts'
import { readRules } from '../../gateway/rules/load.ts'
import { kindSchemas } from '../../gateway/rules/schemas.ts'

/** Kinds as there may be, with nothing in them but what is looked at here. */
const kind = (name: string, more: Partial<KindSchema>): KindSchema => ({
  name, shortForms: [], example: `${name}: {}`, parse: () => ({ ok: true, spec: {} }), levels: () => [], allowsFor: true, needsOneOf: [], defaultMessage: name, ...more,
})
const kinds: KindTable = {
  level: kindSchemas['level']!,
  absent: kindSchemas['absent']!,
  score: kindSchemas['score']!,
  counts: kind('counts', { hears: ['readings', 'events'] }),
  cards: kind('cards', { hears: ['events'] }),
  fans: kind('fans', { onOptional: true, defaultKey: () => 'rule' }),
}
const read = (members: string) => {
  const { rules, problems } = readRules(`- { id: r, ${members} }`, 'r.yaml', { kinds, targets: new Set() })
  return { rule: rules[0], problems: problems.map(formatProblem) }
}

describe('on and key', () => {
  it.each([
    ['on: { metric: hr }, when: { above: 1 }', 'device'],
    ['on: { metric: hr }, when: { above: 1 }, key: rule', 'rule'],
    ['on: { metric: hr }, when: { above: 1 }, key: label.ward', 'label.ward'],
    ['on: { metric: hr }, when: { above: 1 }, key: "label.the ward"', 'label.the ward'],
    ['on: { event: "card.*" }, when: { counts: {} }', 'device'],
    ['on: { event: "card.*" }, when: { counts: {} }, key: data.card', 'data.card'],
    ['on: { event: "card.*", device: "reader-*" }, when: { cards: {} }, key: data.reader.id', 'data.reader.id'],
    ['when: { fans: {} }', 'rule'],
    ['when: { fans: {} }, key: device', 'device'],
    ['on: { label: { ward: east } }, when: { fans: {} }, key: label.ward', 'label.ward'],
  ])('are right together: %s', (members, key) => {
    const { rule, problems } = read(members)
    expect(problems).toEqual([])
    expect(rule!.key).toBe(key)
  })

  it('keep what was written', () => {
    expect(read('on: { event: "card.*", device: "reader-*" }, when: { cards: {} }').rule!.on).toEqual({ event: 'card.*', device: 'reader-*' })
    expect(read('when: { fans: {} }').rule!.on).toEqual({})
  })

  it.each([
    ['on: { metric: hr }, when: { counts: {} }, key: data.card', 'r.yaml:1:59 rules[0].key: key: data.card is about the data of an event, and this rule hears readings; write device, rule or label.NAME, or on: { event: … }'],
    ['on: { event: "card.*" }, when: { above: 1 }', 'r.yaml:1:16 rules[0].on: level is about readings, and "on" asks for events; write metric: instead of event:, or a kind that hears events: counts, cards'],
    ['on: { metric: hr }, when: { cards: {} }', 'r.yaml:1:16 rules[0].on: cards is about events, and "on" asks for readings; write e.g. on: { event: "card.*" }'],
    ['when: { counts: {} }', 'r.yaml:1:3 rules[0]: "on" is missing; write on: { metric: spo2, device: "bed-*" }'],
    ['on: {}, when: { fans: {} }', 'r.yaml:1:16 rules[0].on: a rule that listens to nothing; write at least one of metric, device, deviceType, label, event'],
    ['on: { metric: hr, event: "card.*" }, when: { counts: {} }', 'r.yaml:1:26 rules[0].on.metric: an event has no metric: "event" and "metric" cannot stand together; keep one of them'],
  ])('are refused: %s', (members, problem) => {
    expect(read(members)).toEqual({ rule: undefined, problems: [problem] })
  })
})
