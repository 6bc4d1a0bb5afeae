import { parseArgs } from 'node:util'

export const faultNames = ['kill', 'pause', 'full', 'read-only'] as const
export type FaultName = (typeof faultNames)[number]

export interface FaultOptions {
  readonly only: readonly FaultName[]
  /** How often the gateway is killed. */
  readonly rounds: number
}

export interface SoakOptions {
  readonly minutes: number
  /** Readings a second. */
  readonly rate: number
  readonly json: string | undefined
}

export interface RuleSoakOptions {
  readonly minutes: number
  /** Of the first round; each further one has the next. */
  readonly seed: number
}

/** Expected: a person's typing error is an answer, not a failure. */
export type Parsed<Options> = { readonly ok: true; readonly options: Options } | { readonly ok: false; readonly problem: string }

const faultUsage = `npm run faults -- [--rounds N] [--only ${faultNames.join(',')}]`
const ruleSoakUsage = 'npm run soak:rules -- [--minutes N] [--seed N]'
const soakUsage = 'npm run soak -- [--minutes N] [--rate READINGS_A_SECOND] [--json FILE]'

export function parseFaultArguments(argv: readonly string[]): Parsed<FaultOptions> {
  const values = read(argv, ['rounds', 'only'])
  if (typeof values === 'string') return problem(values, faultUsage)
  const rounds = Number(values['rounds'] ?? 10)
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 10_000) return problem(`--rounds takes a whole number from 1 to 10000, not "${values['rounds']}"`, faultUsage)
  const given = values['only']?.split(',').map((name) => name.trim())
  const unknown = given?.find((name) => !(faultNames as readonly string[]).includes(name))
  if (unknown !== undefined) return problem(`there is no fault "${unknown}"; there are ${faultNames.join(', ')}`, faultUsage)
  return { ok: true, options: { rounds, only: faultNames.filter((name) => given?.includes(name) ?? true) } }
}

export function parseSoakArguments(argv: readonly string[]): Parsed<SoakOptions> {
  const values = read(argv, ['minutes', 'rate', 'json'])
  if (typeof values === 'string') return problem(values, soakUsage)
  const minutes = Number(values['minutes'] ?? 10)
  if (!(minutes >= 0.5 && minutes <= 10_080)) return problem(`--minutes takes a number from 0.5 to 10080, not "${values['minutes']}"`, soakUsage)
  const rate = Number(values['rate'] ?? 1_000)
  if (!(rate >= 1 && rate <= 100_000)) return problem(`--rate takes a number from 1 to 100000, not "${values['rate']}"`, soakUsage)
  return { ok: true, options: { minutes, rate, json: values['json'] } }
}

export function parseRuleSoakArguments(argv: readonly string[]): Parsed<RuleSoakOptions> {
  const values = read(argv, ['minutes', 'seed'])
  if (typeof values === 'string') return problem(values, ruleSoakUsage)
  const minutes = Number(values['minutes'] ?? 5)
  if (!(minutes >= 0.2 && minutes <= 10_080)) return problem(`--minutes takes a number from 0.2 to 10080, not "${values['minutes']}"`, ruleSoakUsage)
  const seed = Number(values['seed'] ?? 1)
  if (!Number.isInteger(seed) || seed < 0 || seed > 2 ** 31 - 1) return problem(`--seed takes a whole number from 0 to 2147483647, not "${values['seed']}"`, ruleSoakUsage)
  return { ok: true, options: { minutes, seed } }
}

function read(argv: readonly string[], names: readonly string[]): Readonly<Record<string, string | undefined>> | string {
  try {
    const { values } = parseArgs({ args: [...argv], options: Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])) })
    return values
  } catch (error) {
    return error instanceof Error ? error.message.split(/\.\s/)[0]! : String(error)
  }
}

function problem(text: string, usage: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem: `${text}. Usage: ${usage}` }
}
