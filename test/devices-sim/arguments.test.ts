import { describe, expect, it } from 'vitest'
import { parseSimulateArguments } from '../../devices-sim/arguments.ts'

describe('arguments of limen simulate', () => {
  it('take a scenario with its defaults', () => {
    expect(parseSimulateArguments(['ward'])).toMatchObject({ ok: true, options: { kind: 'scenario', count: 6, url: 'mqtt://127.0.0.1:1883', forMs: undefined, faults: true } })
    expect(parseSimulateArguments(['load'])).toMatchObject({ ok: true, options: { count: 1_000, rate: 1_000 } })
    expect(parseSimulateArguments(['home', '--devices', '2', '--rate', '40', '--for', '5min', '--no-faults'])).toMatchObject({ ok: true, options: { count: 2, rate: 40, forMs: 300_000, faults: false } })
  })

  it('take a CSV with or without the name of a scenario', () => {
    const csv = ['--csv', 'f.csv', '--device', 'bed-9', '--speed', '60']
    expect(parseSimulateArguments(csv)).toMatchObject({ ok: true, options: { kind: 'csv', device: 'bed-9', speed: 60 } })
    expect(parseSimulateArguments(['ward', ...csv])).toMatchObject({ ok: true, options: { kind: 'csv' } })
  })

  it('take a user name with a file that holds the password', () => {
    expect(parseSimulateArguments(['ward'])).toMatchObject({ options: { login: undefined } })
    expect(parseSimulateArguments(['ward', '--user', 'sim', '--password-file', 'p'])).toMatchObject({ ok: true, options: { login: { user: 'sim', passwordFile: 'p' } } })
  })

  it.each([
    [[], 'which scenario?'],
    [['moon'], 'there is no scenario "moon"; there are ward, home, coldchain, load'],
    [['__proto__'], 'there is no scenario'],
    [['ward', 'home'], 'one scenario at a time'],
    [['ward', '--url', '127.0.0.1'], '--url'],
    [['ward', '--url', 'http://127.0.0.1'], 'mqtt://127.0.0.1:1883'],
    [['ward', '--devices', '0'], '--devices'],
    [['ward', '--rate', '-1'], '--rate'],
    [['ward', '--rate', ''], '--rate'],
    [['ward', '--for', '60'], '60s'],
    [['ward', '--speed', '2'], '--speed goes with --csv'],
    [['ward', '--user', 'sim'], '--user needs --password-file FILE'],
    [['ward', '--password-file', 'p'], '--password-file goes with --user NAME'],
    [['ward', '--frob'], '--frob'],
    [['--csv', 'f.csv'], '--csv needs --device'],
    [['--csv', 'f.csv', '--device', 'a/b'], 'cannot stand in a topic'],
    [['--csv', 'f.csv', '--device', 'a', '--rate', '5'], '--rate goes with a scenario'],
    [['--csv', 'f.csv', '--device', 'a', '--speed', '0'], '--speed'],
  ])('refuse %j in one line', (argv, words) => {
    const parsed = parseSimulateArguments(argv)
    expect(parsed).toMatchObject({ ok: false, problem: expect.stringContaining(words) })
    expect(parsed).toMatchObject({ problem: expect.not.stringContaining('\n') })
  })
})
