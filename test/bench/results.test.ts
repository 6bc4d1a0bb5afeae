import { parse } from 'yaml'
import { describe, expect, it } from 'vitest'
import { parseBenchArguments } from '../../bench/arguments.ts'
import { createNotebook } from '../../bench/figures.ts'
import { benchRules, ruleCount } from '../../bench/servers/gateway-config.ts'
import { median, spreadOf } from '../../bench/statistics.ts'
import { figureTable } from '../../bench/table.ts'
import { verdicts } from '../../bench/targets.ts'

describe('arguments of the bench', () => {
  it('measure everything by default, and less with --quick', () => {
    const full = parseBenchArguments([])
    const quick = parseBenchArguments(['--quick', '--only', 'disk,latency'])
    expect(full).toMatchObject({ ok: true, options: { runs: 3, only: expect.arrayContaining(['throughput', 'start']) } })
    expect(quick).toMatchObject({ ok: true, options: { runs: 1, only: ['latency', 'disk'] } })
  })

  it.each([
    [['--only', 'speed'], 'no measurement "speed"'],
    [['--subjects', 'kafka'], '"kafka" cannot be measured'],
    [['--seconds', 'ten'], '--seconds takes a number'],
    [['--runs', '0'], '--runs takes a whole number'],
    [['--fast'], '--fast'],
    [['throughput'], 'throughput'],
  ])('refuse %j in one line that says what to write', (argv, words) => {
    const parsed = parseBenchArguments(argv)
    expect(parsed).toMatchObject({ ok: false, problem: expect.stringContaining(words) })
    expect(parsed).toMatchObject({ problem: expect.stringMatching(/^[^\n]*Usage: npm run bench[^\n]*$/) })
  })
})

describe('figures of the bench', () => {
  it('are medians over the runs, with missing values counted and not averaged', () => {
    expect(median([9, 1, 5])).toBe(5)
    expect(median([4, 1, 2, 3])).toBe(2.5)
    expect(spreadOf([3, Number.NaN, 1, 2])).toEqual({ count: 3, missing: 1, p50: 2, p99: 3, max: 3 })
  })

  it('are held against the targets, and one that was not measured is not called met', () => {
    const notebook = createNotebook('throughput')
    const setting = '50 connections × 50 in flight'
    for (const value of [90, 110, 100]) notebook.note({ setting, subject: 'limen', quantity: 'acknowledged', unit: '/s', value })
    notebook.note({ setting, subject: 'bare aedes', quantity: 'acknowledged', unit: '/s', value: 200 })
    const [againstAedes, againstMosquitto] = verdicts(notebook.figures())
    expect(againstAedes).toMatchObject({ value: 0.5, met: false })
    expect(againstMosquitto).toMatchObject({ value: undefined, met: undefined })
    expect(figureTable(notebook.figures())).toContain('90 … 110')
  })

  it('are taken with a hundred rules', () => {
    const { rules } = parse(benchRules()) as { rules: { id: string }[] }
    expect(new Set(rules.map(({ id }) => id)).size).toBe(ruleCount)
  })
})
