import { inspectConfig } from '../config/load.ts'
import { createConfiguredDevices } from '../kernel/configured-devices.ts'
import { compareProblems, formatProblem } from '../kernel/problem.ts'
import { loadRules } from '../rules/load.ts'
import { kindSchemas } from '../rules/schemas.ts'
import type { CliDeps } from './deps.ts'
import { readArguments } from './usage.ts'

/** `limen check [--config FILE]`: every error of configuration and rules, a line each, on standard output; exit 0 where there is none. */
export async function checkCommand(args: readonly string[], deps: CliDeps): Promise<number> {
  const given = readArguments(args, { command: 'limen check', options: { config: { value: 'FILE' } } })
  const { config, problems, ...found } = await inspectConfig({ path: given.text('config'), env: deps.env, cwd: deps.cwd })
  // Rules are looked at in a configuration with errors too: one run tells all.
  const loaded = await loadRules(found.rules, { baseDir: found.baseDir, cwd: deps.cwd, kinds: kindSchemas, targets: new Set(found.targetNames), devices: config?.devices })
  const all = [...problems, ...loaded.problems].sort(compareProblems)
  if (config === undefined || all.length > 0) {
    for (const problem of all) deps.stdout.write(`${formatProblem(problem)}\n`)
    deps.stdout.write(`${count(all.length, 'error')}\n`)
    return 1
  }
  const devices = createConfiguredDevices(config.devices)
  const counts = [count(loaded.rules.length, 'rule'), count(config.targets.size, 'target'), count(devices.ids.length, 'device'), ...(devices.patterns.length === 0 ? [] : [count(devices.patterns.length, 'pattern of devices', 'patterns of devices')])]
  const influx = config.influx === undefined ? 'no InfluxDB' : `InfluxDB ${config.influx.version}`
  deps.stdout.write(`ok: ${counts.join(', ')}, ${influx}${config.file === undefined ? '; no limen.yaml here, the defaults apply' : ''}\n`)
  return 0
}

function count(n: number, what: string, several = `${what}s`): string {
  return `${n} ${n === 1 ? what : several}`
}
