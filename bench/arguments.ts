import { parseArgs } from 'node:util'
import { subjectNames } from './servers/subjects.ts'
import type { SubjectName } from './servers/subjects.ts'

export const measurementNames = ['throughput', 'inflight', 'latency', 'memory', 'disk', 'start', 'alarms', 'dashboards', 'flows', 'backtest'] as const
export type MeasurementName = (typeof measurementNames)[number]

export interface BenchOptions {
  readonly only: readonly MeasurementName[]
  readonly subjects: readonly SubjectName[]
  readonly seconds: number
  readonly runs: number
  readonly json: string | undefined
}

/** Expected: a person's typing error is an answer, not a failure. */
export type Parsed = { readonly ok: true; readonly options: BenchOptions } | { readonly ok: false; readonly problem: string }

export const usage = `npm run bench -- [--only ${measurementNames.join(',')}] [--subjects ${subjectNames.join(',')}] [--seconds N] [--runs N] [--json FILE] [--quick]`

export function parseBenchArguments(argv: readonly string[]): Parsed {
  let values
  try {
    values = parseArgs({
      args: [...argv],
      options: { only: { type: 'string' }, subjects: { type: 'string' }, seconds: { type: 'string' }, runs: { type: 'string' }, json: { type: 'string' }, quick: { type: 'boolean' } },
    }).values
  } catch (error) {
    return problem(error instanceof Error ? error.message.split(/\.\s/)[0]! : String(error))
  }
  const only = names(values.only, measurementNames)
  if (typeof only === 'string') return problem(`there is no measurement "${only}"; there are ${measurementNames.join(', ')}`)
  const subjects = names(values.subjects, subjectNames)
  if (typeof subjects === 'string') return problem(`"${subjects}" cannot be measured; there are ${subjectNames.join(', ')}`)
  const seconds = values.seconds === undefined ? (values.quick === true ? 3 : 8) : Number(values.seconds)
  if (!(seconds >= 1 && seconds <= 600)) return problem(`--seconds takes a number from 1 to 600, not "${values.seconds}"`)
  const runs = values.runs === undefined ? (values.quick === true ? 1 : 3) : Number(values.runs)
  if (!Number.isInteger(runs) || runs < 1 || runs > 50) return problem(`--runs takes a whole number from 1 to 50, not "${values.runs}"`)
  return { ok: true, options: { only, subjects, seconds, runs, json: values.json } }
}

/** The known names of a comma-separated list (all of them without one), or the first that is not known. */
function names<N extends string>(list: string | undefined, known: readonly N[]): readonly N[] | string {
  if (list === undefined) return known
  const given = list.split(',').map((name) => name.trim())
  return given.find((name) => !(known as readonly string[]).includes(name)) ?? known.filter((name) => given.includes(name))
}

function problem(text: string): Parsed {
  return { ok: false, problem: `${text}. Usage: ${usage}` }
}
