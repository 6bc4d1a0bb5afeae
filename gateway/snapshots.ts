import { deserialize, serialize } from 'node:v8'
import { promisify } from 'node:util'
import { zstdCompress, zstdDecompressSync } from 'node:zlib'
import type { SavedStage } from './alarm-stage.ts'
import type { Clock } from './kernel/clock.ts'
import type { Store, StoreReader, StoreWriter, Times } from './kernel/contracts.ts'
import type { LiveAlarmStage } from './kernel/stage-contracts.ts'
import { asError } from './kernel/errors.ts'
import type { Logger } from './kernel/log.ts'
import type { MetricSource } from './kernel/metric.ts'
import { stateFormat } from './rules/engine-state.ts'
import { createLogReplay } from './log-replay.ts'

export interface Snapshots {
  /** Brings the stage to what the store holds: the last snapshot, and the log since then gone through again. */
  restore(stage: LiveAlarmStage<SavedStage>, resume: Parameters<LiveAlarmStage<SavedStage>['restore']>[0]['resume']): Promise<void>
  /**
   * Asked once a second: keeps the state where so much was appended since the last time that going through it again would take long, or
   * where that was hours ago: what the log holds since is kept from retention meanwhile.
   */
  look(times: Times): void
  /** Keeps the state as it is now, if anything was appended since. */
  write(times: Times): void
  /** Resolves once what is being written is in the current batch. */
  settled(): Promise<void>
  readonly metrics: MetricSource
}

export interface SnapshotOptions {
  /** Entries of the log between two of them, at least. */
  readonly everyEntries?: number | undefined
}

export interface SnapshotDeps {
  readonly store: Pick<StoreWriter, 'appendMark' | 'put' | 'delete' | 'onDisk'> & StoreReader & Pick<Store, 'pin'>
  readonly stage: Pick<LiveAlarmStage<SavedStage>, 'save'>
  /** For how long it held everything up. */
  readonly clock: Clock
  readonly logger: Logger
}

/** What is kept knows the position that it belongs to: parts of two that were written one after the other are none. */
interface Kept { readonly position: number; readonly state: SavedStage }
interface Head { readonly format: number; readonly position: number; readonly parts: number }
interface Begun { readonly format: number; readonly position: number; readonly at?: number }

const space = 'snapshot'
const headKey = 'head'
const begunKey = 'begun'
const partBytes = 1024 * 1024
/** About a second of a start. */
const usualEntries = 250_000
/** A state with long windows is written less often: no more than this part of what the log itself takes. */
const entriesPerByte = 0.05
const mostEntries = 1_500_000
const pageEntries = 5_000
/** The longest between snapshots, where anything was appended at all. */
const longestMs = 6 * 3_600_000
/** One that could not be stored is not tried again at every moment: the disk may be full of its like. */
const retryMs = 60_000
/** A start that has more to go through says how far it is. */
const toldEntries = 250_000
/** Parts that are written anew while they are read are read again. */
const mostTries = 5
const compress = promisify(zstdCompress)

/**
 * The state of the rules is a function of the log. It is kept now and then, so that a start has to go through little of it again
 * (docs/decisions/rule-state.md).
 */
