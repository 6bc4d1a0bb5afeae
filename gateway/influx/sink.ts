import type { DeliveryOutcome, LedgerLine, RetentionPin } from '../kernel/contracts.ts'
import { asError } from '../kernel/errors.ts'
import type { MetricSample } from '../kernel/metric.ts'
import { fullJitterMs } from '../kernel/retry.ts'
import { createBacklog } from './backlog.ts'
import { createBatcher } from './batch.ts'
import type { Batch } from './batch.ts'
import { createBooks } from './books.ts'
import type { Stretch } from './books.ts'
import { connectInflux } from './connect.ts'
import { createCursor } from './cursor.ts'
import type { CursorDeps } from './cursor.ts'
import { createHealth } from './health.ts'
import type { Condition } from './health.ts'
import { createIntake } from './intake.ts'
import { createLineWriter } from './line.ts'
import { sinkMetrics } from './metrics.ts'
import type { InfluxStatus } from './metrics.ts'
import { defaultTuning } from './options.ts'
import type { InfluxOptions, InfluxTuning } from './options.ts'
import { asOutcome, createSender } from './sender.ts'
import type { Sender } from './sender.ts'

export interface InfluxSinkDeps extends CursorDeps {
  /** The technical alarm `technical.influx`: told when it begins, changes its cause, and ends. */
  readonly onCondition: (condition: Condition) => void
  /** [0, 1); default Math.random */
  readonly random?: () => number
  readonly tuning?: Partial<InfluxTuning>
}

export interface InfluxSink {
  /** Reads the cursor. `start` does it if nobody did before. */
  restore(): Promise<void>
  start(): Promise<void>
  /** Ends the request under way (within 3 s) and writes the cursor into the store's batch: stop it before the store. */
  stop(): Promise<void>
  metrics(): Iterable<MetricSample>
  readonly pin: RetentionPin
  /** The books of target `influx`. */
  ledger(): LedgerLine
  status(): InfluxStatus
  /** A dead letter's line once more. */
  resend(line: string): Promise<DeliveryOutcome>
}

const stopGraceMs = 3_000
/** A log that grew by more entries than this while nobody counted is counted as it is sent. */
const mostCountedAtStart = 500_000

