import type { DeliveryRoom } from './delivery/delivery.ts'
import type { TargetEntry } from './delivery/worker.ts'
import type { InfluxOptions } from './influx/options.ts'
import type { InfluxSink, InfluxSinkDeps } from './influx/sink.ts'
import { createInfluxSink } from './influx/sink.ts'
import type { DeliveryDesk, LedgerLine, Store } from './kernel/contracts.ts'
import { digest } from './kernel/hash.ts'
import type { MetricSource } from './kernel/metric.ts'

/** The sink's name among the targets: in the ledger and in the dead letters. */
export const influxTarget = 'influx'

export interface InfluxAttachmentDeps extends Omit<InfluxSinkDeps, 'store' | 'onRefused'> {
  readonly store: Store
  readonly site: string
  /** The delivery room, which keeps what InfluxDB refused among its dead letters. */
  readonly delivery: () => DeliveryRoom
}

/** InfluxDB beside the other targets: its readings come from the log, what it refused for good goes to the dead letters. */
export interface InfluxAttachment {
  start(): Promise<void>
  stop(): Promise<void>
  status(): { readonly ok: boolean; readonly detail: string } | undefined
  /** For delivery's table: a refused line is sent again by this target. */
  readonly targets: ReadonlyMap<string, TargetEntry>
  /** The books of delivery with InfluxDB's among them. */
  readonly ledger: DeliveryDesk['ledger']
  readonly metrics: MetricSource
}

export function attachInflux(options: InfluxOptions | undefined, deps: InfluxAttachmentDeps): InfluxAttachment {
  if (options === undefined) {
    return { start: async () => {}, stop: async () => {}, status: () => undefined, targets: new Map(), ledger: () => deps.delivery().ledger(), metrics: () => [] }
  }
  const { clock, store } = deps
  const sink: InfluxSink = createInfluxSink(options, {
    ...deps,
    onRefused({ line, reading, answer }) {
      const { position, device, metric, value, ts, seq } = reading
      const idempotencyKey = digest(influxTarget, position)
      deps.delivery().deposit({
        target: influxTarget,
        idempotencyKey,
        cause: 'refused by InfluxDB',
        answer,
        event: {
          specversion: '1.0', id: idempotencyKey, type: 'limen.reading', source: deps.site, subject: device, time: new Date(clock.wall()).toISOString(),
          data: { device, metric, value, ts, seq: seq ?? null, position, line },
        },
      })
    },
  })
  // Before the store's first look at what is too old.
  store.pin(sink.pin)
  const resend: TargetEntry = {
    timeoutMs: 15_000,
    concurrency: 1,
    target: { send: (batch) => Promise.all(batch.map(({ event }) => sink.resend((event.data as { line: string }).line))) },
  }

  /** A refused reading stays in the sink's dead letters until a resend succeeds; those waiting for one, or given up, are counted as such. */
  function books(line: LedgerLine | undefined): LedgerLine {
    const own = sink.ledger()
    if (line === undefined) return own
    const dropped = { ...own.dropped }
    for (const [reason, count] of Object.entries(line.dropped)) dropped[reason] = (dropped[reason] ?? 0) + count
    const givenUp = Object.values(line.dropped).reduce((sum, count) => sum + count, 0)
    return { ...own, queued: own.queued + line.queued, deadLettered: own.deadLettered - line.queued - givenUp, dropped }
  }

  return {
    start: () => sink.start(),
    stop: () => sink.stop(),
    status() {
      const { state, reason } = sink.status()
      return { ok: state === 'good' || state === 'unknown', detail: reason ?? state }
    },
    targets: new Map([[influxTarget, resend]]),
    ledger() {
      const lines = deps.delivery().ledger()
      return { ...lines, [influxTarget]: books(lines[influxTarget]) }
    },
    metrics: () => sink.metrics(),
  }
}
