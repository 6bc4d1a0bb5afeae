import { describe, expect, it } from 'vitest'
import { commands } from '../../gateway/cli/commands.ts'
import { runCommandLine } from '../../gateway/cli/run.ts'
import { readArguments } from '../../gateway/cli/usage.ts'
import { LimenError } from '../../gateway/kernel/errors.ts'
import { createCapturedCli } from '../support/cli-deps.ts'
import { tempDir } from '../support/temp-dir.ts'

async function limen(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const cli = createCapturedCli({ cwd: tempDir() })
  const code = await runCommandLine(args, cli.deps)
  return { code, out: cli.out(), err: cli.err() }
}

describe('the command line', () => {
  it.each([
    [['strat'], 'limen: unknown command "strat"; did you mean "start"?\n'],
    [['dead-leters', 'list'], 'limen: unknown command "dead-leters"; did you mean "dead-letters"?\n'],
    [['--confg', 'x'], 'limen: unknown option --confg; known here: start, check, backtest, match, simulate, dead-letters, flows, rules, replay, init, audit, export, backup, restore, device, user\n'],
    [[], 'limen: no command given; write limen start, or limen --help for all of them\n'],
    [['check', '--confg', 'x'], 'limen: unknown option --confg of "limen check"; did you mean --config FILE?\n'],
    [['check', '-c', 'x'], 'limen: unknown option -c of "limen check"; it takes --config\n'],
    [['check', '--config'], 'limen: --config of "limen check" needs a value; write --config FILE\n'],
    [['check', '--config='], 'limen: --config of "limen check" needs a value; write --config FILE\n'],
    [['check', '--config', 'a', '--config', 'b'], 'limen: --config of "limen check" is given twice; write it once\n'],
    [['check', 'limen.yaml'], 'limen: "limen check" does not take "limen.yaml"; write limen check\n'],
    [['backtest', '--rules', 'x'], 'limen: "limen backtest" needs something to run over; write --input FILE, --csv FILE --device ID, or --config FILE for the log of a gateway\n'],
    [['backtest', '--input', 'x'], 'limen: "limen backtest" over an input needs rules; write --rules FILE\n'],
    [['match', '--pattern', 'x'], 'limen: limen match is not in this version; limen --help lists the commands that are\n'],
    [['help', 'chekc'], 'limen: unknown command "chekc"; did you mean "check"?\n'],
  ])('answers %j with exit 2 and one line that says what to write', async (args, line) => {
    expect(await limen(...args)).toEqual({ code: 2, out: '', err: line })
  })

  it('lists every command with --help', async () => {
    const { code, out } = await limen('--help')
    expect(code).toBe(0)
    for (const { name } of commands) expect(out).toMatch(new RegExp(`^  ${name} `, 'm'))
  })

  it.each(commands.map(({ name }) => name))('explains %s with --help, wherever it stands', async (name) => {
    const { code, out, err } = await limen(name, '--whatever', '--help')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(new RegExp(`^limen ${name} `))
    expect((await limen('help', name)).out).toBe(out)
  })

  it('prints its version', async () => {
    expect((await limen('--version')).out).toMatch(/^limen \d+\.\d+\.\d+\n$/)
  })

  it('prints every problem of a configuration, sorted, and no stack', async () => {
    const cli = createCapturedCli({ cwd: tempDir() })
    const problems = [2, 1].map((line) => ({ file: 'limen.yaml', line, column: 1, path: 'a', message: 'wrong', remedy: 'right' }))
    const code = await runCommandLine(['check'], {
      ...cli.deps,
      get env(): never {
        throw new LimenError('CONFIG_INVALID', 'the configuration has 2 errors', { problems })
      },
    })
    expect(code).toBe(1)
    expect(cli.err()).toBe('limen: the configuration has 2 errors\n  limen.yaml:1:1 a: wrong; right\n  limen.yaml:2:1 a: wrong; right\n')
  })

  it('shows the stack of a fault of its own and exits 70', async () => {
    const cli = createCapturedCli({ cwd: tempDir() })
    const code = await runCommandLine(['check'], {
      ...cli.deps,
      get env(): never {
        throw new TypeError('a fault')
      },
    })
    expect(code).toBe(70)
    expect(cli.err()).toMatch(/limen: unexpected failure, please report it\nTypeError: a fault\n\s+at /)
  })
})

describe('arguments of a command', () => {
  const spec = { command: 'limen x', options: { config: { value: 'FILE' }, alarms: {}, route: { value: 'ID', many: true } }, positionals: ['VERB', 'ID…?'] } as const

  it('reads options, switches, repeated options and words in any order', () => {
    const given = readArguments(['--alarms', 'redrive', '--config=a b.yaml', 'one', '--route', 'r1', '--route', 'r2', '--', '--two'], spec)
    expect(given.text('config')).toBe('a b.yaml')
    expect([given.has('alarms'), given.has('config'), given.has('route')]).toEqual([true, true, true])
    expect(given.all('route')).toEqual(['r1', 'r2'])
    expect(given.positionals).toEqual(['redrive', 'one', '--two'])
  })

  it.each([
    [[], '"limen x" needs VERB', 'write limen x VERB [ID…]'],
    [['v', '--alarms=yes'], '--alarms of "limen x" takes no value', 'write --alarms alone'],
    [['v', '--config', '--alarms'], '--config of "limen x" needs a value', 'write --config FILE'],
  ])('refuses %j', (args, message, remedy) => {
    expect(() => readArguments(args, spec)).toThrow(expect.objectContaining({ code: 'USAGE', message, remedy }))
  })
})
