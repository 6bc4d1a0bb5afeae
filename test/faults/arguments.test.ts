import { describe, expect, it } from 'vitest'
import { parseFaultArguments, parseRuleSoakArguments, parseSoakArguments } from '../../faults/arguments.ts'

describe('the arguments of npm run faults and npm run soak', () => {
  it('have defaults', () => {
    expect(parseFaultArguments([])).toEqual({ ok: true, options: { rounds: 10, only: ['kill', 'pause', 'full', 'read-only'] } })
    expect(parseSoakArguments([])).toEqual({ ok: true, options: { minutes: 10, rate: 1_000, json: undefined } })
    expect(parseRuleSoakArguments([])).toEqual({ ok: true, options: { minutes: 5, seed: 1 } })
  })

  it('are taken as given', () => {
    expect(parseFaultArguments(['--rounds', '3', '--only', 'full,kill'])).toEqual({ ok: true, options: { rounds: 3, only: ['kill', 'full'] } })
    expect(parseSoakArguments(['--minutes', '0.5', '--rate', '4000', '--json', 'x.json'])).toEqual({ ok: true, options: { minutes: 0.5, rate: 4_000, json: 'x.json' } })
  })

  it.each([
    [['--rounds', '0'], '--rounds takes a whole number from 1 to 10000, not "0"'],
    [['--only', 'kil'], 'there is no fault "kil"; there are kill, pause, full, read-only'],
    [['--fast'], "Unknown option '--fast'"],
  ])('%j is answered with what would be right', (args, words) => {
    const parsed = parseFaultArguments(args)
    expect(parsed).toMatchObject({ ok: false, problem: expect.stringContaining(words) as string })
    expect(parsed).toMatchObject({ problem: expect.stringContaining('Usage: npm run faults') as string })
  })

  it.each([[['--minutes', 'ten'], '--minutes takes'], [['--rate', '0'], '--rate takes']])('%j of a soak too', (args, words) => {
    expect(parseSoakArguments(args)).toMatchObject({ ok: false, problem: expect.stringContaining(words) as string })
  })

  it.each([[['--minutes', '0'], '--minutes takes'], [['--seed=-1'], '--seed takes'], [['--seed', '0.5'], '--seed takes'], [['--rate', '1'], "Unknown option '--rate'"]])('%j of a soak of rules too', (args, words) => {
    const parsed = parseRuleSoakArguments(args)
    expect(parsed).toMatchObject({ ok: false, problem: expect.stringContaining(words) as string })
    expect(parsed).toMatchObject({ problem: expect.stringContaining('Usage: npm run soak:rules') as string })
  })
})
