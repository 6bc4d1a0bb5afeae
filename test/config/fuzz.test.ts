import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../gateway/config/load.ts'
import type { Problem } from '../../gateway/kernel/problem.ts'
import { kindSchemas } from '../../gateway/rules/schemas.ts'
import { readRules } from '../../gateway/rules/load.ts'

const options = { env: {}, cwd: '/nowhere', file: undefined, shown: 'limen.yaml' }
const deps = { kinds: kindSchemas, targets: new Set(['nurse-call']) }

/** Words that lead deep into the schemas, put together at random. */
const words = ['site', 'mqtt', 'http', 'port', 'host', 'rules', 'id', 'on', 'when', 'level', 'hi', 'lo', 'hysteresis', 'above', 'equals', 'absent', 'after', 'for', 'priority', 'then', 'command', 'notify', 'device', 'value', 'message', 'targets', 'webhook', 'url', 'secretEnv', 'influx', 'version', 'devices', 'labels', 'type', 'technical.offline', '__proto__', 'constructor', 'toString', 'rule', 'mode', 'off', '10s', '-1', '1e999', '.nan', '"{device}"', '{labels.x}', 'x-*', '#', '+', 'https://x.example']
const word = fc.constantFrom(...words)
const tree = fc.letrec((tie) => ({
  node: fc.oneof({ maxDepth: 6 }, fc.oneof(word, fc.integer(), fc.boolean(), fc.constant(null), fc.string()), fc.array(tie('node'), { maxLength: 4 }), fc.dictionary(fc.oneof({ weight: 9, arbitrary: word }, { weight: 1, arbitrary: fc.string() }), tie('node'), { maxKeys: 5 })),
})).node
const broken = fc.array(fc.oneof({ weight: 3, arbitrary: word }, { weight: 4, arbitrary: fc.constantFrom(': ', '\n', '\n  ', '- ', '{', '}', '[', ']', ', ', '&a ', '*a', '"', "'", '|', '>', '!', '%', '#', '\t', '? ', '---\n', '\r\n', '\0', '\u{1F321}') }, { weight: 1, arbitrary: fc.string() }), { maxLength: 60 }).map((parts) => parts.join(''))
const texts = fc.oneof(broken, fc.string({ unit: 'binary', maxLength: 200 }), tree.map((value) => JSON.stringify(value, undefined, 2)))

function expectInside(problems: readonly Problem[], text: string): void {
  const lines = text.replace(/^\uFEFF/, '').split('\n')
  for (const problem of problems) {
    expect(problem.line).toBeGreaterThanOrEqual(1)
    expect(problem.line).toBeLessThanOrEqual(lines.length)
    expect(problem.column).toBeGreaterThanOrEqual(1)
    expect(problem.column).toBeLessThanOrEqual(lines[problem.line - 1]!.length + 1)
    expect(problem.message).not.toBe('')
    expect(problem.remedy).not.toBe('')
  }
}

describe('whatever stands in a file', () => {
  it('a configuration is right, or every problem stands in the file', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const { config, problems } = readConfig(text, options)
        expect(config === undefined).toBe(problems.length > 0)
        expectInside(problems, text)
      }),
      { numRuns: 2_000 },
    )
  })

  it('rules are right, or every problem stands in the file', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const { rules, problems } = readRules(text, 'rules.yaml', deps)
        expectInside(problems, text)
        for (const rule of rules) expect(rule.version).toMatch(/^[0-9a-f]{16}$/)
      }),
      { numRuns: 2_000 },
    )
  })

  it('bytes that are no text are a problem, not a crash', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const { config, problems } = readConfig(bytes, options)
        expect(config === undefined).toBe(problems.length > 0)
      }),
      { numRuns: 1_000 },
    )
  })

  it.each([
    ['100,000 levels of lists', '['.repeat(100_000)],
    ['100,000 levels of mappings', '{a: '.repeat(100_000)],
    ['a long indented staircase', Array.from({ length: 3_000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
    ['20,000 anchors', '&a '.repeat(20_000)],
    ['a list that holds itself', 'rules: &a [*a]'],
  ])('%s are refused and end nothing', (_, text) => {
    expect(readConfig(text, options).problems.length).toBeGreaterThan(0)
    expect(readRules(text, 'rules.yaml', deps).problems.length).toBeGreaterThan(0)
  })
})
