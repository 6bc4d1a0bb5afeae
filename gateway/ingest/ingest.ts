import type { StateWriter, StoreReader } from '../kernel/contracts.ts'
import type { NewEvent } from '../kernel/event.ts'
import type { MetricSource } from '../kernel/metric.ts'
import type { Labels, Reading, StoredReading, Value } from '../kernel/reading.ts'
import { codecs } from './codecs.ts'
import { excerpt, isFault, readSeq, readTs } from './fields.ts'
import { readValue } from './codecs/scalar.ts'
import type { Codec, Decoded, Fault, Sample } from './sample.ts'
import { type TrackedSeries, createSeriesTable } from './series.ts'
import { type TopicClass, classifyTopic } from './topics.ts'
import { type Treatment, treat, treatmentOf, unitMismatch } from './treatment.ts'

/** A topic, resolved once: what it is, how its payload is read, and (for a single metric) its series. */
export interface Route {
  readonly topic: TopicClass
  readonly codec: Codec | undefined
  /** Set with the first good reading. */
  series: TrackedSeries | undefined
}

/** What one payload gave: new readings by message, how many were seen before, and what could not be read. */
export interface Intake {
  readonly messages: readonly (readonly Reading[])[]
  readonly duplicates: number
  readonly faults: readonly Fault[]
}

export interface Ingest {
  /** Replaces what is in memory by what the store holds, then remembers these (oldest first). */
  restore(store: StoreReader, recent: AsyncIterable<readonly StoredReading[]> | Iterable<readonly StoredReading[]>): Promise<void>
  route(topic: string): Route
  /** Reads a payload of `devices/…`; readings come back interned, identified and numbered (`k`), without the duplicates. */
  take(route: Route, payload: Uint8Array, receivedAt: number): Intake
  /** The same for the data of a posted `limen.reading` event: {device, metric, value, unit, ts, seq}. */
  takeData(data: unknown, receivedAt: number): Intake
  /** The wall clock was set by so much: what was heard before is known for as long as it would have been. */
  clockSet(byMs: number): void
  /** Labels or settings of a device changed. */
  relabel(device: string): void
  readonly metrics: MetricSource
}

/** Bound of the cache of topics; when full it starts afresh, so a flood of topics costs a look-up each and no memory. */
const maxRoutes = 50_000