/** Streams every reading of the log into InfluxDB, behind a durable cursor of two lanes (delivery.md "InfluxDB"). */
export function createInfluxSink(options: InfluxOptions, deps: InfluxSinkDeps): InfluxSink {
  const { store, clock, logger } = deps
  const tuning: InfluxTuning = { ...defaultTuning, ...deps.tuning }
  const random = deps.random ?? Math.random
  const stopping = new AbortController()
  const health = createHealth(options, tuning.awayAlarmMs, deps)
  const backlog = createBacklog(clock)
  const books = createBooks()
  const cursor = createCursor(books, tuning.saveEveryMs, deps)
  const intake = createIntake(store, { books, backlog }, {
    pageEntries: tuning.pageEntries,
    signal: stopping.signal,
    onGrown() {
      cursor.touch()
      wake?.()
    },
    onFailed: logFailedRead,
  })
  let wake: (() => void) | undefined
  let restored: Promise<void> | undefined
  let started: Promise<void> | undefined
  let running: Promise<void> | undefined
  let sender: Sender | undefined
  let closeClient: (() => void) | undefined
  /** After a jump the live lane comes first once, so that gaps cannot keep it from ever sending. */
  let liveOwed = false
  /** Monotonic time before which no gap is drained. */
  let restUntil = 0
  let lastWrittenAt: number | null = null

  async function restore(): Promise<void> {
    const known = await cursor.load()
    // Retention by quota may have gone past the cursor while nobody held the pin.
    books.removed(store.firstPosition())
    const last = store.lastPosition()
    if (!known || last - books.live().to > mostCountedAtStart) books.extendUncounted(last)
    cursor.touch()
  }

  async function start(): Promise<void> {
    await (restored ??= restore())
    const [{ escape }, client] = await Promise.all([import('@influxdata/influxdb-client'), connectInflux(options, tuning.requestTimeoutMs)])
    closeClient = () => client.close()
    if (stopping.signal.aborted) return
    sender = createSender({ client, clock, health, tuning, random })
    intake.follow()
    running = run(sender, createBatcher(store, createLineWriter(options.measurement, escape), tuning))
  }

  async function run(to: Sender, take: (stretch: Stretch) => Promise<Batch>): Promise<void> {
    let failures = 0
    while (!stopping.signal.aborted) {
      try {
        await intake.counted()
        const stretch = nextStretch()
        if (stretch === undefined) await untilDue()
        else if (stretch === books.live()) await drain(stretch, to, take)
        else await drainGap(stretch, to, take)
        failures = 0
      } catch (thrown) {
        logFailedRead(thrown)
        await sleep(fullJitterMs(failures++, random))
      }
    }
  }

  /** Live data first; the oldest gap with what time is left; nothing while the newest readings wait for company. */
  function nextStretch(): Stretch | undefined {
    const live = books.live()
    const ageMs = backlog.ageMs(live)
    const backlogOfMoreThanOne = (live.left ?? 0) > tuning.batchLines
    if (ageMs > tuning.maxLagMs && backlogOfMoreThanOne && !liveOwed) {
      books.jump()
      liveOwed = true
      return undefined
    }
    if (live.from < live.to && (ageMs >= tuning.lingerMs || (live.left ?? 0) >= tuning.batchLines)) {
      liveOwed = false
      return live
    }
    return liveOwed || clock.monotonic() < restUntil ? undefined : books.gaps()[0]
  }

  /** Sleeps until the log grows or something falls due. */
  async function untilDue(): Promise<void> {
    const live = books.live()
    const waitsMs: number[] = []
    if (live.from < live.to) waitsMs.push(tuning.lingerMs - backlog.ageMs(live))
    else if (liveOwed) {
      await sleep(tuning.lingerMs)
      // Nothing came: the gaps may go on.
      if (books.live().from >= books.live().to) liveOwed = false
      return
    }
    if (!liveOwed && books.gaps().length > 0) waitsMs.push(restUntil - clock.monotonic())
    await sleep(waitsMs.length === 0 ? undefined : Math.max(0, Math.min(...waitsMs)))
  }

  /** One batch of a gap, and then a rest is due. */
  async function drainGap(gap: Stretch, to: Sender, take: (stretch: Stretch) => Promise<Batch>): Promise<void> {
    const began = clock.monotonic()
    await drain(gap, to, take)
    const ended = clock.monotonic()
    restUntil = ended + Math.min(ended - began, tuning.longestRestMs)
  }

  /** Sends one batch from the head of a stretch. */
  async function drain(stretch: Stretch, to: Sender, take: (stretch: Stretch) => Promise<Batch>): Promise<void> {
    const batch = await take(stretch)
    const bad = batch.lines.length === 0 ? [] : await to.send(batch.lines)
    if (bad === undefined) return
    const delivered = batch.lines.length - bad.length
    if (delivered > 0) lastWrittenAt = clock.wall()
    books.settle(stretch, batch.next, { delivered, deadLettered: bad.length, unwritable: batch.unwritable })
    if (bad.length === 0) return cursor.touch()
    logger.warn({ lines: bad.length, answer: bad[0]!.words }, 'InfluxDB refused readings; they are dead letters')
    cursor.save(bad.map(({ index, words }) => ({ line: batch.lines[index]!, reading: batch.readings[index]!, answer: words })))
  }

  /** Until the log grows, stop is called, or the time is over. */
  function sleep(ms: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      if (stopping.signal.aborted) return resolve()
      const cancel = ms === undefined ? undefined : clock.after(ms, resolve)
      wake = () => {
        cancel?.()
        resolve()
      }
    })
  }

  function logFailedRead(thrown: unknown): void {
    logger.error({ error: asError(thrown).message }, 'The log could not be read for InfluxDB; it will be tried again')
  }

  async function stop(): Promise<void> {
    stopping.abort()
    intake.unfollow()
    sender?.stop(stopGraceMs)
    wake?.()
    // Why a start failed, its caller knows.
    await started?.catch(() => undefined)
    await running
    if (restored !== undefined) cursor.close()
    closeClient?.()
  }
  let stopped: Promise<void> | undefined

  function status(): InfluxStatus {
    return { ...health.state(), lastWrittenAt, lagMs: backlog.ageMs(books.live()), gaps: books.gaps().length }
  }

  return {
    restore: () => (restored ??= restore()),
    start: () => (started ??= start()),
    stop: () => (stopped ??= stop()),
    metrics: () => sinkMetrics({ ledger: books.ledger(), status: status(), requests: sender?.requests() ?? new Map() }),
    pin: {
      name: 'influx',
      position: () => cursor.durablePosition(),
      dropped(entries, through) {
        logger.warn({ entries }, 'The disk quota removed log entries that InfluxDB has not had')
        // Not the log's first position: the journal of what is gone stays.
        books.removed(through + 1)
        cursor.touch()
      },
    },
    ledger: () => books.ledger(),
    status,
    async resend(line) {
      if (sender === undefined) return { kind: 'retry', reason: 'not started' }
      const outcome = asOutcome(await sender.once(line), tuning.refusedRetryMs)
      if (outcome.kind === 'accepted') {
        books.redelivered()
        cursor.touch()
      }
      return outcome
    },
  }
}
