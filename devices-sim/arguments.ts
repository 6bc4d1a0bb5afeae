import { parseArgs } from 'node:util'
import { scenarios } from './scenarios/scenarios.ts'
import type { Scenario } from './device.ts'

interface Common {
  readonly url: string
  /** To log in with; undefined: the broker asks nobody. */
  readonly login: { readonly user: string; readonly passwordFile: string } | undefined
  readonly seed: number
  /** End by itself after so long; undefined: when told to. */
  readonly forMs: number | undefined
}

export type SimulateOptions =
  | Common & { readonly kind: 'scenario'; readonly scenario: Scenario; readonly count: number; readonly rate: number | undefined; readonly faults: boolean; readonly slowShare: number; readonly rejectShare: number }
  | Common & { readonly kind: 'csv'; readonly file: string; readonly device: string; readonly metric: string | undefined; readonly speed: number; readonly keepTime: boolean }

export type Parsed = { readonly ok: true; readonly options: SimulateOptions } | { readonly ok: false; readonly problem: string }

export const usage = 'limen simulate ward|home|coldchain|load [--url mqtt://…] [--devices N] [--rate R] [--for 60s] [--user NAME --password-file FILE] [--seed N] [--no-faults] [--slow SHARE] [--reject SHARE], or limen simulate --csv FILE --device ID [--speed X] [--metric M] [--keep-time]'

const options = {
  url: { type: 'string' }, devices: { type: 'string' }, rate: { type: 'string' }, for: { type: 'string' }, seed: { type: 'string' },
  csv: { type: 'string' }, device: { type: 'string' }, speed: { type: 'string' }, metric: { type: 'string' }, 'keep-time': { type: 'boolean' },
  user: { type: 'string' }, 'password-file': { type: 'string' },
  'no-faults': { type: 'boolean' }, slow: { type: 'string' }, reject: { type: 'string' },
} as const

/** Options that mean something for one of the two only. */
const scenarioOnly = ['devices', 'rate', 'no-faults', 'slow', 'reject'] as const
const csvOnly = ['device', 'speed', 'metric', 'keep-time'] as const

/** A typing error is an answer in one line, thrown inside and caught below. */
class Refusal extends Error {}

export function parseSimulateArguments(argv: readonly string[]): Parsed {
  try {
    return { ok: true, options: read(argv) }
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, problem: error.message }
    // parseArgs: unknown option, missing value; its first sentence says which
    return { ok: false, problem: `${(error as Error).message.split(/\.\s/)[0]}; write: ${usage}` }
  }
}

function read(argv: readonly string[]): SimulateOptions {
  const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true })
  const [name, ...rest] = positionals
  if (rest.length > 0) throw new Refusal(`one scenario at a time, not "${positionals.join(' ')}"; start limen simulate twice`)
  const common = {
    url: brokerUrl(values.url ?? 'mqtt://127.0.0.1:1883'),
    login: loginOf(values.user, values['password-file']),
    seed: numberOf('--seed', values.seed ?? '1', { from: 0, to: 2 ** 31, whole: true }),
    forMs: values.for === undefined ? undefined : durationOf(values.for),
  }
  if (name !== undefined && !Object.hasOwn(scenarios, name)) throw new Refusal(`there is no scenario "${name}"; there are ${Object.keys(scenarios).join(', ')}`)
  if (values.csv === undefined) {
    if (name === undefined) throw new Refusal(`which scenario? write: ${usage}`)
    const stray = csvOnly.find((key) => values[key] !== undefined)
    if (stray !== undefined) throw new Refusal(`--${stray} goes with --csv FILE`)
    const scenario = scenarios[name]!
    return {
      ...common, kind: 'scenario', scenario,
      count: values.devices === undefined ? scenario.defaultCount : numberOf('--devices', values.devices, { from: 1, to: 100_000, whole: true }),
      rate: values.rate === undefined ? scenario.defaultRate : numberOf('--rate', values.rate, { from: 0.001, to: 1_000_000 }),
      faults: values['no-faults'] !== true,
      slowShare: numberOf('--slow', values.slow ?? '0.05', { from: 0, to: 1 }),
      rejectShare: numberOf('--reject', values.reject ?? '0', { from: 0, to: 1 }),
    }
  }
  const stray = scenarioOnly.find((key) => values[key] !== undefined)
  if (stray !== undefined) throw new Refusal(`--${stray} goes with a scenario, not with --csv`)
  if (values.device === undefined) throw new Refusal('--csv needs --device ID: whose readings are these?')
  if (!/^[^/+#\0]+$/.test(values.device)) throw new Refusal(`--device "${values.device}" cannot stand in a topic: no / + #, and not empty`)
  if (values.metric !== undefined && !/^[^/+#\0]+$/.test(values.metric)) throw new Refusal(`--metric "${values.metric}" cannot stand in a topic: no / + #, and not empty`)
  return {
    ...common, kind: 'csv', file: values.csv, device: values.device, metric: values.metric, keepTime: values['keep-time'] === true,
    speed: numberOf('--speed', values.speed ?? '1', { from: 0.000_001, to: 1e9 }),
  }
}

/** No --password: the command line is everybody's to read. */
function loginOf(user: string | undefined, passwordFile: string | undefined): SimulateOptions['login'] {
  if (user === undefined && passwordFile === undefined) return undefined
  if (user === undefined || user === '') throw new Refusal('--password-file goes with --user NAME')
  if (passwordFile === undefined || passwordFile === '') throw new Refusal('--user needs --password-file FILE, a file that holds the password')
  return { user, passwordFile }
}

function brokerUrl(text: string): string {
  const known = URL.canParse(text) && ['mqtt:', 'mqtts:', 'ws:', 'wss:'].includes(new URL(text).protocol)
  if (!known) throw new Refusal(`--url "${text}" is no broker's address; write it like mqtt://127.0.0.1:1883`)
  return text
}

function numberOf(option: string, text: string, { from, to, whole = false }: { from: number; to: number; whole?: boolean }): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (value >= from && value <= to && (!whole || Number.isInteger(value))) return value
  throw new Refusal(`${option} takes a ${whole ? 'whole ' : ''}number from ${from} to ${to}, not "${text}"`)
}

function durationOf(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|min|h|d)$/.exec(text)
  const factor = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 }[match?.[2] ?? '']
  if (match === null || factor === undefined || Number(match[1]) === 0) throw new Refusal(`--for takes a duration like 500ms, 60s, 5min or 2h, not "${text}"`)
  return Number(match[1]) * factor
}
