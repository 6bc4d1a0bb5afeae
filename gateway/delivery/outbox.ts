import { allRows } from '../kernel/all-rows.ts'
import { priorities } from '../kernel/priority.ts'
import type { Clock } from '../kernel/clock.ts'
import type { StoreReader, StoreWriter } from '../kernel/contracts.ts'
import type { Logger } from '../kernel/log.ts'
import type { QueueState } from '../kernel/queue.ts'
import type { Channels } from './channels.ts'
import type { DeliveryJournal } from './journal.ts'
import { type Lane, createLane } from './lane.ts'
import type { Ledger } from './ledger.ts'
import { type Attempt, type LightRow, type Row, type StoredRow, type StoredTry, attemptsKept, formatId, indexOf, lightOf, openKey, rowKey, tryKey } from './row.ts'

/** What is to be sent: rows on disk, a light index of them in memory, the bodies of the newest in a small cache. */
export interface Outbox {
  restore(store: StoreReader): Promise<void>
  lane(target: string): Lane
  lanes(): Iterable<readonly [string, Lane]>
  /** How each target's queue stands. */
  queues(): Iterable<QueueState>
  /** The id of the next row or dead letter; in the current batch. */
  takeId(): string
  /** In the current batch; `committed` is called when it is on disk and may be sent. */
  enqueue(row: Omit<StoredRow, 'id'>, committed: () => void): void
  load(row: Row): Promise<StoredRow | undefined>
  /** Takes a row out, in the current batch; the caller books where it goes. */
  leave(row: Row): void
  /** Writes a failed attempt; resolves when it is on disk. */
  noteTry(row: Row, attempt: Attempt, dueAtWallMs: number): Promise<void>
  /** The attempts that are on disk, oldest first; at most the last 20. */
  attempts(row: Row, stored: StoredRow | undefined): Promise<readonly Attempt[]>
  /** Targets that were sent a raise of this alarm, or may have been, and no clear since. */
  openTargets(alarmId: string): readonly string[]
}

export interface OutboxOptions {
  /** Rows per target. Beyond it the oldest of low priority is dropped and counted (`overflow`); where none is low, of medium, then of high. */
  readonly limit: number
}

export interface OutboxDeps {
  readonly store: StoreWriter & StoreReader
  readonly clock: Clock
  readonly logger: Logger
  readonly ledger: Ledger
  readonly channels: Channels
  readonly journal: DeliveryJournal
  readonly isBusy: (target: string, alarmId: string) => boolean
}

const bodiesCached = 256

