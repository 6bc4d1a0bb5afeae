/**
 * What the rooms need of each other. A room imports this file and never another room;
 * the wiring (gateway.ts) hands the implementations over.
 */
import type { Alarm, OperatorAction, OperatorOutcome } from './alarm.ts'
import type { CommandRequest } from './device-contracts.ts'
import type { ErrorCode } from './errors.ts'
import type { CloudEvent, NewEvent } from './event.ts'
import type { Principal, Role } from './principal.ts'
import type { Labels, Reading, StoredReading, Value } from './reading.ts'

/* ---------------------------------------------------------------- store --- */

/**
 * The durable key-value side of the store. A space is owned by one room:
 * `alarm`, `rule-state` (alarms, rules) · `rule`, `rule-version` (heads of rules, all their revisions: rules/rule-book.ts) · `series`, `identity` (pipeline) · `device`, `command` (devices) ·
 * `retained`, `session`, `subscription`, `queue`, `incoming`, `will` (broker) · `outbox`, `dead-letter`, `ledger` (delivery) ·
 * `snapshot` (the rules' state) · `cursor` (influx and other readers of the log) · `meta`.
 */
export interface StateWriter {
  /** Into the current batch. Values are text (JSON as a rule) or bytes. */
  put(space: string, key: string, value: string | Uint8Array): void
  delete(space: string, key: string): void
}

/**
 * Writing. Everything is synchronous and lands in the current batch.
 * A batch is closed only between turns of the event loop (from a microtask or later): all that one synchronous run
 * appends is committed together or not at all. One commit at a time; what arrives meanwhile is the next batch.
 * When to commit is the store's (trust.md, "When to commit").
 */
export interface StoreWriter extends StateWriter {
  /**
   * Appends a reading; gives its position in the log. `payloadBytes` (of its message; 0 for its further readings) feeds the commit policy;
   * `joined`: it is of the same message as the reading before.
   */
  appendReading(reading: Reading, payloadBytes: number, joined?: boolean): number
  /** Appends an event; gives its position. */
  appendEvent(event: CloudEvent): number
  /** Appends what a later replay needs to know besides readings and events: timer firings, restarts, clock steps, operator actions, rule versions. */
  appendMark(mark: Mark): number
  /** Remembers that this client's message was taken, to know a resend after a crash (trust.md "Once, though sent twice"). Kept beside the batch, not in the log's entries. */
  noteInbound(inbound: Inbound): void
  /** Commit this batch as soon as the turn ends: it holds an alarm transition, or something somebody waits for. */
  urgent(): void
  /** Called once the current batch is on disk (null) or could not be stored (error: nothing of the batch holds). In order of registration over all batches. */
  onDisk(callback: (error: Error | null) => void): void
}

export interface Mark { readonly kind: string; readonly [member: string]: unknown }

export interface Inbound {
  readonly clientId: string
  readonly messageId: number
  /** 53-bit hash of topic and payload. */
  readonly hash: number
}

export type LogEntry =
  | { readonly position: number; readonly kind: 'reading'; readonly reading: StoredReading }
  | { readonly position: number; readonly kind: 'event'; readonly event: CloudEvent }
  | { readonly position: number; readonly kind: 'mark'; readonly mark: Mark }

/** Which entries a reader of the log wants. */
export interface LogQuery {
  /** Positions greater than this. */
  readonly after: number
  /** At most so many entries looked at (not: returned). */
  readonly limit: number
  readonly kinds?: readonly LogEntry['kind'][]
}

/** `next` is the position to go on after: it moves on even where nothing of the kind was there; equal to `after` at the end of the log. */
export interface LogPage { readonly entries: readonly LogEntry[]; readonly next: number }

interface EventQuery {
  /** At most so many events returned. */
  readonly limit: number
  /**
   * Wall time, ms since 1970: what was committed before is passed over, at next to no cost. Nothing is committed before it happens:
   * with the begin of a stretch of time none of its events is missed, however the clock was set meanwhile.
   */
  readonly committedSince?: number
}

/** Which events a reader of the log's newest wants. Positions less than `before`; Infinity: from the end. */
export interface BackQuery extends EventQuery { readonly before: number }

/** Which events a reader wants in the order of the log: positions greater than `after`. */
export interface OnQuery extends EventQuery { readonly after: number }

export interface ReadingQuery {
  readonly device?: string
  readonly metric?: string
  /** Event time, ms since 1970: [from, to). */
  readonly from?: number
  readonly to?: number
  /** Position of the last one seen (paging); with order `desc`: `before`. */
  readonly after?: number
  readonly before?: number
  /** By position; default `asc`. */
  readonly order?: 'asc' | 'desc'
  readonly limit: number
}

