import type { ReadingQuery, StoreReader } from '../kernel/contracts.ts'
import type { StoredReading, Value } from '../kernel/reading.ts'

export interface EvidenceSeries {
  readonly device: string
  readonly metric: string
  readonly unit: string | null
  readonly from: string
  readonly to: string
  readonly items: readonly { readonly ts: number; readonly value: Value; readonly quality: string; readonly receivedAt: number }[]
}

/** Of more, the first and the last half: what it was raised on, and how it ended. */
export const maxReadings = 10_000

export interface ReadingSpan { readonly device: string; readonly from: number; readonly to: number; readonly metric: string | null }

/** All series of a device in a stretch of time, that of the alarm first, the others in the order of their names. */
export async function readEvidence(store: Pick<StoreReader, 'readings'>, { device, from, to, metric }: ReadingSpan): Promise<{ readonly readings: readonly EvidenceSeries[]; readonly truncated: boolean }> {
  const query: Omit<ReadingQuery, 'limit'> = { device, from, to }
  const first = await store.readings({ ...query, limit: maxReadings + 1 })
  const truncated = first.length > maxReadings
  const all = truncated ? [...first.slice(0, maxReadings / 2), ...(await store.readings({ ...query, order: 'desc', limit: maxReadings / 2 })).toReversed()] : first
  const series = new Map<string, StoredReading[]>()
  const seen = new Set<number>()
  for (const reading of all) {
    if (seen.has(reading.position)) continue
    seen.add(reading.position)
    const own = series.get(reading.metric)
    if (own === undefined) series.set(reading.metric, [reading])
    else own.push(reading)
  }
  const names = [...series.keys()].sort((a, b) => Number(b === metric) - Number(a === metric) || (a < b ? -1 : 1))
  const readings = names.map((name): EvidenceSeries => ({
    device, metric: name, from: new Date(from).toISOString(), to: new Date(to).toISOString(),
    unit: series.get(name)!.findLast(({ unit }) => unit !== undefined)?.unit ?? null,
    items: series.get(name)!.map(({ ts, value, quality, receivedAt }) => ({ ts, value, quality, receivedAt })),
  }))
  return { readings, truncated }
}
