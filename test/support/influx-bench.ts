import type { RefusedReading } from '../../gateway/influx/cursor.ts'
import type { Condition } from '../../gateway/influx/health.ts'
import type { InfluxOptions, InfluxTuning } from '../../gateway/influx/options.ts'
import type { InfluxSink } from '../../gateway/influx/sink.ts'
import { createInfluxSink } from '../../gateway/influx/sink.ts'
import type { Clock } from '../../gateway/kernel/clock.ts'
import type { StoreWriter } from '../../gateway/kernel/contracts.ts'
import { silentLogger } from '../../gateway/kernel/log.ts'
import type { Reading } from '../../gateway/kernel/reading.ts'
import type { MemoryStore } from './memory-store.ts'

export interface SinkBench {
  readonly sink: InfluxSink
  readonly refused: RefusedReading[]
  readonly conditions: Condition[]
}

/** A sink on a store in memory; `random` is always ½ unless given. */
export function createSinkBench(store: MemoryStore, clock: Clock, set: { options: InfluxOptions; tuning?: Partial<InfluxTuning>; random?: () => number }): SinkBench {
  const refused: RefusedReading[] = []
  const conditions: Condition[] = []
  const sink = createInfluxSink(set.options, {
    store,
    clock,
    logger: silentLogger,
    onRefused: (one) => void refused.push(one),
    onCondition: (condition) => void conditions.push(condition),
    random: set.random ?? (() => 0.5),
    ...(set.tuning === undefined ? {} : { tuning: set.tuning }),
  })
  return { sink, refused, conditions }
}

const startMs = Date.UTC(2026, 0, 1)

/** The n-th of a run of readings: 10 devices, one reading a millisecond, the value is n. */
export function nthReading(n: number, change: Partial<Reading> & { device?: string; metric?: string } = {}): Reading {
  const { device = `bed-${n % 10}`, metric = 'heart_rate', ...rest } = change
  const ts = startMs + n
  return { series: { id: n % 10, device, metric, storedId: n % 10 }, value: n, quality: 'good', unit: undefined, ts, tsGiven: true, seq: n, receivedAt: ts, k: 0, ...rest }
}

/** Appends readings from ≤ n < to and commits them. */
export async function appendReadings(store: StoreWriter & Pick<MemoryStore, 'commit'>, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) store.appendReading(nthReading(n), 60)
  await store.commit()
}
