import type { Config } from '../config/config.ts'
import type { LoadedRules } from '../rules/load.ts'
import { loadRulesApart } from '../rules/load-apart.ts'

/** The rules that a configuration names, or everything that is wrong with them. `cwd`: what problems name files relative to. */
export function loadConfiguredRules(config: Pick<Config, 'rules' | 'baseDir' | 'targets' | 'devices'>, cwd: string): Promise<LoadedRules> {
  return loadRulesApart({ sources: config.rules, baseDir: config.baseDir, cwd, targets: new Set(config.targets.keys()), devices: config.devices })
}
