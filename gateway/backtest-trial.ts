import { concernOf } from './backtest-concern.ts'
import { runOverLog } from './backtest-run.ts'
import type { LogLine, TrialAnswer, TrialOrder, TrialOutcome } from './kernel/backtest.ts'
import type { ConfiguredDevice, ConfiguredDevices } from './kernel/configured-devices.ts'
import type { DeviceFacts } from './kernel/contracts.ts'
import type { Problem } from './kernel/problem.ts'
import type { Rule } from './kernel/rule.ts'
import type { Zones } from './kernel/zone.ts'
import { readRules } from './rules/load.ts'
import type { SiteTables } from './rules/load-tables.ts'
import { yamlOfValue } from './rules/rule-text.ts'
import { kindSchemas } from './rules/schemas.ts'
import type { LogFile } from './store/log-file.ts'

/** All of it can be copied. */
export interface TrialJob extends TrialOrder {
  readonly dataDir: string
  readonly site: {
    readonly targets: ReadonlySet<string>
    readonly devices: ReadonlyMap<string, ConfiguredDevice>
    readonly tables?: SiteTables | undefined
    readonly zones?: Zones | undefined
  }
  /** Wall time. */
  readonly nowMs: number
  readonly budgetMs: number
  readonly mostLines: number
}

export interface TrialDeps {
  readonly log: LogFile
  readonly configured: ConfiguredDevices
  /** As they are known now. */
  readonly devices: ReadonlyMap<string, DeviceFacts>
  /** Monotonic ms. */
  readonly now: () => number
}

/** What is wrong with a table or zone was told where it is written, and of a rule that names it nothing more is said. */
const nothingToTry: Problem = { file: 'rules', line: 1, column: 1, path: 'rules', message: 'there is no rule that can be tried', remedy: 'write one; and mend the tables and zones of the site that it names: limen check' }

/** Reads the rules as a file of them is read, and runs them over the span. A rule that is off is tried all the same. */
export function runTrial(job: TrialJob, { log, configured, devices, now }: TrialDeps): TrialOutcome {
  const text = typeof job.rules === 'string' ? job.rules : yamlOfValue({ rules: job.rules })
  const { targets, tables, zones } = job.site
  const { rules, problems } = readRules(text, 'rules', {
    kinds: kindSchemas, targets, devices: job.site.devices, ...(tables === undefined ? {} : { tables }), ...(zones === undefined ? {} : { zones }),
  })
  if (problems.length > 0) return { ok: false, problems, text }
  if (rules.length === 0) return { ok: false, problems: [nothingToTry], text }
  const answer = goThrough(job, { rules: rules.map((rule) => (rule.mode === 'off' ? { ...rule, mode: 'live' } : rule)), log, configured, devices, now })
  return { ok: true, json: new TextEncoder().encode(JSON.stringify(answer)) }
}

function goThrough({ from, to, nowMs, budgetMs, mostLines }: TrialJob, { rules, log, configured, devices, now }: TrialDeps & { readonly rules: readonly Rule[] }): TrialAnswer {
  const ends = now() + budgetMs
  const run = runOverLog(log, { rules, from, to, configured, alone: { ...concernOf(rules, devices.values()), nowMs } })
  const items: LogLine[] = []
  let [more, isInTime] = [false, true]
  for (const lines of run.lines()) {
    for (const line of lines) {
      if (items.length < mostLines) items.push(line)
      else more = true
    }
    isInTime = now() < ends
    if (!isInTime) break
  }
  const until = isInTime ? to : Math.min(Math.max(run.wallMs(), from), to)
  const firstMs = run.firstReadingMs()
  return { from: isoOf(from), to: isoOf(to), firstReadingAt: firstMs === undefined ? null : isoOf(firstMs), items, summary: run.summary(), truncated: more || until < to, until: isoOf(until), faulty: Object.fromEntries(run.faulty()) }
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString()
}
