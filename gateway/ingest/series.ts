import { eachRow } from '../kernel/all-rows.ts'
import type { StateWriter, StoreReader } from '../kernel/contracts.ts'
import type { Labels, Series } from '../kernel/reading.ts'
import { type SeriesMemory, createSeriesMemory } from './identity.ts'
import type { Treatment } from './treatment.ts'

/** A series with what ingest remembers of it. */
export interface TrackedSeries extends Series {
  storedId: number
  readonly memory: SeriesMemory
  /** Undefined: not asked for yet, or its device was edited since. */
  treatment: Treatment | null | undefined
}

export interface SeriesTable {
  /** Replaces what is in memory by what the store holds. Ids of known series stay. */
  restore(store: StoreReader): Promise<void>
  /** The series of a pair, new ones with their row in the current batch; undefined when the table is full. */
  of(device: string, metric: string): TrackedSeries | undefined
  byStoredId(storedId: number): TrackedSeries | undefined
  /** The device's labels changed: its series go on under new stored ids, so that what is stored keeps the labels it was stored with. */
  relabel(device: string): void
  count(): number
}

interface SeriesRow { readonly device: string; readonly metric: string; readonly labels: Labels }

/**
 * Interns (device, metric) pairs. Stored in space `series`: key the stored id, value {"device","metric","labels"}.
 * Bounded by `maxSeries`; what comes beyond is refused by the caller and counted.
 */
export function createSeriesTable(
  options: { readonly maxSeries: number },
  deps: { readonly store: StateWriter; readonly labels: (device: string) => Labels },
): SeriesTable {
  let devices = new Map<string, Map<string, TrackedSeries>>()
  let stored: (TrackedSeries | undefined)[] = []
  let nextStoredId = 1
  let count = 0

  function intern(device: string, metric: string, storedId: number): TrackedSeries {
    let metrics = devices.get(device)
    if (metrics === undefined) devices.set(device, (metrics = new Map()))
    let series = metrics.get(metric)
    if (series === undefined) {
      series = { id: count++, device, metric, storedId, memory: createSeriesMemory(), treatment: undefined }
      metrics.set(metric, series)
    }
    series.storedId = storedId
    stored[storedId] = series
    if (storedId >= nextStoredId) nextStoredId = storedId + 1
    return series
  }

  function write(storedId: number, row: SeriesRow): void {
    deps.store.put('series', String(storedId), JSON.stringify(row))
  }

  return {
    async restore(store) {
      devices = new Map()
      stored = []
      nextStoredId = 1
      count = 0
      const rows: [number, SeriesRow][] = []
      await eachRow(store, 'series', (key, value) => void rows.push([Number(key), JSON.parse(String(value)) as SeriesRow]))
      // In the order they were made, so that the newest stored id of a pair stands.
      rows.sort((a, b) => a[0] - b[0])
      for (const [storedId, { device, metric }] of rows) intern(device, metric, storedId)
      for (const [storedId, { device, metric, labels }] of rows) {
        const series = devices.get(device)!.get(metric)!
        if (series.storedId !== storedId) continue
        const now = deps.labels(device)
        if (!sameLabels(labels, now)) {
          const fresh = nextStoredId
          intern(device, metric, fresh)
          write(fresh, { device, metric, labels: now })
        }
      }
    },
    of(device, metric) {
      const known = devices.get(device)?.get(metric)
      if (known !== undefined) return known
      if (count >= options.maxSeries) return undefined
      const storedId = nextStoredId
      const series = intern(device, metric, storedId)
      write(storedId, { device, metric, labels: deps.labels(device) })
      return series
    },
    byStoredId: (storedId) => stored[storedId],
    relabel(device) {
      const labels = deps.labels(device)
      for (const [metric, series] of devices.get(device) ?? []) {
        series.treatment = undefined
        const storedId = nextStoredId
        intern(device, metric, storedId)
        write(storedId, { device, metric, labels })
      }
    },
    count: () => count,
  }
}

function sameLabels(a: Labels, b: Labels): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && a[name] === b[name])
}