export function createIngest(
  options: { readonly maxSeries: number },
  deps: {
    readonly store: StateWriter
    readonly labels: (device: string) => Labels
    /** Asked once a series, and again after `relabel`. */
    readonly settings: (device: string) => Readonly<Record<string, unknown>>
    /** `limen.reading.unit-mismatch`; in the current batch. */
    readonly emit: (event: NewEvent) => void
  },
): Ingest {
  const table = createSeriesTable(options, deps)
  let routes = new Map<string, Route>()
  let taken = 0
  let duplicates = 0
  let mismatches = 0
  /** Of the wall clock, all together. */
  let stepsMs = 0

  function identify(decoded: Decoded, route: { readonly device: string; series?: TrackedSeries | undefined }, receivedAt: number): Intake {
    const messages: (readonly Reading[])[] = []
    let faults = decoded.faults
    let seenBefore = 0
    for (const samples of decoded.messages) {
      const readings: Reading[] = []
      for (const sample of samples) {
        const series = route.series ?? table.of(route.device, sample.metric)
        if (series === undefined) {
          faults = [...faults, { reason: 'series-limit', detail: `${sample.metric}: the gateway knows ${options.maxSeries} series already; remove devices or raise the limit` }]
          continue
        }
        const reading = admit(series, sample, receivedAt)
        if (reading === undefined) seenBefore++
        else readings.push(reading)
      }
      if (readings.length > 0) messages.push(readings)
    }
    duplicates += seenBefore
    return { messages, duplicates: seenBefore, faults }
  }

  function admit(series: TrackedSeries, sample: Sample, receivedAt: number): Reading | undefined {
    const treatment = series.treatment === undefined ? (series.treatment = treatmentOf(deps.settings(series.device), series.metric)) : series.treatment
    const { value: said, quality, unit } = treatment === null ? sample : treat(treatment, sample, () => mismatched(series, treatment))
    // −0 is what some devices make of a small negative number; it counts as 0, and is stored as that.
    const value = said === 0 ? 0 : said
    const { ts: given, seq } = sample
    const tsGiven = given !== undefined
    const ts = tsGiven ? given : receivedAt
    const { memory } = series
    const reading: Reading = { series, value, quality, unit, ts, tsGiven, seq, receivedAt, k: memory.sameTime(ts) }
    if (memory.has(reading, receivedAt - stepsMs)) return undefined
    memory.remember(reading, receivedAt - stepsMs)
    taken++
    return reading
  }

  function mismatched(series: TrackedSeries, treatment: Treatment): void {
    mismatches++
    if (treatment.told) return
    treatment.told = true
    deps.emit(unitMismatch(series, treatment))
  }

  return {
    async restore(store, recent) {
      routes = new Map()
      stepsMs = 0
      await table.restore(store)
      for await (const page of recent) {
        for (const { device, metric, value, ts, tsGiven, seq, receivedAt } of page) {
          table.of(device, metric)?.memory.remember({ value, ts, tsGiven, seq, receivedAt })
        }
      }
    },
    route(topic) {
      let route = routes.get(topic)
      if (route !== undefined) return route
      if (routes.size >= maxRoutes) routes = new Map()
      const kind = classifyTopic(topic)
      route = { topic: kind, codec: kind.kind === 'metric' ? codecs.scalar : kind.kind === 'object' ? codecs.object : undefined, series: undefined }
      routes.set(topic, route)
      return route
    },
    take(route, payload, receivedAt) {
      const { topic, codec } = route
      if (codec === undefined || (topic.kind !== 'metric' && topic.kind !== 'object')) throw new Error(`topic of kind ${topic.kind} holds no readings`)
      if (topic.kind === 'object') return identify(codec.decode(payload, undefined), { device: topic.device }, receivedAt)
      const decoded = codec.decode(payload, topic.metric)
      if (route.series === undefined && decoded.messages.length > 0) route.series = table.of(topic.device, topic.metric)
      const sample = decoded.messages[0]?.[0]
      // By far the most: one value, well-formed, of a known series.
      if (sample !== undefined && route.series !== undefined) {
        const reading = admit(route.series, sample, receivedAt)
        if (reading !== undefined) return { messages: [[reading]], duplicates: 0, faults: decoded.faults }
        duplicates++
        return { messages: [], duplicates: 1, faults: decoded.faults }
      }
      return identify(decoded, { device: topic.device, series: route.series }, receivedAt)
    },
    takeData(data, receivedAt) {
      const read = readData(data)
      if (isFault(read)) return { messages: [], duplicates: 0, faults: [read] }
      return identify({ messages: [[read.sample]], faults: [] }, { device: read.device }, receivedAt)
    },
    clockSet: (byMs) => void (stepsMs += byMs),
    relabel: (device) => table.relabel(device),
    *metrics() {
      yield { name: 'limen_readings_total', help: 'Readings taken in, duplicates not counted.', type: 'counter', value: taken }
      yield { name: 'limen_readings_duplicate_total', help: 'Readings dropped because they had been taken before.', type: 'counter', value: duplicates }
      yield { name: 'limen_readings_unit_mismatch_total', help: 'Readings of bad quality because their unit cannot become that of the metric.', type: 'counter', value: mismatches }
      yield { name: 'limen_series', help: 'Pairs of device and metric known.', type: 'gauge', value: table.count() }
    },
  }
}

function readData(data: unknown): { device: string; sample: Sample } | Fault {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return { reason: 'not-an-object', detail: 'data is no object; write {"device":…,"metric":…,"value":…}' }
  const { device, metric, value, unit, ts: givenTs, seq: givenSeq } = data as Record<string, unknown>
  for (const [name, level] of [['device', device], ['metric', metric]] as const) {
    // eslint-disable-next-line no-control-regex -- NUL may not stand in a topic [MQTT-4.7.3-2]
    if (typeof level !== 'string' || !/^[^/+#\u0000]{1,256}$/.test(level)) return { reason: 'bad-metric', detail: `data.${name} is ${excerpt(level)}; a name of 1 to 256 characters without / + # is wanted` }
  }
  if (value === undefined) return { reason: 'bad-value', detail: 'data.value is missing' }
  const ts = readTs(givenTs)
  if (isFault(ts)) return ts
  const seq = readSeq(givenSeq)
  if (isFault(seq)) return seq
  const read: { value: Value; quality: 'good' | 'bad' } | Fault = readValue(value, 'data.value')
  if (isFault(read)) return read
  const sample: Sample = { metric: metric as string, value: read.value, quality: read.quality, unit: typeof unit === 'string' && unit !== '' ? unit.slice(0, 64) : undefined, ts, seq }
  return { device: device as string, sample }
}
