import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { LimenError } from '../kernel/errors.ts'
import type { Config, ConfigOverrides } from './config.ts'

export interface LoadOptions {
  /** `--config FILE`, relative to `cwd`. */
  readonly path?: string | undefined
  readonly overrides?: ConfigOverrides | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  /** Absolute. */
  readonly cwd: string
}

/** Command line, then environment, then file, then defaults. Throws LimenError CONFIG_INVALID with every problem. */
export async function loadConfig(options: LoadOptions): Promise<Config> {
  if (options.path !== undefined) throw new LimenError('NOT_IN_THIS_VERSION', 'configuration files are not read yet')
  return defaultConfig(options)
}

function defaultConfig(options: LoadOptions): Config {
  return {
    file: undefined,
    baseDir: options.cwd,
    site: hostname(),
    dataDir: resolve(options.cwd, options.overrides?.data ?? 'data'),
    mqtt: { host: '127.0.0.1', port: 1883, maxPacketSizeBytes: 256 * 1024 },
    http: { host: '127.0.0.1', port: 8080 },
    auth: { loopback: 'trusted', insecure: false, adminPassword: undefined },
    store: { commitWindowMs: 50 },
    devices: new Map(),
    rules: [],
    targets: new Map(),
    influx: undefined,
    retention: { readingsMs: 30 * 86_400_000, maxSizeBytes: 2 * 1024 ** 3 },
  }
}
