import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Rule } from '../../gateway/kernel/rule.ts'
import type { BacktestLine } from '../../gateway/kernel/backtest.ts'
import type { InputLine } from '../../gateway/replay-lines.ts'
import { createTimeline } from '../support/timeline.ts'

const never = 1_000_000_000

const bases: Rule = {
  id: '', class: 'process', on: {}, when: { kind: 'level', spec: {} }, forMs: 0, clearForMs: 0, staleMs: never, unit: undefined, priority: 'medium', latch: false, ack: 'required',
  key: 'device', schedule: undefined, realarmMs: undefined, escalateMs: [], message: '{metric} {value}', then: [], mode: 'live', source: { file: 'x', line: 1 }, version: '1', conditionVersion: '1',
}
const condition = fc.oneof(
  fc.constant({ kind: 'level', spec: { form: 'limits', limits: { hi: 80 }, hysteresis: 2 } }),
  fc.constant({ kind: 'level', spec: { form: 'limits', limits: { lolo: 10, lo: 20, hi: 80, hihi: 90 }, hysteresis: 2 } }),
  fc.constant({ kind: 'level', spec: { form: 'equals', equals: 85 } }),
)
const selector = fc.constantFrom({ metric: 'm1' }, { metric: 'm*' }, { device: 'd1' }, { device: 'd*', metric: 'm2' })

function ruleSet(delay: fc.Arbitrary<number>, stale: fc.Arbitrary<number>, only: fc.Arbitrary<Rule['when']> = condition): fc.Arbitrary<readonly Rule[]> {
  const one = fc.record({ on: selector, when: only, forMs: delay, clearForMs: delay, staleMs: stale, latch: fc.boolean(), ack: fc.constantFrom('required' as const, 'auto' as const), key: fc.constantFrom('device' as const, 'device' as const, 'rule' as const) })
  return fc.array(one, { minLength: 1, maxLength: 4 }).map((rules) => rules.map((rule, i) => ({ ...bases, ...rule, id: `r${i}` })))
}

const value = fc.constantFrom<unknown>(5, 12, 50, 70, 78, 79, 80, 85, 88, 89, 95, 'NaN', null, 'text')
const verb = fc.constantFrom('ack', 'reset', 'shelve', 'unshelve', 'suppress', 'unsuppress', 'outOfService', 'returnToService', 'comment')
const reading = fc.record({ device: fc.constantFrom('d1', 'd2'), metric: fc.constantFrom('m1', 'm2'), value, lateMs: fc.option(fc.nat(3_000), { nil: undefined }) })
const operator = fc.record({ do: verb, rule: fc.constantFrom('r0', 'r1'), key: fc.constantFrom('d1', 'd2', 'd1.m1', 'r0'), forMs: fc.nat(20_000) })
const input = fc.array(fc.record({ after: fc.nat(4_000), what: fc.oneof({ weight: 5, arbitrary: reading }, { weight: 2, arbitrary: operator }, { weight: 1, arbitrary: fc.constant('time passes' as const) }) }), { minLength: 5, maxLength: 40 })

/** Lines of a backtest; every series is heard of once at the beginning. */
function linesOf(given: typeof input extends fc.Arbitrary<infer T> ? T : never): InputLine[] {
  let at = 0
  const first = ['d1', 'd2'].flatMap((device) => ['m1', 'm2'].map((metric): InputLine => ({ at, device, metric, value: 50 })))
  return [...first, ...given.map(({ after, what }): InputLine => {
    at += after
    if (what === 'time passes') return { at }
    if ('do' in what) return { at, do: what.do, rule: what.rule, key: what.key, until: at + what.forMs, by: 'ann', note: 'because' }
    return { at, device: what.device, metric: what.metric, value: what.value, ...(what.lateMs === undefined ? {} : { ts: at - what.lateMs }) }
  })]
}

