import type { Clock } from '../../gateway/kernel/clock.ts'
import { systemClock } from '../../gateway/kernel/clock.ts'
import type {
  Inbound,
  LogEntry,
  LogPage,
  Mark,
  ReadingQuery,
  RecentBatch,
  RetentionPin,
  Store,
  StoreRecovery,
} from '../../gateway/kernel/contracts.ts'
import { LimenError } from '../../gateway/kernel/errors.ts'
import type { CloudEvent } from '../../gateway/kernel/event.ts'
import type { Labels, Reading, StoredReading } from '../../gateway/kernel/reading.ts'

export interface MemoryStoreOptions {
  /** Commit by itself in a microtask after the first thing put into a batch. */
  readonly auto?: boolean
  readonly clock?: Clock
}

export interface MemoryStore extends Store, StoreRecovery {
  /** Closes the current batch: applies it and calls its callbacks, or undoes it if a failure was asked for. Resolves after the callbacks. */
  commit(): Promise<void>
  /** The next commit fails with this error: nothing of its batch holds. */
  failNextCommit(error: Error): void
  /** Was urgent() called for the batch that is open? */
  isUrgent(): boolean
  /** A new store that holds what was committed, and nothing of the open batch: a start after kill -9. */
  crash(): MemoryStore
}

type Content = string | Uint8Array
type RawEntry =
  | { readonly position: number; readonly kind: 'reading'; readonly reading: Reading; readonly joined: boolean }
  | { readonly position: number; readonly kind: 'event'; readonly json: string }
  | { readonly position: number; readonly kind: 'mark'; readonly json: string }

interface Committed {
  readonly batches: { readonly entries: readonly RawEntry[]; readonly inbound: readonly Inbound[]; readonly wallMs: number; readonly monotonicMs: number }[]
  readonly spaces: Map<string, Map<string, Content>>
}

interface Batch {
  readonly entries: RawEntry[]
  readonly inbound: Inbound[]
  readonly changes: [space: string, key: string, value: Content | undefined][]
  readonly callbacks: ((error: Error | null) => void)[]
  urgent: boolean
  payloadBytes: number
}

/** The Store contract in memory. What is read is the committed view, as on disk. */
export function createMemoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  return openOn({ batches: [], spaces: new Map() }, options)
}