export function createSnapshots({ everyEntries = usualEntries }: SnapshotOptions, { store, stage, clock, logger }: SnapshotDeps): Snapshots {
  /** Position up to which the state is kept, or from which it was begun; and the monotonic time there. */
  let base = 0
  let baseAt = 0
  /** The position as it is on disk: the log since then is needed. */
  let pinned = 0
  let parts = 0
  let every = everyEntries
  let writing: Promise<void> | undefined
  /** Not before this monotonic time. */
  let notBefore = -Infinity
  /** Entries since then are gone: what is kept is of use no more. */
  let holed = false
  /** Rises as state is read again: what was saved before is not to be mixed into what is being read. */
  let generation = 0
  let [written, failures, sizeBytes, heldUpMs] = [0, 0, 0, 0]
  store.pin({ name: 'rules', position: () => pinned, dropped: () => void (holed = true) })

  async function readHead(): Promise<Head | undefined> {
    const row = await store.get(space, headKey)
    const head = row === undefined ? undefined : (JSON.parse(String(row)) as Head)
    if (head !== undefined && head.format !== stateFormat) throw new Error(`it has format ${head.format}, this version reads ${stateFormat}`)
    return head
  }

  async function readParts({ position, parts: count }: Head): Promise<SavedStage> {
    const found: Uint8Array[] = []
    for (let i = 0; i < count; i++) {
      const part = await store.get(space, partKey(i))
      if (!(part instanceof Uint8Array)) throw new Error(`part ${i} is missing`)
      found.push(part)
    }
    const kept = deserialize(zstdDecompressSync(Buffer.concat(found))) as Kept
    if (kept.position !== position) throw new Error(`it is of position ${kept.position}, and should be of ${position}`)
    return kept.state
  }

  async function read(): Promise<{ saved: SavedStage; head: Head } | undefined> {
    try {
      for (let tries = 1; ; tries++) {
        const head = await readHead()
        if (head === undefined) return undefined
        const saved = await readParts(head).catch((thrown: unknown) => asError(thrown))
        if (!(saved instanceof Error)) return { head, saved }
        if (tries === mostTries) throw saved
      }
    } catch (thrown) {
      logger.warn({ err: asError(thrown) }, 'the state of the rules that was kept cannot be read; standing alarms stay, windows and delays begin anew')
      return undefined
    }
  }

  /** The position, and monotonic time, at which there was no state yet. */
  async function readBegun(): Promise<Begun | undefined> {
    const row = await store.get(space, begunKey)
    if (row === undefined) return undefined
    const begun = JSON.parse(String(row)) as Begun
    return begun.format === stateFormat ? begun : undefined
  }

  function pageAfter(after: number): ReturnType<typeof store.read> {
    const page = store.read({ after, limit: pageEntries })
    // Awaited by whoever asked, unless a gap ended it before: then its failure is nobody's.
    page.catch(() => undefined)
    return page
  }

  async function recall(into: LiveAlarmStage<SavedStage>, since: Times, rules: SavedStage['rules']): Promise<void> {
    const replay = createLogReplay(into, { since, rules })
    const total = store.lastPosition() - base
    let toldAt = base
    let last = base
    if (total > toldEntries) logger.info({ entries: total }, 'the log since the state of the rules was last kept is gone through again')
    for (let after = base, pending = pageAfter(after); ; ) {
      const { entries, next } = await pending
      // While one page is worked on the next is being read.
      if (next !== after) pending = pageAfter(next)
      for (const entry of entries) {
        if (entry.position !== last + 1) throw new Gap(last + 1, entry.position)
        last = entry.position
        replay.take(entry)
      }
      if (next === after) break
      after = next
      if (after - toldAt < toldEntries) continue
      toldAt = after
      logger.info({ entries: after - base, of: total }, 'going through the log')
    }
    replay.end()
  }

  function write(times: Times): void {
    if (writing !== undefined || store.lastPosition() === base) return
    notBefore = times.at + retryMs
    const begun = clock.monotonic()
    const position = store.appendMark({ kind: 'snapshot', ...times })
    const bytes = serialize({ position, state: stage.save() } satisfies Kept)
    heldUpMs = clock.monotonic() - begun
    const { promise, resolve } = Promise.withResolvers<void>()
    writing = promise
    const of = generation
    // What is not on disk may be undone, and the state with it.
    store.onDisk((error) => {
      if (error !== null) {
        failures++
        writing = undefined
        return resolve()
      }
      compress(bytes)
        .then((packed) => {
          if (of === generation) keep(packed, { position, at: times.at, size: bytes.length })
        })
        .catch((thrown: unknown) => {
          failures++
          logger.error({ err: asError(thrown) }, 'the state of the rules could not be kept; it is tried again')
        })
        .finally(() => {
          writing = undefined
          resolve()
        })
    })
  }

  function keep(packed: Uint8Array, { position, at, size }: { readonly position: number; readonly at: number; readonly size: number }): void {
    const count = Math.ceil(packed.length / partBytes)
    for (let i = 0; i < count; i++) store.put(space, partKey(i), packed.slice(i * partBytes, (i + 1) * partBytes))
    for (let i = count; i < parts; i++) store.delete(space, partKey(i))
    store.delete(space, begunKey)
    store.put(space, headKey, JSON.stringify({ format: stateFormat, position, parts: count } satisfies Head))
    store.onDisk((error) => {
      if (error === null) pinned = position
    })
    parts = count
    base = position
    baseAt = at
    holed = false
    written++
    sizeBytes = packed.length
    every = Math.min(mostEntries, Math.max(everyEntries, size * entriesPerByte))
  }

  return {
    async restore(into, resume) {
      generation++
      const kept = await read()
      const begun = kept === undefined ? await readBegun() : undefined
      base = kept?.head.position ?? begun?.position ?? store.lastPosition()
      pinned = base
      parts = kept?.head.parts ?? parts
      const saved = kept?.saved
      baseAt = saved?.at ?? begun?.at ?? resume.times.at
      // Begun and not kept yet: all of it is in the log since then.
      const known = saved !== undefined || begun !== undefined
      try {
        await into.restore({ store, resume, saved, recall: known ? () => recall(into, saved ?? resume.times, saved?.rules ?? []) : undefined })
        if (known) return
      } catch (thrown) {
        if (!(thrown instanceof Gap)) throw thrown
        logger.warn({ err: thrown }, 'the state of the rules cannot be made from the log; standing alarms stay, windows and delays begin anew')
        base = pinned = store.lastPosition()
        baseAt = resume.times.at
        await into.restore({ store, resume })
      }
      store.put(space, begunKey, JSON.stringify({ format: stateFormat, position: base, at: baseAt } satisfies Begun))
      store.delete(space, headKey)
    },
    look(times) {
      if (times.at < notBefore) return
      if (holed || store.lastPosition() - base >= every || times.at - baseAt >= longestMs) write(times)
    },
    write,
    settled: async () => writing,
    *metrics() {
      yield { name: 'limen_snapshots_total', help: 'Times the state of the rules was kept.', type: 'counter', value: written }
      yield { name: 'limen_snapshot_failures_total', help: 'Times it could not be kept.', type: 'counter', value: failures }
      yield { name: 'limen_snapshot_size_bytes', help: 'Its size on disk when it was last kept in this run.', type: 'gauge', value: sizeBytes }
      yield { name: 'limen_snapshot_pause_seconds', help: 'How long readings waited while it was last put together.', type: 'gauge', value: heldUpMs / 1_000 }
      yield { name: 'limen_snapshot_behind_entries', help: 'Entries of the log since then: what a start has to go through again.', type: 'gauge', value: Math.max(0, store.lastPosition() - base) }
    },
  }
}

/** Entries are missing: they were removed for lack of room, or cannot be read. */
class Gap extends Error {
  constructor(wanted: number, found: number) {
    super(`the log has no entry ${wanted}; it goes on with ${found}`)
  }
}

function partKey(i: number): string {
  return `part/${String(i).padStart(4, '0')}`
}
