import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { formatProblem } from '../../gateway/kernel/problem.ts'
import { loadRules, readRules } from '../../gateway/rules/load.ts'
import { createTableBook } from '../../gateway/rules/load-tables.ts'
import { kindSchemas } from '../../gateway/rules/schemas.ts'
import type { ScoreSpec } from '../../gateway/rules/kinds/score.schema.ts'
import { rulesOf } from '../support/timeline.ts'
import { tempDir } from '../support/temp-dir.ts'

const deps = { kinds: kindSchemas, targets: new Set<string>() }
const table = (id: string, more = 'version: "1"', yes = 2): string => `- { id: ${id}, ${more}, parameters: { door: { flag: { yes: ${yes}, no: 0 } } }, bands: [{ level: bad, total: 2, priority: high }, { level: good }] }\n`
const rule = (id: string, score: string): string => `- { id: ${id}, when: { score: ${score} } }\n`

async function load(files: Readonly<Record<string, string>>, pattern = '**/*.yaml') {
  const base = tempDir()
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(base, name, '..'), { recursive: true })
    writeFileSync(join(base, name), content)
  }
  return loadRules([{ kind: 'files', pattern, place: { file: 'limen.yaml', line: 1, column: 9 }, path: 'rules[0]' }], { ...deps, baseDir: base, cwd: base })
}

describe('score tables', () => {
  it('come with Limen, right to the last line', () => {
    const book = createTableBook()
    for (const id of book.ids) expect(book.find(id)).toMatchObject({ id, name: 'NEWS2', version: '2017.1', maxAgeMs: 900_000 })
    expect(book.find('news3')).toBeUndefined()
    expect(book.has('news3')).toBe(false)
  })

  it('may stand in any file, after the rule that names them or without any rule', async () => {
    const { rules, problems, tables } = await load({ 'a.yaml': `rules:\n${rule('r', '{ table: door }')}`, 'z/tables.yaml': `tables:\n${table('door')}` })
    expect(problems.map(formatProblem)).toEqual([])
    expect(rules[0]!.when.spec).toMatchObject({ maxAgeMs: 900_000, table: { id: 'door', bands: [{ level: 'good' }, { level: 'bad' }] } })
    expect(tables.tables.map(({ id }) => id)).toEqual(['door'])
    // One rule alone, as an edit gives it, finds the tables of the files.
    const alone = readRules(rule('r2', '{ table: door }'), 'edit', { ...deps, tables })
    expect(alone.problems).toEqual([])
    expect(readRules(rule('r2', '{ table: door }'), 'edit', deps).problems).toHaveLength(1)
  })

  it('of a site stand before those of the same id that come with Limen', () => {
    const [given] = rulesOf(`tables:\n${table('news2')}rules:\n${rule('r', '{ table: news2 }')}`)
    expect((given!.when.spec as ScoreSpec).table.parameters.map(({ metric }) => metric)).toEqual(['door'])
  })

  it('have an id of their own, over all files', async () => {
    const { problems } = await load({ 'a.yaml': `tables:\n${table('door')}`, 'b.yaml': `tables:\n${table('window')}${table('door')}` })
    expect(problems.map(formatProblem)).toEqual(['b.yaml:3:9 tables[1].id: the table at a.yaml:2 has this id; give one of them another id'])
  })

  it('count in the versions of the rules that name them, by their content', () => {
    const versions = (text: string) => rulesOf(`tables:\n${text}rules:\n${rule('r', '{ table: door }')}`).map(({ version, conditionVersion }) => [version, conditionVersion])[0]!
    const [version, conditionVersion] = versions(table('door'))
    expect(versions(`# a comment\n${table('door')}`)).toEqual([version, conditionVersion])
    for (const other of [table('door', 'version: "2"'), table('door', 'version: "1"', 3)]) {
      expect(versions(other)[0]).not.toBe(version)
      expect(versions(other)[1]).not.toBe(conditionVersion)
    }
  })

  it('that are faulty are told where they stand, and only there', () => {
    const { problems } = readRules(`tables:\n${table('door', 'version:')}rules:\n${rule('r', '{ table: door }')}`, 'r.yaml', deps)
    expect(problems.map(formatProblem)).toEqual(['r.yaml:2:3 tables[0]: "version" is missing; write version: "1"'])
  })
})

describe('a score rule', () => {
  const read = (members: string) => rulesOf(`tables:\n${table('door')}rules:\n- { id: r, ${members} }`)[0]!

  it('has priorities and words of its table', () => {
    expect(read('when: { score: { table: news2 } }')).toMatchObject({ on: {}, key: 'device', priority: { 'low-medium': 'low', medium: 'medium', high: 'high' }, message: 'NEWS2 {value} on {device}' })
    expect(read('when: { score: { table: door } }, message: "{level}"')).toMatchObject({ priority: { bad: 'high' }, message: '{level}' })
  })

  it('may say otherwise, for all levels or some', () => {
    expect(read('when: { score: { table: news2 } }, priority: low').priority).toBe('low')
    expect(read('when: { score: { table: news2 } }, priority: { medium: high }').priority).toEqual({ 'low-medium': 'low', medium: 'high', high: 'high' })
  })

  it('may narrow down its devices', () => {
    expect(read('on: { device: "bed-*", label: { ward: east } }, when: { score: { table: news2, maxAge: 1h } }')).toMatchObject({ on: { device: 'bed-*', label: { ward: 'east' } }, when: { spec: { maxAgeMs: 3_600_000 } } })
  })
})

describe.each(['score', 'schedule', 'keys-and-events'])('docs/rules/%s.md', (name) => {
  it('shows what is right', () => {
    const page = readFileSync(join(import.meta.dirname, `../../docs/rules/${name}.md`), 'utf8')
    const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text!)
    expect(blocks.length).toBeGreaterThan(0)
    for (const text of blocks) expect(readRules(text, `${name}.md`, deps).problems.map(formatProblem)).toEqual([])
  })
})
