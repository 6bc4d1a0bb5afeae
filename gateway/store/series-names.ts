import type { Listed } from './protocol.ts'
import type { SeriesName } from './row.ts'

/** What the stored series numbers mean: the space `series`, put there by the pipeline with the first reading of each. */
export interface SeriesNames {
  /** Loads what was stored before this start; once, when first needed. */
  load(): Promise<void>
  get(storedId: number): SeriesName | undefined
  /** Changes of a batch that is on disk now; triples space, key, value. */
  committed(changes: readonly (string | Uint8Array | null)[]): void
  /** Stored ids, rising, of the series of this device and metric (undefined: any); null when both are any. */
  idsOf(device: string | undefined, metric: string | undefined): number[] | null
}

export function createSeriesNames(list: (after: string | undefined) => Promise<Listed>): SeriesNames {
  const names = new Map<number, SeriesName>()
  let loading: Promise<void> | null = null

  async function loadAll(): Promise<void> {
    let after: string | undefined
    for (;;) {
      const page = await list(after)
      // What was committed while this page was on its way is newer.
      for (const [key, value] of page) if (!names.has(Number(key))) learn(key, value)
      const last = page.at(-1)
      if (last === undefined) return
      after = last[0]
    }
  }

  function learn(key: string, value: string | Uint8Array): void {
    if (typeof value !== 'string') return
    const name = parseName(value)
    if (name !== undefined) names.set(Number(key), name)
  }

  return {
    load() {
      loading ??= loadAll().catch((error: unknown) => {
        loading = null
        throw error
      })
      return loading
    },
    get: (storedId) => names.get(storedId),
    committed(changes) {
      for (let i = 0; i < changes.length; i += 3) {
        if (changes[i] !== 'series') continue
        const key = changes[i + 1] as string
        const value = changes[i + 2]!
        if (value === null) names.delete(Number(key))
        else learn(key, value)
      }
    },
    idsOf(device, metric) {
      if (device === undefined && metric === undefined) return null
      const ids: number[] = []
      for (const [id, name] of names) {
        if ((device === undefined || name.device === device) && (metric === undefined || name.metric === metric)) ids.push(id)
      }
      return ids.sort((a, b) => a - b)
    },
  }
}

/** `{"device","metric","labels"}`; undefined when it is not that (a damaged entry). */
export function parseName(json: string): SeriesName | undefined {
  try {
    const { device, metric, labels } = JSON.parse(json) as Partial<SeriesName>
    if (typeof device !== 'string' || typeof metric !== 'string') return undefined
    return { device, metric, labels: labels ?? {} }
  } catch {
    return undefined
  }
}
