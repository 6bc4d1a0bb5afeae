import type { Value } from '../../../gateway/kernel/reading.ts'
import { ask } from '../data/api.ts'
import { gatewayTime } from '../data/clock.ts'
import { lastOf, onValues } from '../data/values.ts'
import { watch } from '../data/watching.ts'
import { mostPoints, readHistory } from './history.ts'
import type { Kind, Point } from './series.ts'
import { fold, kindOf, kindOfAll, merge, pointOf } from './series.ts'

export interface FeedOptions {
  readonly device: string
  readonly metric: string
  /** ms of the gateway's clock; of a feed that is live only their distance counts. */
  readonly from: number
  readonly to: number
  readonly live: boolean
  /** What to show, where it need not be asked for. */
  readonly given?: GivenReadings | undefined
}

export interface GivenReadings { readonly unit: string | null; readonly items: readonly { readonly ts: number; readonly value: Value; readonly quality: string }[] }

/** What a chart shows now. */
export interface FeedState {
  readonly points: readonly Point[]
  readonly kind: Kind
  readonly unit: string | null
  readonly stepMs: number | undefined
  readonly cutAt: number | undefined
}

export interface Feed {
  /** Undefined until history was read. */
  state(): FeedState | undefined
  /** Rises whenever there is something new to draw. */
  version(): number
  /** The window as of now. */
  window(): { readonly from: number; readonly to: number }
  load(signal: AbortSignal): Promise<void>
  stop(): void
}

const mostWaiting = 2_000

/** History of one series, and with `live` what comes after it. */
export function createFeed({ device, metric, from, to, live, given }: FeedOptions): Feed {
  const spanMs = to - from
  let state: FeedState | undefined
  let version = 0
  /** What came while history was being read. */
  let waiting: Point[] = []
  const ends = live ? [watch([device]), onValues(listen)] : []

  function listen(rows: readonly (readonly [string, string, Value, number, string, string | null])[]): void {
    const fresh: Point[] = []
    for (const row of rows) if (row[1] === metric && row[0] === device) fresh.push(pointOf({ value: row[2], ts: row[3], quality: row[4] }))
    if (fresh.length === 0) return
    if (state === undefined) waiting = [...waiting, ...fresh].slice(-mostWaiting)
    else take(state, fresh)
    version++
  }

  function take(known: FeedState, fresh: readonly Point[]): void {
    const bounds = { from: gatewayTime() - spanMs, most: mostPoints }
    const points = known.stepMs === undefined ? merge(known.points, fresh, bounds) : fold(known.points, fresh, { stepMs: known.stepMs, kind: known.kind, ...bounds })
    state = { ...known, points }
  }

  function currentWindow(): { from: number; to: number } {
    if (!live) return { from, to }
    const end = gatewayTime()
    return { from: end - spanMs, to: end }
  }

  return {
    state: () => state,
    version: () => version,
    window: currentWindow,
    async load(signal) {
      if (given !== undefined) {
        const points = merge([], given.items.map(pointOf), { from: -Infinity, most: mostPoints })
        state = { points, kind: kindOfAll(given.items.map(({ value }) => value)) ?? 'number', unit: given.unit, stepMs: undefined, cutAt: undefined }
        version++
        return
      }
      const last = lastOf(device, metric)?.peek() ?? (await lastKnown(device, metric, signal))
      const asked = currentWindow()
      const history = await readHistory({ device, metric, ...asked, kind: kindOf(last?.value), signal })
      signal.throwIfAborted()
      const fresh = waiting.filter(({ ts }) => history.stepMs === undefined || ts > asked.to)
      waiting = []
      state = { ...history, unit: history.unit ?? last?.unit ?? null }
      if (fresh.length > 0) take(state, fresh)
      version++
    },
    stop() {
      for (const end of ends) end()
    },
  }
}

interface Known { readonly value: Value; readonly unit: string | null }

/** Of a series nobody watches yet: unit and kind of what is drawn. */
async function lastKnown(device: string, metric: string, signal: AbortSignal): Promise<Known | undefined> {
  try {
    return (await ask<{ metrics: Readonly<Record<string, Known>> }>(`devices/${encodeURIComponent(device)}`, { signal })).metrics[metric]
  } catch {
    signal.throwIfAborted()
    // It may be gone from the registry and still be in the log.
    return undefined
  }
}