export function createOutbox(options: OutboxOptions, deps: OutboxDeps): Outbox {
  const { store, ledger, channels } = deps
  let lanes = new Map<string, Lane>()
  /** Alarm id → targets whose last word from us was a raise. Rows still queued come after it. */
  let open = new Map<string, Set<string>>()
  let nextNumber = 1
  const bodies = new Map<string, StoredRow>()

  function lane(target: string): Lane {
    const known = lanes.get(target)
    if (known !== undefined) return known
    const made = createLane((alarmId) => deps.isBusy(target, alarmId))
    lanes.set(target, made)
    return made
  }

  /** Unique for ever: the next one is written with whatever takes it. */
  function takeId(): string {
    const id = formatId(nextNumber++)
    store.put('outbox', 'next', String(nextNumber))
    return id
  }

  function cache(stored: StoredRow): void {
    bodies.set(stored.id, stored)
    if (bodies.size > bodiesCached) bodies.delete(bodies.keys().next().value!)
  }

  function setOpen(alarmId: string, target: string, isOpen: boolean): void {
    const targets = open.get(alarmId)
    if ((targets?.has(target) ?? false) === isOpen) return
    if (isOpen) {
      store.put('outbox', openKey(alarmId, target), '1')
      open.set(alarmId, (targets ?? new Set()).add(target))
    } else {
      store.delete('outbox', openKey(alarmId, target))
      targets!.delete(target)
      if (targets!.size === 0) open.delete(alarmId)
    }
  }

  function leave(row: Row): void {
    lane(row.target).remove(row)
    bodies.delete(row.id)
    store.delete('outbox', rowKey(row.id))
    for (let n = 1; n <= Math.min(row.attempts, attemptsKept); n++) store.delete('outbox', tryKey(row.id, n))
    if (row.kind === 'clear') setOpen(row.alarmId, row.target, false)
    else if (row.mayBeSent && row.resolved) setOpen(row.alarmId, row.target, true)
  }

  function dropOverflow(target: string): void {
    const full = lane(target)
    while (full.size() > options.limit) {
      const victim = oldestIdle(full)
      if (victim === undefined) return
      leave(victim)
      channels.gone(victim)
      ledger.move(target, { queued: -1, dropped: { reason: 'overflow', count: 1 } })
      deps.journal.dropped(victim, 'overflow')
      deps.logger.warn({ target, limit: options.limit, priority: victim.priority }, 'the outbox of a target is full; its oldest row of the lowest priority is dropped')
    }
  }

  return {
    lane,
    takeId,
    lanes: () => lanes,
    *queues() {
      for (const [target, waiting] of lanes) {
        const dropped = ledger.line(target).dropped['overflow'] ?? 0
        yield { id: `delivery ${target}`, name: `The queue of target ${target}`, share: waiting.size() / options.limit, dropped, remedy: 'it takes less than it is sent: see why it does not answer, or notify it of less' }
      }
    },
    enqueue(row, committed) {
      const id = takeId()
      const stored: StoredRow = { id, ...row }
      store.put('outbox', rowKey(id), JSON.stringify(stored))
      const entry = indexOf(lightOf(stored), 'uncommitted', deps.clock.monotonic())
      // What was redriven had been sent before.
      if (row.earlier !== undefined) entry.mayBeSent = true
      cache(stored)
      const own = lane(row.target)
      own.add(entry)
      channels.waiting(entry)
      dropOverflow(row.target)
      store.onDisk((error) => {
        // A failed commit is followed by a restore, which forgets this row.
        if (error !== null || entry.stage !== 'uncommitted') return
        entry.stage = 'queued'
        own.refresh(entry.alarmId)
        committed()
      })
    },
    async load(row) {
      const cached = bodies.get(row.id)
      if (cached !== undefined) return cached
      const json = await store.get('outbox', rowKey(row.id))
      return json === undefined ? undefined : (JSON.parse(String(json)) as StoredRow)
    },
    leave,
    noteTry(row, attempt, dueAtWallMs) {
      row.attempts++
      channels.waiting(row)
      store.put('outbox', tryKey(row.id, row.attempts), JSON.stringify({ ...attempt, n: row.attempts, dueAt: dueAtWallMs } satisfies StoredTry))
      return new Promise((resolve) => store.onDisk(() => resolve()))
    },
    async attempts(row, stored) {
      const page = await store.list('outbox', { prefix: `try/${row.id}/`, limit: attemptsKept })
      const tries = page.map(([, json]) => JSON.parse(String(json)) as StoredTry).sort((a, b) => a.n - b.n)
      return [...(stored?.earlier ?? []), ...tries.map(({ at, answer }) => ({ at, answer }))].slice(-attemptsKept)
    },
    openTargets(alarmId) {
      const targets = new Set(open.get(alarmId))
      for (const [target, own] of lanes) {
        for (const row of own.rowsOf(alarmId)) {
          if (row.kind === 'clear') targets.delete(target)
          else if (row.mayBeSent && row.resolved) targets.add(target)
        }
      }
      return [...targets]
    },
    async restore(reader) {
      const freshLanes = new Map<string, Lane>()
      const freshOpen = new Map<string, Set<string>>()
      const rows: LightRow[] = []
      const tries = new Map<string, StoredTry>()
      let next = 1
      for await (const [key, value] of allRows(reader, 'outbox')) {
        const slash = key.indexOf('/')
        switch (key.slice(0, slash === -1 ? undefined : slash)) {
          case 'next':
            next = Number(value)
            break
          case 'row':
            // The body is not kept: it is read again when its turn has come.
            rows.push(lightOf(JSON.parse(String(value)) as StoredRow))
            break
          case 'try': {
            const id = key.slice(4, key.lastIndexOf('/'))
            const attempt = JSON.parse(String(value)) as StoredTry
            if (attempt.n > (tries.get(id)?.n ?? 0)) tries.set(id, attempt)
            break
          }
          case 'open': {
            const second = key.indexOf('/', slash + 1)
            const alarmId = key.slice(slash + 1, second)
            freshOpen.set(alarmId, (freshOpen.get(alarmId) ?? new Set()).add(key.slice(second + 1)))
            break
          }
          default:
            deps.logger.warn({ key }, 'an unknown row in the outbox is left alone')
        }
      }
      lanes = freshLanes
      open = freshOpen
      nextNumber = next
      bodies.clear()
      const { clock } = deps
      for (const stored of rows) {
        const attempt = tries.get(stored.id)
        // Never later than the backoff was meant to be, even if the wall clock was set back meanwhile.
        const wait = attempt === undefined ? 0 : Math.min(Math.max(attempt.dueAt - clock.wall(), 0), Math.max(stored.expiresAt - clock.wall(), 0))
        const row = indexOf(stored, 'queued', clock.monotonic() + wait)
        row.attempts = attempt?.n ?? 0
        // A kill may have come between an attempt and its record: a raise that is still here counts as perhaps sent, so its clear will follow it.
        row.mayBeSent = true
        lane(row.target).add(row)
        channels.waiting(row)
      }
    },
  }
}

function oldestIdle(full: Lane): Row | undefined {
  for (const priority of priorities.toReversed()) {
    for (const row of full.rows(priority)) {
      if (row.stage === 'queued' || row.stage === 'uncommitted') return row
    }
  }
  return undefined
}
