/** What the store's threads say to each other. Everything here is structured-cloneable. */

/** One batch as the main thread hands it to the commit worker. Text is UTF-8, not yet compressed. */
export interface BatchMessage {
  readonly kind: 'commit'
  /** Position of the first entry; `last` is `first - 1` when the batch holds no entries. */
  readonly first: number
  readonly last: number
  /** Times of the commit. */
  readonly wallMs: number
  readonly monotonicMs: number
  /** What the readings' times are relative to, ms since 1970. */
  readonly baseMs: number
  /** Event times of the readings: least and greatest; 0 and -1 without readings. */
  readonly minTs: number
  readonly maxTs: number
  readonly readingCount: number
  readonly eventCount: number
  readonly markCount: number
  /** See row.ts for the form of both. */
  readonly readings: Uint8Array | null
  readonly others: Uint8Array | null
  /** Stored series ids of the readings, rising. */
  readonly series: readonly number[]
  readonly inboundClients: readonly string[]
  /** Triples: index of the client, message id, hash. */
  readonly inbound: Float64Array | null
  /** Triples: space, key, value (null: delete). One per key. */
  readonly changes: readonly (string | Uint8Array | null)[]
}

export interface RetainMessage {
  readonly kind: 'retain'
  /** Readings committed before this wall time go; -Infinity: none by age. */
  readonly olderThanMs: number
  readonly maxSizeBytes: number
  /** Nothing above this position goes unless the size asks for it. */
  readonly floor: number
}

export type ToCommitWorker = BatchMessage | RetainMessage | { readonly kind: 'stop' }

/** A failure as data: errors lose their code on the way between threads. */
export interface Failure {
  /** `fatal`: never to be retried, the process has to end. */
  readonly kind: 'full' | 'failed' | 'fatal' | 'locked'
  readonly code: string
  readonly message: string
  readonly remedy?: string | undefined
}

/** A stretch of entries that retention took away although not everybody had read it. */
export interface DroppedRange { readonly first: number; readonly last: number; readonly entries: number }

export type FromCommitWorker =
  | {
      readonly kind: 'ready'
      readonly firstPosition: number
      readonly lastPosition: number
      readonly lastAlive: { readonly wallMs: number; readonly monotonicMs: number } | null
      readonly sizeBytes: number
      /** Damaged rows at the very end of the log. */
      readonly damagedRows: number
    }
  | { readonly kind: 'refused'; readonly failure: Failure }
  | { readonly kind: 'committed'; readonly seconds: number; readonly storedBytes: number; readonly sizeBytes: number }
  | { readonly kind: 'not-committed'; readonly failure: Failure }
  | {
      readonly kind: 'retained'
      readonly removedEntries: number
      /** Nothing up to this position is whole any more. */
      readonly through: number
      readonly dropped: readonly DroppedRange[]
      readonly firstPosition: number
      readonly sizeBytes: number
      /** Is there more to remove at once? */
      readonly more: boolean
    }
  | { readonly kind: 'not-retained'; readonly failure: Failure }
  /** Something besides the messages went wrong: the write-ahead log could not be moved, a row is damaged. */
  | { readonly kind: 'trouble'; readonly failure: Failure }
  | { readonly kind: 'stopped' }

/** A row of the log, decompressed, of which only what was asked for is filled in. */
export interface RawRow {
  readonly first: number
  readonly last: number
  readonly baseMs: number
  readonly readings: Uint8Array | null
  readonly others: Uint8Array | null
  readonly inbound: Uint8Array | null
}

export type ReadRequest =
  | { readonly kind: 'get'; readonly space: string; readonly key: string }
  | { readonly kind: 'list'; readonly space: string; readonly prefix: string; readonly after: string | undefined; readonly limit: number }
  | { readonly kind: 'page'; readonly after: number; readonly upTo: number; readonly limit: number; readonly readings: boolean; readonly others: boolean }
  | { readonly kind: 'events-back'; readonly before: number; readonly limit: number; readonly since: number }
  | { readonly kind: 'events-on'; readonly after: number; readonly upTo: number; readonly limit: number; readonly since: number }
  | {
      readonly kind: 'readings'
      /** Stored series ids, rising; null: all. */
      readonly ids: readonly number[] | null
      readonly from: number
      readonly to: number
      readonly after: number
      readonly upTo: number
      readonly limit: number
    }
  | { readonly kind: 'readings-back'; readonly ids: readonly number[] | null; readonly from: number; readonly to: number; readonly before: number; readonly limit: number }
  | { readonly kind: 'recent-start'; readonly maxReadings: number; readonly sinceWallMs: number }
  | { readonly kind: 'recent'; readonly fromRow: number; readonly toRow: number }

export type Listed = readonly (readonly [string, string | Uint8Array])[]

/**
 * A page of state as one thread sends it to another: keys and values in turn; of a blob where it ends in `blobs`, which hold all of them
 * one behind the other. So the blobs move as one, where each by itself would be copied.
 */
export interface PackedList {
  readonly content: readonly (string | number)[]
  readonly blobs: Uint8Array<ArrayBuffer>
}

/** `next` is the position everything up to which was looked at. */
export interface RowPage { readonly rows: readonly RawRow[]; readonly next: number }

/** Rows with events, newest first, of them no readings; `next` is the position down to which everything was looked at, 0 at the beginning of the log. */
export interface EventRows { readonly rows: readonly RawRow[]; readonly next: number }

/** `text`: a JSON array of [position, baseMs, …the reading's members]; `next` as in RowPage. */
export interface ReadingSlice { readonly text: string; readonly count: number; readonly next: number }

export interface ReadAnswers {
  get: string | Uint8Array | undefined
  list: PackedList
  page: RowPage
  'events-back': EventRows
  'events-on': RowPage
  readings: ReadingSlice
  /** Positions fall; `next` as in EventRows. */
  'readings-back': ReadingSlice
  'recent-start': { readonly fromRow: number; readonly toRow: number }
  recent: { readonly rows: readonly RawRow[]; readonly nextRow: number }
}

export interface ReadEnvelope { readonly id: number; readonly request: ReadRequest }
export type ReadReply =
  | { readonly id: number; readonly ok: true; readonly answer: ReadAnswers[keyof ReadAnswers]; readonly damagedRows: readonly number[] }
  | { readonly id: number; readonly ok: false; readonly code: string; readonly message: string }
