import { readable, table } from '../bench/table.ts'
import { type FaultName, type FaultOptions, parseFaultArguments } from './arguments.ts'
import type { Finding } from './books.ts'
import { full, readOnly } from './disk.ts'
import type { Fault } from './fault.ts'
import { kill } from './kill.ts'
import { pause } from './pause.ts'

const faults: Readonly<Record<FaultName, Fault>> = { kill, pause, full, 'read-only': readOnly }

/** Does all harm in turn; 0 if nothing was lost, nothing doubled, and nothing else went wrong. */
async function run({ only, rounds }: FaultOptions): Promise<number> {
  const findings: Finding[] = []
  const failures: string[] = []
  for (const name of only) {
    console.log(`\n${name}`)
    try {
      findings.push(...(await faults[name]({ rounds, tell: (line) => console.log(`  ${line}`) })))
    } catch (thrown) {
      // The gateway's log would drown its words.
      const words = (thrown instanceof Error ? thrown.message : String(thrown)).split('\n').filter((line) => !line.startsWith('{'))
      failures.push(`${name}: ${words.join('\n')}`)
      console.error(`  FAILED ${failures.at(-1)}`)
    }
  }
  const rows = findings.map(({ fault, what, acknowledged, stored, missing, twice, wrong }) => [fault, what, readable(acknowledged), readable(stored), readable(missing), readable(twice), wrong === '' ? '' : 'yes'])
  console.log(`\n${table(['fault', 'what', 'acknowledged', 'stored', 'missing', 'twice', 'wrong'], rows)}`)
  for (const { fault, what, wrong } of findings) if (wrong !== '') console.log(`\n${fault}, ${what}: ${wrong}`)
  const bad = findings.filter(({ missing, twice, wrong }) => missing > 0 || twice > 0 || wrong !== '')
  console.log(bad.length + failures.length === 0 ? '\nnothing missing, nothing twice' : `\n${bad.length} of ${findings.length} lines are wrong, ${failures.length} faults not come through`)
  return bad.length + failures.length === 0 ? 0 : 1
}

// As an exit, so that what was started is ended with it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))

const parsed = parseFaultArguments(process.argv.slice(2))
if (parsed.ok) {
  process.exitCode = await run(parsed.options)
} else {
  console.error(parsed.problem)
  process.exitCode = 2
}
