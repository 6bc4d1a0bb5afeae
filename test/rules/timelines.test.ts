import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { InputLine } from '../../gateway/replay-lines.ts'
import { createTimeline, rulesOf } from '../support/timeline.ts'

const root = join(import.meta.dirname, '../cases')
const cases = ['timelines', 'kinds'].flatMap((folder) => readdirSync(join(root, folder), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => `${folder}/${name}`)).sort()

const linesOf = (file: string): unknown[] =>
  readFileSync(file, 'utf8').split('\n').filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as unknown)

/** Of each expected line only the members that are written there are compared. */
function picked(actual: readonly object[], expected: readonly unknown[]): unknown[] {
  return actual.map((line, i) => {
    const wanted = expected[i]
    if (typeof wanted !== 'object' || wanted === null) return line
    return Object.fromEntries(Object.keys(wanted).map((name) => [name, (line as Record<string, unknown>)[name]]))
  })
}

describe('golden timelines', () => {
  it('has the cases of the document', () => {
    expect(cases).toEqual(expect.arrayContaining(['timelines/h01-level-hysteresis', 'timelines/h04-restart-goes-on', 'timelines/h11-levels']))
  })

  for (const name of cases) {
    it(name, async () => {
      const folder = join(root, name)
      const timeline = await createTimeline(rulesOf(readFileSync(join(folder, 'rules.yaml'), 'utf8')))
      const out: object[] = []
      for (const line of linesOf(join(folder, 'input.jsonl'))) out.push(...(await timeline.line(line as InputLine)))
      const expected = linesOf(join(folder, 'expected.jsonl'))
      expect(picked(out, expected)).toEqual(expected)
    })
  }
})
