import type { LedgerLine, StateWriter, StoreReader, StoreWriter } from '../kernel/contracts.ts'

/** One move in a target's books; `received` and the change of the others add up to nothing left over. */
export interface Move {
  readonly received?: number
  readonly delivered?: number
  readonly queued?: number
  readonly deadLettered?: number
  /** How many were dropped for `reason`. */
  readonly dropped?: { readonly reason: string; readonly count: number }
}

/** The books: received = delivered + queued + deadLettered + Σ dropped. Space `ledger`, key the target, in the batch of the move. */
export interface Ledger {
  restore(store: StoreReader): Promise<void>
  move(target: string, move: Move): void
  /** As it is now, moves that are not yet on disk included. */
  line(target: string): LedgerLine
  /** As it is on disk. */
  committed(): Readonly<Record<string, LedgerLine>>
}

const empty: LedgerLine = { received: 0, delivered: 0, queued: 0, deadLettered: 0, dropped: {} }

/** `targets` are listed from the start, with zeros. */
export function createLedger(options: { readonly targets: Iterable<string> }, deps: { readonly store: StateWriter & Pick<StoreWriter, 'onDisk'> }): Ledger {
  const names = [...options.targets]
  let lines = new Map<string, LedgerLine>(names.map((name) => [name, empty]))
  let onDisk = new Map(lines)

  return {
    async restore(store) {
      const rows = await store.list('ledger')
      lines = new Map([...names.map((name): [string, LedgerLine] => [name, empty]), ...rows.map(([name, json]): [string, LedgerLine] => [name, JSON.parse(String(json)) as LedgerLine])])
      onDisk = new Map(lines)
    },
    move(target, { received = 0, delivered = 0, queued = 0, deadLettered = 0, dropped }) {
      const before = lines.get(target) ?? empty
      const line: LedgerLine = {
        received: before.received + received,
        delivered: before.delivered + delivered,
        queued: before.queued + queued,
        deadLettered: before.deadLettered + deadLettered,
        dropped: dropped === undefined ? before.dropped : { ...before.dropped, [dropped.reason]: (before.dropped[dropped.reason] ?? 0) + dropped.count },
      }
      lines.set(target, line)
      deps.store.put('ledger', target, JSON.stringify(line))
      deps.store.onDisk((error) => {
        if (error === null) onDisk.set(target, line)
      })
    },
    line: (target) => lines.get(target) ?? empty,
    committed: () => Object.fromEntries(onDisk),
  }
}