function openOn(committed: Committed, options: MemoryStoreOptions): MemoryStore {
  const clock = options.clock ?? systemClock
  const listeners = new Set<(last: number, readings: number) => void>()
  let last = lastOf(committed)
  let appended = last
  let batch = emptyBatch()
  let failure: Error | undefined
  let scheduled = false
  let stopped = false

  const log = (): RawEntry[] => committed.batches.flatMap((b) => b.entries)
  const eventsSince = (wallMs: number): RawEntry[] => committed.batches.flatMap((b) => (b.wallMs < wallMs ? [] : b.entries.filter(({ kind }) => kind === 'event')))

  function touched(): void {
    if (stopped) throw new LimenError('STORE_CLOSED', 'The store has been stopped.')
    if (options.auto !== true || scheduled) return
    scheduled = true
    queueMicrotask(() => {
      scheduled = false
      if (!stopped) close()
    })
  }

  function close(): void {
    const closing = batch
    batch = emptyBatch()
    const error = failure ?? null
    if (error !== null) {
      failure = undefined
      appended = last
    } else if (closing.entries.length + closing.inbound.length + closing.changes.length > 0) {
      committed.batches.push({ entries: closing.entries, inbound: closing.inbound, wallMs: clock.wall(), monotonicMs: clock.monotonic() })
      for (const [space, key, value] of closing.changes) {
        const content = committed.spaces.get(space) ?? new Map<string, Content>()
        committed.spaces.set(space, content)
        if (value === undefined) content.delete(key)
        else content.set(key, value)
      }
      last = closing.entries.at(-1)?.position ?? last
    }
    for (const callback of closing.callbacks) callback(error)
    if (error !== null || closing.entries.length === 0) return
    const readings = closing.entries.filter((entry) => entry.kind === 'reading').length
    for (const listener of listeners) listener(last, readings)
  }

  function stored(entry: RawEntry): LogEntry {
    if (entry.kind === 'reading') return { position: entry.position, kind: 'reading', reading: storedReading(entry) }
    if (entry.kind === 'event') return { position: entry.position, kind: 'event', event: JSON.parse(entry.json) as CloudEvent }
    return { position: entry.position, kind: 'mark', mark: JSON.parse(entry.json) as Mark }
  }

  function storedReading({ position, reading, joined }: RawEntry & { readonly kind: 'reading' }): StoredReading {
    const { series, ...rest } = reading
    const text = committed.spaces.get('series')?.get(String(series.storedId))
    const labels = typeof text === 'string' ? ((JSON.parse(text) as { labels?: Labels }).labels ?? {}) : {}
    return { position, device: series.device, metric: series.metric, labels, ...rest, ...(joined ? { joined } : {}) }
  }

  return {
    start: async () => {},
    async stop() {
      if (stopped) return
      close()
      stopped = true
    },
    appendReading(reading, payloadBytes, joined = false) {
      touched()
      batch.payloadBytes += payloadBytes
      batch.entries.push({ position: ++appended, kind: 'reading', reading: { ...reading }, joined })
      return appended
    },
    appendEvent(event) {
      const json = JSON.stringify(event)
      touched()
      batch.entries.push({ position: ++appended, kind: 'event', json })
      return appended
    },
    appendMark(mark) {
      const json = JSON.stringify(mark)
      touched()
      batch.entries.push({ position: ++appended, kind: 'mark', json })
      return appended
    },
    noteInbound(inbound) {
      touched()
      batch.inbound.push({ ...inbound })
    },
    put(space, key, value) {
      touched()
      batch.changes.push([space, key, typeof value === 'string' ? value : Uint8Array.from(value)])
    },
    delete(space, key) {
      touched()
      batch.changes.push([space, key, undefined])
    },
    urgent() {
      touched()
      batch.urgent = true
    },
    onDisk(callback) {
      touched()
      batch.callbacks.push(callback)
    },
    async get(space, key) {
      return committed.spaces.get(space)?.get(key)
    },
    async list(space, { prefix = '', after, limit = Infinity } = {}) {
      return [...(committed.spaces.get(space) ?? [])]
        .filter(([key]) => key.startsWith(prefix) && (after === undefined || compareKeys(key, after) > 0))
        .sort(([a], [b]) => compareKeys(a, b))
        .slice(0, limit)
    },
    async read({ after, limit, kinds }): Promise<LogPage> {
      const seen = log().filter((entry) => entry.position > after).slice(0, limit)
      const wanted = kinds === undefined ? seen : seen.filter((entry) => kinds.includes(entry.kind))
      return { entries: wanted.map(stored), next: seen.at(-1)?.position ?? after }
    },
    async readBack({ before, limit, committedSince = -Infinity }): Promise<LogPage> {
      const found = eventsSince(committedSince).filter((entry) => entry.position < before).toReversed()
      const entries = found.slice(0, limit)
      return { entries: entries.map(stored), next: found.length > limit ? entries.at(-1)!.position : 0 }
    },
    async readOn({ after, limit, committedSince = -Infinity }): Promise<LogPage> {
      const found = eventsSince(committedSince).filter((entry) => entry.position > after)
      const entries = found.slice(0, limit)
      return { entries: entries.map(stored), next: found.length > limit ? entries.at(-1)!.position : Math.max(last, after) }
    },
    async readings(query) {
      return (query.order === 'desc' ? log().toReversed() : log())
        .flatMap((entry) => (entry.kind === 'reading' ? [storedReading(entry)] : []))
        .filter((reading) => matches(query, reading))
        .slice(0, query.limit)
    },
    firstPosition: () => log()[0]?.position ?? 0,
    lastPosition: () => last,
    follow(listener) {
      const own = (position: number, readings: number): void => listener(position, readings)
      listeners.add(own)
      return () => void listeners.delete(own)
    },
    pin(_pin: RetentionPin) {},
    health: () => ({ writable: !stopped, sizeBytes: 0, pendingBytes: batch.payloadBytes }),
    async *recent({ maxReadings, sinceWallMs }): AsyncIterable<RecentBatch> {
      let count = 0
      const chosen = []
      for (const one of committed.batches.toReversed()) {
        count += one.entries.filter((entry) => entry.kind === 'reading').length
        if (count > maxReadings || one.wallMs < sinceWallMs) break
        chosen.unshift(one)
      }
      for (const one of chosen) {
        const entries = one.entries.map(stored)
        yield {
          readings: entries.flatMap((entry) => (entry.kind === 'reading' ? [entry.reading] : [])),
          marks: entries.flatMap((entry) => (entry.kind === 'mark' ? [entry.mark] : [])),
          inbound: one.inbound,
        }
      }
    },
    lastAlive() {
      const newest = committed.batches.at(-1)
      return newest === undefined ? null : { wallMs: newest.wallMs, monotonicMs: newest.monotonicMs }
    },
    async commit() {
      close()
    },
    failNextCommit(error) {
      failure = error
    },
    isUrgent: () => batch.urgent,
    crash() {
      stopped = true
      return openOn({ batches: [...committed.batches], spaces: new Map([...committed.spaces].map(([space, content]) => [space, new Map(content)])) }, options)
    },
  }
}

function emptyBatch(): Batch {
  return { entries: [], inbound: [], changes: [], callbacks: [], urgent: false, payloadBytes: 0 }
}

function lastOf(committed: Committed): number {
  return committed.batches.flatMap((b) => b.entries).at(-1)?.position ?? 0
}

/** By UTF-8 bytes, as SQLite compares text. */
function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

function matches(query: ReadingQuery, reading: StoredReading): boolean {
  return (
    (query.device === undefined || query.device === reading.device) &&
    (query.metric === undefined || query.metric === reading.metric) &&
    reading.ts >= (query.from ?? -Infinity) &&
    reading.ts < (query.to ?? Infinity) &&
    (query.order === 'desc' ? reading.position < (query.before ?? Infinity) : reading.position > (query.after ?? 0))
  )
}
