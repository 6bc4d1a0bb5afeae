import type { Config } from './config/config.ts'
import type { DiskSpace } from './disk-space.ts'
import { askDiskSpace } from './disk-space.ts'
import type { Clock } from './kernel/clock.ts'
import type { Store } from './kernel/contracts.ts'
import type { Logger } from './kernel/log.ts'

/** What a System page shows and no metric tells. Sizes in bytes. */
export interface SiteInfo {
  readonly version: string
  /** Of Node.js. */
  readonly node: string
  /** ISO 8601, by the clock as it goes now: a clock that was set after the start does not make it wrong. */
  readonly started: string
  /** Null where it cannot be asked. */
  readonly disk: DiskSpace | null
  readonly database: { readonly sizeBytes: number }
  readonly retention: { readonly readingsMs: number; readonly maxSizeBytes: number }
}

export interface SiteInfoDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly store: Pick<Store, 'health'>
  readonly version: string
}

/** Counts the time from its making on. */
export function createSiteInfo({ dataDir, retention }: Pick<Config, 'dataDir' | 'retention'>, { clock, logger, store, version }: SiteInfoDeps): () => Promise<SiteInfo> {
  const startedAt = clock.monotonic()

  return async () => ({
    version,
    node: process.version,
    started: new Date(clock.wall() - (clock.monotonic() - startedAt)).toISOString(),
    disk: await askDiskSpace(dataDir, logger),
    database: { sizeBytes: store.health().sizeBytes },
    retention: { readingsMs: retention.readingsMs, maxSizeBytes: retention.maxSizeBytes },
  })
}