/** Runs the lines; before each line that is to be cut, does what the cut is. */
async function run(rules: readonly Rule[], lines: readonly InputLine[], cut?: { readonly before: (i: number) => boolean; readonly as: 'kill' | 'undo' }): Promise<{ out: readonly BacktestLine[]; hash: string }> {
  const timeline = await createTimeline(rules)
  const out: BacktestLine[] = []
  for (const [i, line] of lines.entries()) {
    if (cut?.before(i) === true) {
      out.push(...(await timeline.line({ at: line.at })))
      if (cut.as === 'undo') await timeline.undo(line.at)
      else out.push(...(await timeline.line({ at: line.at, restart: { downMs: 0 } })))
    }
    out.push(...(await timeline.line(line)))
  }
  out.push(...(await timeline.line({ at: lines.at(-1)!.at + 100_000 })))
  return { out, hash: timeline.stage().stateHash() }
}

const numRuns = 150
const noDelay = fc.constant(0)
const delays = fc.constantFrom(0, 0, 1_000, 5_000)
const noStale = fc.constant(never)

describe('a crash', () => {
  it('leaves in the store, after every input, the whole state that is in memory', async () => {
    await fc.assert(fc.asyncProperty(ruleSet(delays, fc.constantFrom(never, 5_000)), input, async (rules, given) => {
      const timeline = await createTimeline(rules)
      for (const line of linesOf(given)) {
        await timeline.line(line)
        expect((await timeline.twin(line.at)).stateHash()).toBe(timeline.stage().stateHash())
      }
    }), { numRuns: 60 })
  })

  it('is invisible anywhere in the input where nothing but conditions, alarms, operators and shelving goes on', async () => {
    await fc.assert(fc.asyncProperty(ruleSet(noDelay, noStale), input, fc.nat(40), async (rules, given, where) => {
      const lines = linesOf(given)
      expect(await run(rules, lines, { before: (i) => i >= 4 && i % 41 === where, as: 'kill' })).toEqual(await run(rules, lines))
    }), { numRuns })
  })

  it('is invisible before every input of the one series there is, running delays and expiring values included', async () => {
    const good = fc.constantFrom(50, 70, 78, 79, 80, 85, 88, 89, 95)
    const samples = fc.array(fc.record({ after: fc.integer({ min: 1, max: 6_000 }), value: good }), { minLength: 3, maxLength: 30 })
    await fc.assert(fc.asyncProperty(ruleSet(delays, fc.constantFrom(3_000, 8_000, never)), samples, async (rules, given) => {
      let at = 0
      const lines = given.map((sample): InputLine => ({ at: (at += sample.after), device: 'd1', metric: 'm1', value: sample.value }))
      expect(await run(rules, lines, { before: (i) => i > 0, as: 'kill' })).toEqual(await run(rules, lines))
    }), { numRuns })
  })

  it('of a commit is invisible between any two inputs: delays and absences run on', async () => {
    const absence = fc.constant({ kind: 'absent', spec: { afterMs: 4_000, graceMs: 4_000 } })
    const rules = fc.tuple(ruleSet(delays, noStale), ruleSet(noDelay, noStale, absence)).map(([levels, absences]) => [...levels, ...absences.map((rule) => ({ ...rule, id: `a-${rule.id}`, ack: 'auto' as const }))])
    await fc.assert(fc.asyncProperty(rules, input, async (given, what) => {
      const lines = linesOf(what)
      expect(await run(given, lines, { before: (i) => i >= 4, as: 'undo' })).toEqual(await run(given, lines))
    }), { numRuns })
  })

  it('gives the same again: the same input, the same cuts, the same transitions and the same hash', async () => {
    await fc.assert(fc.asyncProperty(ruleSet(delays, fc.constantFrom(never, 5_000)), input, fc.integer({ min: 2, max: 7 }), async (rules, given, each) => {
      const lines = linesOf(given)
      const cut = { before: (i: number) => i % each === 0, as: 'kill' } as const
      expect(await run(rules, lines, cut)).toEqual(await run(rules, lines, cut))
    }), { numRuns: 50 })
  })
})
