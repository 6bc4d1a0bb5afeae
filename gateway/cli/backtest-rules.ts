import { readFile } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import type { Config } from '../config/config.ts'
import type { ConfiguredDevice } from '../kernel/configured-devices.ts'
import { createConfiguredDevices, overlay } from '../kernel/configured-devices.ts'
import type { DeviceFacts } from '../kernel/contracts.ts'
import { LimenError } from '../kernel/errors.ts'
import type { Problem } from '../kernel/problem.ts'
import type { Rule } from '../kernel/rule.ts'
import { parseYaml } from '../kernel/yaml.ts'
import { loadRules } from '../rules/load.ts'
import { kindSchemas } from '../rules/schemas.ts'
import type { CliDeps } from './deps.ts'

/** What `--rules` named. */
export interface GivenRules {
  readonly rules: readonly Rule[]
  /** Devices that the configuration, where there is one, names. */
  readonly devices: readonly string[]
  /** What it says of a device. */
  readonly factsOf: (device: string) => DeviceFacts
}

/** Nobody is told: what a rule names need not be there. */
const anyTarget: ReadonlySet<string> = Object.assign(new Set<string>(), { has: () => true })
/** Keys that a configuration has and a file of rules has not. */
const ofConfig = /^(?:site|data|mqtt|http|auth|devices|store|retention|targets|influx|flows):/m
/** As JSON, or with keys in quotes, only reading it says where they stand. */
const maybeOfConfig = /["'{,\s](?:site|data|mqtt|http|auth|devices|store|retention|targets|influx|flows)["']?\s*:/

/**
 * A file of rules; or a configuration, whose rules and devices are taken. `site`: the configuration of the gateway they are tried
 * on, whose devices, tables and zones they may name. Throws RULES_INVALID with every problem.
 */
export async function loadGivenRules(file: string, site: Config | undefined, deps: CliDeps): Promise<GivenRules> {
  const whole = (await isConfig(resolve(deps.cwd, file))) ? await deps.loadConfig(file) : undefined
  const devices = (whole ?? site)?.devices ?? new Map<string, ConfiguredDevice>()
  const place = { file, line: 0, column: 0 }
  const known = whole === undefined && site !== undefined ? await loadRules(site.rules, { baseDir: site.baseDir, cwd: deps.cwd, kinds: kindSchemas, targets: anyTarget, devices }) : undefined
  if (known !== undefined && known.problems.length > 0) throw wrong(site!.file ?? 'the configuration', known.problems, deps)
  const { rules, problems } = await loadRules(whole?.rules ?? [{ kind: 'files', pattern: file, place, path: '' }], {
    baseDir: whole?.baseDir ?? deps.cwd, cwd: deps.cwd, kinds: kindSchemas, targets: anyTarget, devices, site: known,
  })
  if (problems.length > 0) throw wrong(file, problems, deps)
  const configured = createConfiguredDevices(devices)
  return {
    rules,
    devices: configured.ids,
    factsOf(id) {
      const [under, over] = [configured.defaults(id), configured.of(id)]
      return over === undefined ? under : overlay(under, over)
    },
  }
}

function wrong(file: string, problems: readonly Problem[], { cwd }: CliDeps): LimenError {
  return new LimenError('RULES_INVALID', `the rules of ${relative(cwd, resolve(cwd, file))} have errors`, { problems })
}

async function isConfig(path: string): Promise<boolean> {
  if (/(^|[/\\])limen\.ya?ml$/i.test(path)) return true
  try {
    const text = await readFile(path, 'utf8')
    if (ofConfig.test(text)) return true
    if (!maybeOfConfig.test(text)) return false
    return parseYaml(text, path).documents.some((one) => one.kind === 'map' && one.entries.some(({ key }) => ofConfig.test(`${key}:`)))
  } catch {
    // That it cannot be read is said where it is read.
    return false
  }
}
