import type { InfluxOptions } from '../kernel/influx-options.ts'

export type { InfluxOptions }

/** What nobody needs to set, but benches and tests may. */
export interface InfluxTuning {
  /** A request holds at most so many lines, and ends after about so many characters (nginx refuses bodies above 1 MiB unless told otherwise). */
  readonly batchLines: number
  readonly batchChars: number
  /** Log entries read, and lines built, in one go; between two the event loop is let through. */
  readonly pageEntries: number
  /** How long the newest reading waits for company. */
  readonly lingerMs: number
  /** A live lane further behind than this starts again at the newest and leaves a gap to be drained. */
  readonly maxLagMs: number
  /** A gap's batch is followed by a rest as long as the batch took, but no longer than this: InfluxDB is often on the same machine, and alarms go first. */
  readonly longestRestMs: number
  readonly requestTimeoutMs: number
  /** The cursor is written at most this often, in whatever batch the store is filling. */
  readonly saveEveryMs: number
  /** While InfluxDB refuses us (401, 403, 404): random(½, 1) of this between two tries. */
  readonly refusedRetryMs: number
  /** Unreachable or failing for longer than this raises the technical alarm. */
  readonly awayAlarmMs: number
}

export const defaultTuning: InfluxTuning = {
  batchLines: 5_000,
  batchChars: 700_000,
  pageEntries: 1_000,
  lingerMs: 1_000,
  maxLagMs: 2_000,
  longestRestMs: 250,
  requestTimeoutMs: 15_000,
  saveEveryMs: 2_000,
  refusedRetryMs: 20_000,
  awayAlarmMs: 60_000,
}
