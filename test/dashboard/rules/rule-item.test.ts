import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { RuleItem } from '../../../dashboard/src/rules/rule-item.ts'
import { arrangeRules, asRulesFile, byWords, highestPriority, listensTo } from '../../../dashboard/src/rules/rule-item.ts'

const rule = (id: string, more: Partial<RuleItem> = {}): RuleItem =>
  ({ id, on: { metric: 'spo2' }, when: { kind: 'level', spec: {} }, priority: 'medium', message: '', state: 'live', fault: null, changedBy: 'anna', ...more }) as RuleItem

describe('what a rule listens to', () => {
  it('is said in words', () => {
    expect(listensTo({ metric: 'spo2' })).toBe('spo2')
    expect(listensTo({ metric: 'spo2', device: 'bed-*' })).toBe('spo2 of bed-*')
    expect(listensTo({ deviceType: 'ward-monitor', label: { ward: 'east' } })).toBe('all of type ward-monitor, ward east')
  })

  it('is said even where a later gateway knows more ways', () => {
    expect(listensTo({ event: 'card.*' })).toBe('event card.*')
    expect(listensTo({ device: 'door-1', match: { a: 1 } } as never)).toBe('all of door-1, match {"a":1}')
  })
})

it('is told who wrote it, or which file it is from', () => {
  expect([byWords('anna'), byWords('file:rules/ward.yaml'), byWords(null)]).toEqual([' by anna', ' from rules/ward.yaml', ''])
})

describe('the list of rules', () => {
  const rules = [rule('b'), rule('a', { message: 'SpO₂ low' }), rule('z', { state: 'faulty', fault: 'threw' }), rule('c', { state: 'shadow', on: { device: 'pump-*' } })]
  const ids = (filter: Parameters<typeof arrangeRules>[2]): readonly string[] => arrangeRules(rules, new Map([['b', 2]]), filter).map(({ rule: { id } }) => id)

  it('has what is faulty first, then goes by id', () => {
    expect(ids({})).toEqual(['z', 'a', 'b', 'c'])
  })

  it('is narrowed by words and by state', () => {
    expect(ids({ text: ' PUMP ' })).toEqual(['c'])
    expect(ids({ text: 'spo₂' })).toEqual(['a'])
    expect(ids({ state: 'shadow' })).toEqual(['c'])
    expect(ids({ text: 'pump', state: 'live' })).toEqual([])
  })

  it('counts the alarms that stand', () => {
    expect(arrangeRules(rules, new Map([['b', 2]]), { text: 'b' }).find(({ rule: { id } }) => id === 'b')!.standing).toBe(2)
  })

  it('shows the highest priority a rule has', () => {
    expect(highestPriority('low')).toBe('low')
    expect(highestPriority({ lo: 'medium', lolo: 'high' })).toBe('high')
    expect(highestPriority({ lo: 'low' })).toBe('low')
  })
})

describe('one rule as a file of rules', () => {
  it('is the same rule, comments, lists and texts over several lines included', () => {
    const text = '# of the ward\nid: a\nwhen:\n  level: { lo: 90 }\nthen:\n- notify: x\n\nmessage: |\n  two\n    lines\n'
    expect(parse(asRulesFile(text))).toEqual({ rules: [parse(text)] })
    expect(parse(asRulesFile('id: a'))).toEqual({ rules: [{ id: 'a' }] })
  })
})
