import { describe, expect, it } from 'vitest'
import { formatProblem } from '../../gateway/kernel/problem.ts'
import type { WrittenRule } from '../../gateway/kernel/rule-desk.ts'
import { readRules } from '../../gateway/rules/load.ts'
import { readRulesApart } from '../../gateway/rules/load-apart.ts'
import { readWritten } from '../../gateway/rules/read-written.ts'
import { kindSchemas } from '../../gateway/rules/schemas.ts'

const deps = { kinds: kindSchemas, targets: new Set(['nurse-call']) }
const read = (written: WrittenRule | string, id?: string) => readWritten({ written: typeof written === 'string' ? { yaml: written } : written, id, file: 'http' }, deps)
const problemsOf = (written: WrittenRule | string, id?: string): string[] => {
  const { rule, problems } = read(written, id)
  expect(rule).toBeUndefined()
  return problems.map(formatProblem)
}

describe('a rule that is handed in by itself', () => {
  it('is what a file would make of it, and its text stays as it is written', () => {
    const text = '# Agreed in May.\nid: low\non: { metric: spo2 }\nwhen: { below: 90 } # percent\n'
    const { rule, text: kept, problems } = read(text, 'low')
    expect(problems).toEqual([])
    expect(kept).toBe(text)
    expect(rule).toEqual({ ...readRules(text, 'http', deps).rules[0], source: { file: 'http', line: 2 } })
    expect(read(`\uFEFF${text.replaceAll('\n', '\r\n').trimEnd()}`).text).toBe(text)
  })

  it.each([
    ['a block', '# first\non: { metric: t }\nwhen: { above: 1 }\n', '# first\nid: low\non: { metric: t }\nwhen: { above: 1 }\n'],
    ['an indented block', '---\n  on: { metric: t }\n  when: { above: 1 }\n', '---\n  id: low\n  on: { metric: t }\n  when: { above: 1 }\n'],
    ['brackets', '{ on: { metric: t }, when: { above: 1 } }', '{ id: low, on: { metric: t }, when: { above: 1 } }\n'],
    ['brackets over lines', '{on: { metric: t },\n  when: { above: 1 }}\n', '{ id: low, on: { metric: t },\n  when: { above: 1 }}\n'],
    ['a block with an empty id', 'id:\non: { metric: t }\nwhen: { above: 1 }\n', 'id: "low"\non: { metric: "t" }\nwhen: { above: 1 }\n'],
  ])('is given the id it does not name: %s', (_, text, kept) => {
    const given = read(text, 'low')
    expect(given.problems).toEqual([])
    expect(given.text).toBe(kept)
    expect(read(kept, 'low')).toMatchObject({ text: kept, rule: { id: 'low', version: given.rule!.version } })
  })

  it('may have an id that YAML would take for something else', () => {
    const given = read('on: { metric: t }\nwhen: { above: 1 }\n', '007')
    expect(given).toMatchObject({ text: 'id: "007"\non: { metric: t }\nwhen: { above: 1 }\n', rule: { id: '007' } })
  })

  it('may come as JSON, which becomes YAML', () => {
    expect(read({ json: { when: { below: 90 }, on: { metric: 'spo2' } } }, 'low')).toMatchObject({ text: 'id: low\non: { metric: spo2 }\nwhen: { below: 90 }\n', rule: { id: 'low' } })
    expect(read({ json: { id: 'technical.offline', priority: 'high', then: [{ notify: 'nurse-call' }] } }, 'technical.offline')).toMatchObject({ rule: { class: 'technical', priority: 'high' } })
  })

  it.each<[string, WrittenRule | string, string | undefined, string[]]>([
    ['another id than the address', 'id: high\non: { metric: t }\nwhen: { above: 1 }', 'low', ['rule:1:5 id: the rule calls itself "high", not "low"; write id: low, or leave it out']],
    ['no id at all', 'on: { metric: t }\nwhen: { above: 1 }', undefined, ['rule:1:1: "id" is missing; write id: spo2-low']],
    ['a key that is not known', 'on: { metric: t }\nwhen:\n  abvoe: 1', 'low', ['rule:3:3 when.abvoe: unknown kind "abvoe"; did you mean "above"?']],
    ['a target that is not there', 'on: { metric: t }\nwhen: { above: 1 }\nthen: [{ notify: nurse-cal }]', 'low', ['rule:3:18 then[0].notify: there is no target "nurse-cal"; did you mean "nurse-call"?']],
    ['what is no YAML', 'on: { metric: "t }', 'low', ['rule:1:15: a quote that is opened here and never closed; close it, or begin and end the text with the same quote', 'rule:2:1: the indentation does not fit the lines above; put all keys of one level at the same column']],
    ['an id that cannot be one', 'on: { metric: t }\nwhen: { above: 1 }', 'a b', ['rule:1:1 id: expected an id without spaces, of at most 128 characters, found "a b"; write e.g. id: spo2-low']],
    ['nothing', '# only a comment\n', 'low', ['rule:1:1: expected one rule, found nothing; write the keys of one rule: id: spo2-low, on: …, when: …']],
    ['a file', 'rules:\n  - id: low', 'low', ['rule:1:1: expected one rule, found a file of rules; write the keys of one rule: id: spo2-low, on: …, when: …']],
    ['a list', '- id: low', 'low', ['rule:1:1: expected one rule, found a list; write the keys of one rule: id: spo2-low, on: …, when: …']],
    ['two documents', 'id: low\n---\nid: high', 'low', ['rule:3:1: expected one rule, found several; write the keys of one rule: id: spo2-low, on: …, when: …']],
    ['too much', `message: "${'x'.repeat(65_536)}"`, 'low', ['rule:1:1: the rule has 65548 bytes, more than 64 KiB; write it shorter']],
    ['JSON that is wrong', { json: { on: { metric: 't' }, when: { above: 'x' } } }, 'low', ['rule:2:16 when.above: expected a number, found "x"; write e.g. above: 130']],
  ])('is refused where it is wrong: %s', (_, written, id, problems) => {
    expect(problemsOf(written, id)).toEqual(problems)
  })

  it('says all that is wrong at once', () => {
    expect(problemsOf('id: high\nwhen: { above: x }\nfor: soon', 'low')).toHaveLength(4)
  })

  it('reads the same in a thread of its own', async () => {
    const rules = [{ written: { yaml: 'id: low\non: { metric: t }\nwhen: { above: 1 }\n' }, id: 'low', file: 'http' }, { written: { json: { on: 1 } }, id: 'x', file: 'http' }]
    const apart = await readRulesApart({ rules, targets: deps.targets }, { inlineBytes: 0 })
    expect(apart).toEqual(await readRulesApart({ rules, targets: deps.targets }))
    expect(apart.map(({ rule }) => rule?.id)).toEqual(['low', undefined])
  })

  it('are refused for now, with a reason, where the thread that reads them ends without an answer', async () => {
    const broken = { rules: [{ written: { yaml: 'id: a' }, id: undefined, file: 'a' }], targets: new Set<string>(), tables: { tables: [], ids: 5 } } as never
    await expect(readRulesApart(broken, { inlineBytes: 0 })).rejects.toMatchObject({ code: 'OVERLOADED', remedy: expect.stringContaining('try again') as string })
  })
})
