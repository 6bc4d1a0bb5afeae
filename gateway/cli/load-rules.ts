import type { Config } from '../config/config.ts'
import type { LoadedRules } from '../rules/load.ts'
import { loadRules } from '../rules/load.ts'
import { kindSchemas } from '../rules/schemas.ts'

/** The rules that a configuration names, or everything that is wrong with them. `cwd`: what problems name files relative to. */
export function loadConfiguredRules(config: Pick<Config, 'rules' | 'baseDir' | 'targets'>, cwd: string): Promise<LoadedRules> {
  return loadRules(config.rules, { baseDir: config.baseDir, cwd, kinds: kindSchemas, targets: new Set(config.targets.keys()) })
}
