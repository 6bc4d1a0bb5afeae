import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DocumentNode } from '../../../gateway/kernel/document.ts'
import type { Problem } from '../../../gateway/kernel/problem.ts'
import { formatProblem } from '../../../gateway/kernel/problem.ts'
import type { Value } from '../../../gateway/kernel/reading.ts'
import { parseYaml } from '../../../gateway/kernel/yaml.ts'
import type { Comparison } from '../../../gateway/rules/kinds/comparison.schema.ts'
import { comparisonShape, compileComparison, limitOfComparison, relaxed } from '../../../gateway/rules/kinds/comparison.schema.ts'

function read(text: string): { readonly given: unknown; readonly problems: readonly string[] } {
  const { documents } = parseYaml(text, 'r.yaml')
  const problems: Problem[] = []
  const given = comparisonShape.read(documents[0] as DocumentNode, 'when', problems)
  return { given, problems: problems.map(formatProblem) }
}

/** The document's words, one by one. */
function holds(comparison: Comparison, x: number): boolean {
  const { gt, ge, lt, le, eq, ne, between, outside } = comparison
  return [
    gt === undefined || x > gt, ge === undefined || x >= ge, lt === undefined || x < lt, le === undefined || x <= le, eq === undefined || x === eq, ne === undefined || x !== ne,
    between === undefined || (x >= between[0] && x <= between[1]), outside === undefined || x < outside[0] || x > outside[1],
  ].every(Boolean)
}

const small = fc.integer({ min: -4, max: 4 })
const range = fc.tuple(small, small).filter(([a, b]) => a < b)
const comparisons = fc.record({ gt: small, ge: small, lt: small, le: small, eq: small, ne: small, between: range, outside: range }, { requiredKeys: [] })

describe('a comparison', () => {
  it('holds where all that is written holds, and loads only if some number meets it', () => {
    fc.assert(fc.property(comparisons, (comparison) => {
      const { given, problems } = read(JSON.stringify(comparison))
      const grid = Array.from({ length: 41 }, (_, i) => (i - 20) / 4)
      const meets = grid.filter((x) => holds(comparison, x))
      const alone = comparison.eq === undefined || Object.keys(comparison).length === 1
      expect(problems.length === 0).toBe(Object.keys(comparison).length > 0 && alone && meets.length > 0)
      if (problems.length > 0) return
      expect(given).toEqual(comparison)
      expect(grid.filter(compileComparison(comparison))).toEqual(meets)
    }), { numRuns: 3_000 })
  })

  it('once relaxed holds at least where it did, and further out by the hysteresis', () => {
    fc.assert(fc.property(comparisons, fc.integer({ min: 0, max: 2 }), small, (comparison, hysteresis, x) => {
      const stays = compileComparison(relaxed(comparison, hysteresis))
      if (holds(comparison, x)) expect(stays(x)).toBe(true)
    }))
    const stays = compileComparison(relaxed({ gt: 10 }, 2))
    expect([8, 8.1, 10].map(stays)).toEqual([false, true, true])
    expect([18, 18.1, 21, 22].map(compileComparison(relaxed({ between: [18.1, 20] }, 1)))).toEqual([true, true, true, false])
    expect([11, 12, 18, 19].map(compileComparison(relaxed({ outside: [10, 20] }, 2)))).toEqual([true, false, false, true])
  })

  it.each<[Comparison, Value, boolean | undefined]>([
    [{ eq: true }, true, true], [{ eq: true }, 'ON', true], [{ eq: 'on' }, true, true], [{ eq: false }, 'Off', true], [{ eq: true }, 1, undefined], [{ eq: 1 }, true, undefined],
    [{ eq: 'open' }, 'open', true], [{ eq: 'open' }, 'shut', false], [{ eq: 'open' }, true, undefined], [{ ne: 'open' }, 'shut', true], [{ ne: 'open' }, 3, undefined],
    [{ ne: false }, 'ON', true], [{ ne: 3 }, 4, true], [{ ne: 3 }, '3', undefined], [{ gt: 3 }, '4', undefined], [{ gt: 3 }, true, undefined], [{ gt: 3 }, Infinity, undefined],
    [{ eq: 3 }, Number.NaN, undefined], [{ ge: 3 }, null, undefined],
  ])('%j of %s is %s', (comparison, value, truth) => {
    expect(compileComparison(comparison)(value)).toBe(truth)
  })

  it.each([
    ['{}', 'r.yaml:1:1 when: a comparison is missing; write at least one of gt, ge, lt, le, eq, ne, between, outside, e.g. gt: 5'],
    ['{ gt: 10, lt: 5 }', 'r.yaml:1:15 when.lt: nothing is both > 10 and < 5; what lies on either side of a range is outside: [5, 10]'],
    ['{ ge: 5, lt: 5 }', 'r.yaml:1:14 when.lt: nothing is both ≥ 5 and < 5; leave room between them'],
    ['{ between: [20, 10] }', 'r.yaml:1:12 when.between: a range goes from the smaller to the greater number, found [20, 10]; write [10, 20]'],
    ['{ outside: [7, 7] }', 'r.yaml:1:12 when.outside: a range goes from the smaller to the greater number, found [7, 7]; for one value write eq: 7 or ne: 7'],
    ['{ between: [1, 2, 3] }', 'r.yaml:1:12 when.between: expected two numbers, found 3; write e.g. [10, 20]'],
    ['{ between: 1 }', 'r.yaml:1:12 when.between: expected a list, found 1; write e.g. between: [10, 20]'],
    ['{ eq: on, gt: 1 }', 'r.yaml:1:7 when.eq: eq cannot stand beside gt; one value is either allowed by the other or is not: leave one of them out'],
    ['{ ne: open, gt: 1 }', 'r.yaml:1:7 when.ne: ne: open is not about numbers and cannot stand beside gt; make two rules of it'],
    ['{ ge: 5, le: 5, ne: 5 }', 'r.yaml:1:21 when.ne: nothing but 5 is ≥ 5 and ≤ 5; leave ne out'],
    ['{ between: [2, 3], outside: [1, 4] }', 'r.yaml:1:29 when.outside: nothing that is ≥ 2 and ≤ 3 is outside [1, 4]; leave outside out, or make the other range wider'],
    ['{ gt: "5" }', 'r.yaml:1:7 when.gt: expected a number, found "5"; write e.g. gt: 5'],
    ['{ over: 5 }', 'r.yaml:1:3 when.over: unknown key "over"; known here: gt, ge, lt, le, eq, ne, between, outside'],
  ])('%s is refused', (text, problem) => {
    expect(read(text).problems).toContain(problem)
  })

  it('shows its limit where it has one', () => {
    expect([{ gt: 5 }, { eq: 'open' }, { between: [1, 2] as const }, { gt: 1, lt: 2 }].map(limitOfComparison)).toEqual([5, 'open', null, null])
  })
})