/** Reading. Only what is committed is seen, and no read holds up a commit. */
export interface StoreReader {
  get(space: string, key: string): Promise<string | Uint8Array | undefined>
  /** In the order of keys (by UTF-8 bytes, that is by code points), `key > after`, beginning with `prefix`. */
  list(space: string, query?: { prefix?: string; after?: string; limit?: number }): Promise<readonly (readonly [string, string | Uint8Array])[]>
  /** From memory where the tail is still there, else from disk. */
  read(query: LogQuery): Promise<LogPage>
  /**
   * Events alone, the newest first: positions fall. What lies between them is passed over at no cost. `next` is the position to
   * go on before: every event from there up to `before` was given. It falls with every page and is 0 once the log's beginning is
   * reached. A page may hold fewer than `limit` (work is bounded), even none, and still have a next.
   */
  readBack(query: BackQuery): Promise<LogPage>
  /** The same in the order of the log: positions rise; `next` is the position to go on after, equal to `after` at the log's end. */
  readOn(query: OnQuery): Promise<LogPage>
  /** Readings by series and event time, in log order or the newest position first. */
  readings(query: ReadingQuery): Promise<readonly StoredReading[]>
  /** First position kept, and the last committed (0 when empty). */
  firstPosition(): number
  lastPosition(): number
  /**
   * Called (in the turn of the commit) after every commit that appended to the log: the last position, and how many readings
   * this commit appended, where the store knows (readers that keep books need not read ahead to count). Gives a function that ends it.
   */
  follow(listener: (last: number, readings?: number) => void): () => void
}

/**
 * Pins the log: retention by age or size removes nothing a pin has not passed, unless the quota is exceeded (then it is counted as dropped).
 * `dropped`: so many entries went that this pin has not passed; no reading is left up to position `through`, at most the journal.
 */
export interface RetentionPin { readonly name: string; position(): number; dropped(entries: number, through: number): void }

export interface Store extends StoreWriter, StoreReader {
  start(): Promise<void>
  /** Commits what is pending, closes. */
  stop(): Promise<void>
  pin(pin: RetentionPin): void
  /** Can the store take writes now? (readyz, disk full) */
  health(): { readonly writable: boolean; readonly reason?: string; readonly sizeBytes: number; readonly pendingBytes: number }
}

/** What is known of one batch again after a start, oldest batch first. */
export interface RecentBatch {
  readonly readings: readonly StoredReading[]
  readonly marks: readonly Mark[]
  readonly inbound: readonly Inbound[]
}

/** What the pipeline rebuilds its memory of duplicates and its clock from. */
export interface StoreRecovery {
  /** The newest batches that together hold at most `maxReadings` readings and were committed at or after `sinceWallMs`, oldest first. */
  recent(query: { readonly maxReadings: number; readonly sinceWallMs: number }): AsyncIterable<RecentBatch>
  /** The times of the last commit, as the clock gave them then; null when nothing was ever committed. */
  lastAlive(): { readonly wallMs: number; readonly monotonicMs: number } | null
}

/* --------------------------------------------------------------- broker --- */

export interface Publication {
  readonly topic: string
  readonly payload: string | Uint8Array
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
  /** Never queued for offline sessions and taken out of a session's in-flight at this wall time (ms): commands. */
  readonly expiresAt?: number
}

/** The gateway's own publishing. */
export interface Announcer {
  /**
   * Synchronous, during evaluation: what is retained or owed to offline sessions goes into the current batch;
   * live subscribers get it after the commit, in the order of the calls. Never announced if the commit fails.
   */
  announce(publication: Publication): void
}

/** Who is listening on the broker; for commands. */
export interface Reachability {
  /** Is there a live subscription more specific than `#` that covers this topic? */
  covered(topic: string): boolean
  /** Called when a live subscription appears or goes. */
  onChange(listener: () => void): () => void
}

/** Monotonic ms since an origin that continues over restarts, and wall ms since 1970. */
export interface Times { readonly at: number; readonly wallMs: number }

/* ------------------------------------------------------------- the door --- */

/** A message that came in over MQTT or an equivalent path. */
export interface InboundPublish {
  readonly kind: 'publish'
  readonly topic: string
  readonly payload: Uint8Array
  readonly retain: boolean
  /** May this principal give commands by `…/set`? (then it enters as a manual command) */
  readonly principal: Principal
}
/** A posted CloudEvent: `limen.reading` with data {device, metric, value, ts, seq} is a reading; anything else an application event. */
export interface InboundEvent { readonly kind: 'event'; readonly event: CloudEvent; readonly principal: Principal }
export interface InboundAction { readonly kind: 'action'; readonly action: OperatorAction; readonly principal: Principal }
export interface InboundCommand { readonly kind: 'command'; readonly command: CommandRequest; readonly principal: Principal }
/** A room's own event (device lifecycle, gateway, command). */
export interface InboundOwnEvent { readonly kind: 'own-event'; readonly event: NewEvent }

export type Incoming = InboundPublish | InboundEvent | InboundAction | InboundCommand | InboundOwnEvent

export type Receipt =
  | { readonly taken: true; readonly duplicate?: boolean }
  /** Stored as `limen.reading.rejected`, or refused by a room with this code; to be acknowledged all the same. */
  | { readonly taken: false; readonly reason: string; readonly refused?: ErrorCode }
  | { readonly taken: true; readonly outcome: OperatorOutcome }
  | { readonly taken: true; readonly commandId: string }

