import { parseArgs } from 'node:util'

export interface DashboardBenchOptions {
  /** How often the first paint is taken. */
  readonly runs: number
  /** So long frames are counted. */
  readonly seconds: number
  /** So long the page is held open, its heap taken once a minute after a collection. */
  readonly minutes: number
  readonly json: string | undefined
}

export type ParsedDashboardBench = { readonly ok: true; readonly options: DashboardBenchOptions } | { readonly ok: false; readonly problem: string }

const usage = 'npm run bench:dashboard -- [--runs 5] [--seconds 10] [--minutes 0] [--json FILE]'

export function parseDashboardBenchArguments(argv: readonly string[]): ParsedDashboardBench {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { runs: { type: 'string', default: '5' }, seconds: { type: 'string', default: '10' }, minutes: { type: 'string', default: '0' }, json: { type: 'string' } },
    })
    const [runs, seconds, minutes] = [Number(values.runs), Number(values.seconds), Number(values.minutes)]
    if (![runs, seconds].every((number) => number >= 1) || !(minutes >= 0)) return { ok: false, problem: `runs and seconds take numbers from 1, minutes from 0. Usage: ${usage}` }
    return { ok: true, options: { runs, seconds, minutes, json: values.json } }
  } catch (error) {
    return { ok: false, problem: `${error instanceof Error ? error.message.split(/\.\s/)[0]! : String(error)}. Usage: ${usage}` }
  }
}
