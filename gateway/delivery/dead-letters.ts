import { allRows } from '../kernel/all-rows.ts'
import type { DeadLetter, StoreReader, StoreWriter } from '../kernel/contracts.ts'
import { LimenError } from '../kernel/errors.ts'
import type { CloudEvent } from '../kernel/event.ts'
import type { Logger } from '../kernel/log.ts'
import type { Channels } from './channels.ts'
import { type DeliveryJournal, type Told, toldOf } from './journal.ts'
import type { Ledger } from './ledger.ts'
import { type Attempt, type Row, type StoredDeadLetter, type StoredRow, attemptsKept } from './row.ts'

/** What could not be delivered, until somebody sends it again or discards it. Space `dead-letter`. */
export interface DeadLetters {
  restore(store: StoreReader): Promise<void>
  /** In the current batch. */
  add(row: Row, body: { readonly event: CloudEvent; readonly idempotencyKey: string }, failure: { readonly cause: string; readonly attempts: readonly Attempt[]; readonly failedAt: number }): void
  list(query: { after?: string; limit: number }): Promise<readonly DeadLetter[]>
  redrive(id: string, by: string): Promise<boolean>
  discard(id: string, by: string, why: string): Promise<boolean>
  /** How many wait, per target that has any. */
  waiting(): ReadonlyMap<string, number>
}

export interface DeadLettersDeps {
  readonly store: StoreWriter & StoreReader
  readonly ledger: Ledger
  readonly channels: Channels
  readonly journal: DeliveryJournal
  readonly logger: Logger
  /** Queues it again, to its own target only; in the current batch. */
  readonly requeue: (row: Omit<StoredRow, 'id'>) => void
  readonly isTarget: (name: string) => boolean
  readonly changed: () => void
  /** Resolves when no restore is under way. */
  readonly settled: () => Promise<void>
}

/** Beyond `limit` a target, the oldest is dropped and counted (`dead-letters-full`). */
export function createDeadLetters(options: { readonly limit: number }, deps: DeadLettersDeps): DeadLetters {
  const { store, ledger, channels } = deps
  interface Entry extends Pick<StoredDeadLetter, 'id' | 'target' | 'row'> { readonly told: Told | null; readonly attempts: number }
  let entries = new Map<string, Map<string, Entry>>()

  function remember(entry: Entry): void {
    const known = entries.get(entry.target) ?? new Map<string, Entry>()
    entries.set(entry.target, known)
    known.set(entry.id, entry)
    channels.deadLettered(entry.row)
  }

  /** Takes it out of the dead letters, in the current batch; the caller books where it goes. */
  function remove(entry: Entry): void {
    const known = entries.get(entry.target)
    known?.delete(entry.id)
    if (known?.size === 0) entries.delete(entry.target)
    store.delete('dead-letter', entry.id)
  }

  function dropped({ row, told, attempts }: Entry, reason: string, who?: { by: string; why: string }): void {
    ledger.move(row.target, { deadLettered: -1, dropped: { reason, count: 1 } })
    deps.journal.dropped({ ...row, told, attempts }, reason, who)
  }

  function find(id: string): Entry | undefined {
    for (const known of entries.values()) {
      const entry = known.get(id)
      if (entry !== undefined) return entry
    }
    return undefined
  }

  function onDisk(): Promise<void> {
    store.urgent()
    return new Promise((resolve, reject) => store.onDisk((error) => (error === null ? resolve() : reject(new LimenError('STORE_FAILED', 'it could not be stored', { cause: error })))))
  }

  return {
    async restore(reader) {
      entries = new Map()
      for await (const [, json] of allRows(reader, 'dead-letter')) {
        const { id, target, row, event, idempotencyKey, attempts } = JSON.parse(String(json)) as StoredDeadLetter
        remember({ id, target, row, told: toldOf(event, idempotencyKey), attempts: attempts.length })
      }
    },
    add(row, { event, idempotencyKey }, { cause, attempts, failedAt }) {
      const { id, target, alarmId, kind, occurrence, seq, priority, createdAt, expiresAt, resolved, channels: count } = row
      const letter: StoredDeadLetter = {
        id, target, event, idempotencyKey, cause,
        createdAt: new Date(createdAt).toISOString(),
        failedAt: new Date(failedAt).toISOString(),
        attempts: attempts.slice(-attemptsKept),
        row: { target, alarmId, kind, occurrence, seq, priority, createdAt, expiresAt, resolved, channels: count },
      }
      store.put('dead-letter', id, JSON.stringify(letter))
      ledger.move(target, { queued: -1, deadLettered: 1 })
      remember({ id, target, row: letter.row, told: row.told, attempts: letter.attempts.length })
      const known = entries.get(target)!
      if (known.size > options.limit) {
        const [oldest] = known.values()
        remove(oldest!)
        channels.gone(oldest!.row)
        dropped(oldest!, 'dead-letters-full')
        deps.logger.warn({ target, limit: options.limit }, 'too many dead letters of one target; the oldest is dropped')
      }
    },
    async list({ after, limit }) {
      const page = await store.list('dead-letter', { limit, ...(after === undefined ? {} : { after }) })
      return page.map(([, json]) => {
        const { row: _, ...letter } = JSON.parse(String(json)) as StoredDeadLetter
        return letter
      })
    },
    async redrive(id, by) {
      const json = await store.get('dead-letter', id)
      await deps.settled()
      // Looked up after the wait: somebody else may have been quicker.
      const entry = find(id)
      if (json === undefined || entry === undefined) return false
      if (!deps.isTarget(entry.target)) {
        throw new LimenError('CONFLICT', `there is no target "${entry.target}" any more`, { remedy: 'configure it again, or discard the dead letter' })
      }
      const { event, idempotencyKey, attempts } = JSON.parse(String(json)) as StoredDeadLetter
      remove(entry)
      ledger.move(entry.target, { deadLettered: -1, queued: 1 })
      deps.requeue({ ...entry.row, event, idempotencyKey, earlier: attempts })
      deps.logger.info({ id, target: entry.target, by }, 'dead letter sent again')
      deps.changed()
      await onDisk()
      return true
    },
    async discard(id, by, why) {
      await deps.settled()
      const entry = find(id)
      if (entry === undefined) return false
      remove(entry)
      channels.gone(entry.row)
      dropped(entry, 'discarded', { by, why })
      store.appendMark({ kind: 'dead-letter-discarded', id, target: entry.target, by, why })
      deps.logger.info({ id, target: entry.target, by, why }, 'dead letter discarded')
      deps.changed()
      await onDisk()
      return true
    },
    waiting: () => new Map([...entries].map(([target, known]) => [target, known.size])),
  }
}
