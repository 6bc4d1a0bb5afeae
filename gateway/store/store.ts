import type { Clock } from '../kernel/clock.ts'
import { systemClock } from '../kernel/clock.ts'
import type { Store, StoreRecovery } from '../kernel/contracts.ts'
import { asError, LimenError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/log.ts'
import { silentLogger } from '../kernel/log.ts'
import type { MetricSource } from '../kernel/metric.ts'
import type { BatchBuilder } from './batch.ts'
import { createBatchBuilder } from './batch.ts'
import { createCommitPolicy } from './commit-policy.ts'
import type { CommitAnswer, CommitThread, CommitThreadHandlers } from './commit-thread.ts'
import { errorOf, startCommitThread } from './commit-thread.ts'
import type { Committer } from './committer.ts'
import { createCommitter } from './committer.ts'
import { createCommitTimes } from './commit-times.ts'
import type { StoreTuning } from './database.ts'
import { defaultTuning } from './database.ts'
import { createLogReads } from './log-reads.ts'
import { createFigures } from './figures.ts'
import { unpackList } from './packed-list.ts'
import type { BatchMessage, Failure, Listed, ReadRequest } from './protocol.ts'
import { createReader } from './reader.ts'
import type { RetentionOptions } from './retention-schedule.ts'
import { createRetentionSchedule } from './retention-schedule.ts'
import { createSeriesNames } from './series-names.ts'
import { createTail } from './tail.ts'

export interface StoreOptions {
  /** The data directory; made if it is missing. */
  readonly directory: string
  /** Longest time a batch is held back, ms since the last commit began. Default 50. */
  readonly commitWindowMs?: number
  readonly retention?: Partial<RetentionOptions>
  readonly tuning?: Partial<StoreTuning>
}

export interface StoreDeps {
  readonly clock?: Clock
  /** Whole ms on a monotonic time that goes on over restarts: kept with each commit, never used to wait. Default: the clock's own. */
  readonly lastingMs?: () => number
  readonly logger?: Logger
  /**
   * What is on disk is no longer known (an fsync failed, the writer died): the process has to end with a code other than 0
   * and find out at its next start. Called once; whoever waited for a commit has been told.
   */
  readonly onFatal: (error: Error) => void
  /**
   * A batch could not be stored, and with it goes everything appended since: called once, before the callbacks of both, so that
   * whoever evaluates takes nothing more in on what is lost.
   */
  readonly onLost?: (error: Error) => void
}

export interface SqliteStore extends Store, StoreRecovery {
  /** How long commits took since this was last asked, ms; for one asker. */
  takeCommitTimes(): { readonly p99Ms: number; readonly runningMs: number }
  readonly metrics: MetricSource
}

const defaultRetention: RetentionOptions = { readingsMaxAgeMs: 30 * 86_400_000, maxSizeBytes: 2 * 1024 ** 3 }
const listPage = 5_000

/**
 * The durable store: one SQLite database, written by one thread, a row for each batch (docs/decisions/store-layout.md).
 *
 * Bounds: what is appended waits in memory until its commit. The store cannot refuse it, so whoever appends holds back its
 * source while callbacks are outstanding; `health().pendingBytes` tells how much waits. Appending throws STORE_CLOSED
 * before start() and after stop().
 */
export function createStore(options: StoreOptions, { clock = systemClock, lastingMs = () => clock.monotonic(), logger = silentLogger, onFatal, onLost }: StoreDeps): SqliteStore {
  const tuning = { ...defaultTuning, ...options.tuning }
  const figures = createFigures()
  const times = createCommitTimes(clock)
  const tail = createTail()
  const reader = createReader(options.directory, { clock, logger })
  const names = createSeriesNames((after) => page({ space: 'series', prefix: '', after, limit: listPage }))
  const retention = createRetentionSchedule({ ...defaultRetention, ...options.retention }, { clock, logger, post: (message) => thread?.post(message) })
  const followers = new Set<(last: number, readings: number) => void>()
  let builder: BatchBuilder = createBatchBuilder(1)
  let committer: Committer | null = null
  let thread: CommitThread | null = null
  let starting: Promise<void> | null = null
  let stopping: Promise<void> | null = null
  let firstPosition = 0
  let lastPosition = 0
  let lastAlive: { wallMs: number; monotonicMs: number } | null = null
  let troubled: string | null = 'the store has not been started'
  let fatal = false
  const reads = createLogReads({ tail, reader, names, lastPosition: () => lastPosition })

  const handlers: CommitThreadHandlers = {
    committed(answer) {
      times.ended()
      committer?.answered(answer)
    },
    retained(answer) {
      retention.answered(answer)
      if (answer.kind !== 'retained') return answer.failure.kind === 'fatal' ? die(errorOf(answer.failure)) : undefined
      firstPosition = answer.firstPosition
      tail.forget(answer.through)
      figures.sized(answer.sizeBytes)
    },
    trouble(failure) {
      logger.error({ code: failure.code, reason: failure.message }, 'the write-ahead log could not be moved into the database')
      if (failure.kind === 'fatal') die(errorOf(failure))
    },
    died: (error) => die(error),
  }

  function die(error: Error): void {
    if (fatal) return
    fatal = true
    troubled = error.message
    retention.stop()
    committer?.fail(error)
    logger.error({ error: error.message }, 'the store can not go on')
    onFatal(error)
  }

  function committed(batch: BatchMessage, answer: Extract<CommitAnswer, { kind: 'committed' }>): void {
    if (troubled !== null) logger.info({}, 'the store takes writes again')
    troubled = null
    if (batch.last >= batch.first) {
      if (firstPosition === 0) firstPosition = batch.first
      lastPosition = batch.last
      tail.push(batch)
    }
    lastAlive = { wallMs: batch.wallMs, monotonicMs: batch.monotonicMs }
    names.committed(batch.changes)
    figures.committed(batch, answer)
    retention.sized(answer.sizeBytes)
  }

  function announced(batch: BatchMessage): void {
    if (batch.last < batch.first) return
    for (const follower of followers) {
      try {
        follower(batch.last, batch.readingCount)
      } catch (thrown) {
        logger.error({ error: asError(thrown).stack }, 'a follower of the log failed')
      }
    }
  }

  function notCommitted(failure: Failure): number {
    figures.failed()
    troubled = failure.kind === 'full' ? 'the disk is full' : failure.message
    logger.error({ code: failure.code, reason: failure.message }, 'a batch could not be stored')
    // After the callbacks, so that who waits knows before the process goes.
    if (failure.kind === 'fatal') queueMicrotask(() => die(errorOf(failure)))
    return lastPosition + 1
  }

  async function open(): Promise<void> {
    thread = startCommitThread({ directory: options.directory, tuning }, handlers)
    const ready = await thread.ready
    firstPosition = ready.firstPosition
    lastPosition = ready.lastPosition
    lastAlive = ready.lastAlive
    figures.sized(ready.sizeBytes)
    builder = createBatchBuilder(lastPosition + 1)
    committer = createCommitter({
      clock,
      lastingMs,
      logger,
      builder,
      policy: createCommitPolicy({ windowMs: options.commitWindowMs ?? 50 }),
      post(batch) {
        times.began()
        thread!.post(batch)
      },
      committed,
      announced,
      notCommitted: ({ failure }) => notCommitted(failure),
      lost: (error) => onLost?.(error),
    })
    troubled = null
    retention.start(lastAlive?.wallMs ?? null)
    if (ready.damagedRows > 0) logger.error({ damagedRows: ready.damagedRows }, 'the newest rows of the log are damaged; positions go on behind a gap')
  }

  async function close(): Promise<void> {
    await starting?.catch(() => undefined)
    retention.stop()
    if (committer !== null && !fatal) await committer.drain()
    committer = null
    await reader.stop()
    await thread?.stop()
    troubled = 'the store has been stopped'
  }

  const page = async (of: Omit<Extract<ReadRequest, { kind: 'list' }>, 'kind'>): Promise<Listed> => unpackList(await reader.ask({ kind: 'list', ...of }))

  /** In pages, so that a large space holds up nobody else's question. */
  async function list(space: string, { prefix = '', after, limit = Infinity }: { prefix?: string; after?: string; limit?: number } = {}): Promise<Listed> {
    const found: Listed[number][] = []
    for (let last = after; found.length < limit; ) {
      const listed = await page({ space, prefix, after: last, limit: Math.min(listPage, limit - found.length) })
      for (const pair of listed) found.push(pair)
      if (listed.length < listPage) break
      last = listed.at(-1)![0]
    }
    return found
  }

  function touched(): void {
    if (committer === null) throw new LimenError('STORE_CLOSED', 'The store is not running.')
    committer.touched()
  }

  return {
    start: () => (starting ??= open()),
    stop: () => (stopping ??= close()),
    appendReading(reading, payloadBytes, joined) {
      touched()
      return builder.appendReading(reading, payloadBytes, joined)
    },
    appendEvent(event) {
      touched()
      return builder.appendEvent(event)
    },
    appendMark(mark) {
      touched()
      return builder.appendMark(mark)
    },
    noteInbound(inbound) {
      touched()
      builder.noteInbound(inbound)
    },
    put(space, key, value) {
      touched()
      builder.change(space, key, typeof value === 'string' ? value : new Uint8Array(value))
    },
    delete(space, key) {
      touched()
      builder.change(space, key, null)
    },
    urgent() {
      touched()
      builder.markUrgent()
    },
    onDisk(callback) {
      touched()
      builder.onDisk(callback)
    },
    get: (space, key) => reader.ask({ kind: 'get', space, key }),
    list,
    read: reads.read,
    readBack: reads.readBack,
    readOn: reads.readOn,
    readings: reads.readings,
    recent: reads.recent,
    firstPosition: () => firstPosition,
    lastPosition: () => lastPosition,
    lastAlive: () => lastAlive,
    follow(listener) {
      const own = (last: number, readings: number): void => listener(last, readings)
      followers.add(own)
      return () => void followers.delete(own)
    },
    takeCommitTimes: times.take,
    pin: retention.pin,
    health() {
      const state = { sizeBytes: figures.sizeBytes(), pendingBytes: builder.pendingBytes() + (committer?.inFlightBytes() ?? 0) }
      return troubled === null ? { writable: true, ...state } : { writable: false, reason: troubled, ...state }
    },
    *metrics() {
      yield* figures.samples()
      const { removedEntries, droppedEntries } = retention.removed()
      const pendingBytes = builder.pendingBytes() + (committer?.inFlightBytes() ?? 0)
      yield { name: 'limen_store_pending_bytes', help: 'Bytes appended and not yet on disk', type: 'gauge', value: pendingBytes }
      yield { name: 'limen_store_tail_bytes', help: 'Committed entries held in memory for readers', type: 'gauge', value: tail.sizeBytes() }
      yield { name: 'limen_store_retention_removed_total', help: 'Entries removed by age or size', type: 'counter', value: removedEntries }
      yield { name: 'limen_store_retention_dropped_total', help: 'Entries removed by size before everybody had read them', type: 'counter', value: droppedEntries }
      yield { name: 'limen_store_damaged_rows_total', help: 'Damaged rows of the log found since the start', type: 'counter', value: reader.damagedRows() }
      yield { name: 'limen_store_nameless_readings_total', help: 'Stored readings left out because their series is not known', type: 'counter', value: reads.namelessReadings() }
    },
  }
}