/**
 * The one door. Decodes, evaluates and appends synchronously, then returns;
 * `done` is called once the input is on disk: only then may its source acknowledge. An error means it could not be stored.
 * What the caller itself puts into the store in the same synchronous run, before or after, is in the same batch.
 * A callback, not a promise: it is the hottest call of the process (docs/decisions).
 */
export type Accept = (input: Incoming, done: (error: Error | null, receipt: Receipt) => void) => void

/* -------------------------------------------------------------- delivery --- */

/** One thing to send to one target. */
export interface Delivery {
  readonly id: string
  readonly target: string
  /** Deliveries of one order key are sent one after the other. */
  readonly orderKey: string
  readonly idempotencyKey: string
  readonly event: CloudEvent
  /** 1 for the first try. */
  readonly attempt: number
  readonly createdAt: number
}

export type DeliveryOutcome =
  /** `answer`: the target's words, where it has any. */
  | { readonly kind: 'accepted'; readonly answer?: string }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'retry'; readonly reason: string; readonly afterMs?: number }

/** Never called concurrently for one order key. Gives one outcome per delivery, in order; throws only on a fault of its own. */
export interface Target {
  start?(): Promise<void>
  send(batch: readonly Delivery[], signal: AbortSignal): Promise<readonly DeliveryOutcome[]>
  stop?(): Promise<void>
}

/** received = delivered + queued + deadLettered + Σ dropped, at any moment. */
export interface LedgerLine {
  readonly received: number
  readonly delivered: number
  readonly queued: number
  readonly deadLettered: number
  readonly dropped: Readonly<Record<string, number>>
}

export interface DeadLetter {
  readonly id: string
  readonly target: string
  readonly event: CloudEvent
  readonly idempotencyKey: string
  readonly cause: string
  readonly createdAt: string
  readonly failedAt: string
  readonly attempts: readonly { readonly at: string; readonly answer: string }[]
}

/** One thing to send that is not yet delivered. Times are ISO 8601. */
export interface WaitingDelivery {
  readonly target: string
  /** Type of the CloudEvent. */
  readonly event: string | null
  /** Failed ones so far. */
  readonly attempts: number
  readonly createdAt: string
  /** Of the next attempt, if nothing goes before it; in the past: it is being sent, or waits for its turn. */
  readonly nextTryAt: string
  /** When it goes to the dead letters. */
  readonly expiresAt: string
}

export interface DeliveryDesk {
  /** What waits to tell of this alarm, in the order of sending per target. Bounded as the outbox is. */
  waiting(alarmId: string): readonly WaitingDelivery[]
  ledger(): Readonly<Record<string, LedgerLine>>
  deadLetters(query: { after?: string; limit: number }): Promise<readonly DeadLetter[]>
  /** Sends it again, to its own target only; false when there is none of this id. Resolves once that is on disk. */
  redrive(id: string, by: string): Promise<boolean>
  discard(id: string, by: string, why: string): Promise<boolean>
}

/* ------------------------------------------------------------------ auth --- */

export interface Authenticator {
  /** Null: refused. Slowed per account and address. */
  device(login: { username: string | undefined; password: Uint8Array | undefined; clientId: string; address: string }): Promise<Principal | null>
  user(login: { name: string; password: string; address: string }): Promise<Principal | null>
  /** May this principal still be served? (revoked credentials) */
  stillValid(principal: Principal): boolean
  /** Called when credentials changed on disk (add, revoke). */
  onChange(listener: () => void): () => void
  hasDeviceCredential(): boolean
  hasUser(role: Role): boolean
}

/** Says when a login may be tried again; goes with an Authenticator. */
export interface LoginThrottle {
  /** Milliseconds this name must wait at this address; 0: it may try now. */
  waitMs(login: { readonly name: string; readonly address: string }): number
}

/* ------------------------------------------------------ rules and alarms --- */

/** What of a device rules may depend on. */
export interface DeviceFacts {
  readonly type: string | null
  readonly labels: Labels
  readonly settings: Readonly<Record<string, unknown>>
}

export interface ApplicationEvent {
  readonly type: string
  readonly data: unknown
  /** `data.device`, where it is a text. */
  readonly device: string | null
}

/**
 * `start`: the process began anew at `times`; `alive` is the time of its last commit or heartbeat (null: never ran).
 * Pending delays then go on from the first sample of their series, `absent` begins its grace anew.
 * `undo`: a commit failed in a process that lives on; all is as it was after the last good one.
 */
export type Resume =
  | { readonly kind: 'start'; readonly alive: Times | null; readonly times: Times }
  | { readonly kind: 'undo'; readonly times: Times }

export interface TechnicalCondition {
  readonly rule: `technical.${string}`
  readonly active: boolean
  readonly message: string
  readonly key?: string
  /** The device it is about, where it is about one. */
  readonly device?: string
  readonly value?: Value
}

/** What the alarm list of the API shows. */
export interface AlarmView {
  get(id: string): Alarm | undefined
  /** All alarms not normal, and normal ones that are still known, in the order of ids. */
  list(): readonly Alarm[]
}
