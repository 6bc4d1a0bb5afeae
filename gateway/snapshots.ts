import { deserialize, serialize } from 'node:v8'
import { promisify } from 'node:util'
import { zstdCompress, zstdDecompressSync } from 'node:zlib'
import type { SavedStage } from './alarm-stage.ts'
import type { StoreReader, StoreWriter, Times } from './kernel/contracts.ts'
import type { LiveAlarmStage } from './kernel/stage-contracts.ts'
import { asError } from './kernel/errors.ts'
import type { Logger } from './kernel/log.ts'
import { stateFormat } from './rules/engine-state.ts'
import { createLogReplay } from './log-replay.ts'

export interface Snapshots {
  /** Brings the stage to what the store holds: the last snapshot, and the log since then gone through again. */
  restore(stage: LiveAlarmStage<SavedStage>, resume: Parameters<LiveAlarmStage<SavedStage>['restore']>[0]['resume']): Promise<void>
  /** Asked once a second: keeps the state where so much was appended since the last time that going through it again would take long. */
  look(times: Times): void
  /** Keeps the state as it is now, if anything was appended since. */
  write(times: Times): void
  /** Resolves once what is being written is in the current batch. */
  settled(): Promise<void>
}

export interface SnapshotDeps {
  readonly store: Pick<StoreWriter, 'appendMark' | 'put' | 'delete' | 'onDisk'> & StoreReader
  readonly stage: Pick<LiveAlarmStage<SavedStage>, 'save'>
  readonly logger: Logger
}

interface Head { readonly format: number; readonly position: number; readonly parts: number }

const space = 'snapshot'
const headKey = 'head'
const begunKey = 'begun'
const partBytes = 1024 * 1024
/** Entries between snapshots: about a second of a start. */
const everyEntries = 250_000
/** A state with long windows is written less often: no more than this part of what the log itself takes. */
const entriesPerByte = 0.05
const mostEntries = 1_500_000
const pageEntries = 5_000
const compress = promisify(zstdCompress)

/**
 * The state of the rules is a function of the log. It is kept now and then, so that a start has to go through little of it again
 * (docs/decisions/rule-state.md).
 */
export function createSnapshots({ store, stage, logger }: SnapshotDeps): Snapshots {
  /** Position up to which the state is kept, or from which it was begun. */
  let base = 0
  let parts = 0
  let every = everyEntries
  let writing: Promise<void> | undefined

  async function read(): Promise<{ saved: SavedStage; head: Head } | undefined> {
    const row = await store.get(space, headKey)
    if (row === undefined) return undefined
    try {
      const head = JSON.parse(String(row)) as Head
      if (head.format !== stateFormat) throw new Error(`it has format ${head.format}, this version reads ${stateFormat}`)
      const found: Uint8Array[] = []
      for (let i = 0; i < head.parts; i++) {
        const part = await store.get(space, partKey(i))
        if (!(part instanceof Uint8Array)) throw new Error(`part ${i} is missing`)
        found.push(part)
      }
      return { head, saved: deserialize(zstdDecompressSync(Buffer.concat(found))) as SavedStage }
    } catch (thrown) {
      logger.warn({ err: asError(thrown) }, 'the state of the rules that was kept cannot be read; standing alarms stay, windows and delays begin anew')
      return undefined
    }
  }

  /** The position at which there was no state yet. */
  async function readBegun(): Promise<number | undefined> {
    const row = await store.get(space, begunKey)
    if (row === undefined) return undefined
    const { format, position } = JSON.parse(String(row)) as Pick<Head, 'format' | 'position'>
    return format === stateFormat ? position : undefined
  }

  async function recall(into: LiveAlarmStage<SavedStage>, since: Times, rules: SavedStage['rules']): Promise<void> {
    const replay = createLogReplay(into, { since, rules })
    for (let after = base; ; ) {
      const { entries, next } = await store.read({ after, limit: pageEntries })
      for (const entry of entries) replay.take(entry)
      if (next === after) break
      after = next
    }
    replay.end()
  }

  function write(times: Times): void {
    if (writing !== undefined) return
    const bytes = serialize(stage.save())
    const position = store.appendMark({ kind: 'snapshot', ...times })
    const { promise, resolve } = Promise.withResolvers<void>()
    writing = promise
    // What is not on disk may be undone, and the state with it.
    store.onDisk((error) => {
      if (error !== null) {
        writing = undefined
        return resolve()
      }
      compress(bytes)
        .then((packed) => keep(packed, position, bytes.length))
        .catch((thrown: unknown) => logger.error({ err: asError(thrown) }, 'the state of the rules could not be kept; it is tried again'))
        .finally(() => {
          writing = undefined
          resolve()
        })
    })
  }

  function keep(packed: Uint8Array, position: number, size: number): void {
    const count = Math.ceil(packed.length / partBytes)
    for (let i = 0; i < count; i++) store.put(space, partKey(i), packed.slice(i * partBytes, (i + 1) * partBytes))
    for (let i = count; i < parts; i++) store.delete(space, partKey(i))
    store.delete(space, begunKey)
    store.put(space, headKey, JSON.stringify({ format: stateFormat, position, parts: count } satisfies Head))
    parts = count
    base = position
    every = Math.min(mostEntries, Math.max(everyEntries, size * entriesPerByte))
  }

  return {
    async restore(into, resume) {
      const kept = await read()
      const begun = kept === undefined ? await readBegun() : undefined
      base = kept?.head.position ?? begun ?? store.lastPosition()
      parts = kept?.head.parts ?? parts
      const saved = kept?.saved
      // Begun and not kept yet: all of it is in the log since then.
      const known = saved !== undefined || begun !== undefined
      await into.restore({ store, resume, saved, recall: known ? () => recall(into, saved ?? resume.times, saved?.rules ?? []) : undefined })
      if (!known) store.put(space, begunKey, JSON.stringify({ format: stateFormat, position: base }))
    },
    look(times) {
      if (store.lastPosition() - base >= every) write(times)
    },
    write,
    settled: async () => writing,
  }
}

function partKey(i: number): string {
  return `part/${String(i).padStart(4, '0')}`
}
