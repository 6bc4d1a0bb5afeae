import { type Priority, priorities } from '../kernel/priority.ts'
import { type Timer, createTimerHeap } from '../kernel/timer-heap.ts'
import type { Row } from './row.ts'

/**
 * What waits for one target, in memory. Rows of one order key (the alarm) go one after the other, in the order of adding;
 * among the heads, high priority goes first, first attempts before further ones, then who has been ready for longer.
 */
export interface Lane {
  size(): number
  add(row: Row): void
  remove(row: Row): void
  byId(id: string): Row | undefined
  rowsOf(alarmId: string): readonly Row[]
  /** Call after a row's stage, dueAt or attempts changed, and after its order key was taken or became free. */
  refresh(alarmId: string): void
  /** The row to send now; `firstOnly` leaves out those that failed before. */
  next(nowMs: number, firstOnly: boolean): Row | undefined
  /** When the next waiting head falls due; Infinity when none waits. */
  nextDue(): number
  /** In the order of adding; rows may be removed meanwhile. */
  rows(priority: Priority): Iterable<Row>
}

/** The rows of one alarm, oldest first. */
interface OrderKey {
  rows: Row[]
  readonly timer: Timer<string>
}

/** `isBusy`: is a call for this order key under way? It outlives the lane, which is made anew after a failed commit. */
export function createLane(isBusy: (alarmId: string) => boolean): Lane {
  const keys = new Map<string, OrderKey>()
  const byPriority: Readonly<Record<Priority, Map<string, Row>>> = { high: new Map(), medium: new Map(), low: new Map() }
  // Order keys whose head may go: per priority, first attempts and further ones.
  const first = priorities.map(() => new Set<string>())
  const again = priorities.map(() => new Set<string>())
  const timers = createTimerHeap<string>()
  let nowSeenMs = -Infinity

  function refresh(alarmId: string): void {
    for (const set of first) set.delete(alarmId)
    for (const set of again) set.delete(alarmId)
    const key = keys.get(alarmId)
    if (key === undefined) return
    timers.stop(key.timer)
    const head = key.rows[0]!
    if (head.stage !== 'queued' || isBusy(alarmId)) return
    if (head.dueAt > nowSeenMs) return timers.set(key.timer, head.dueAt)
    // A high one behind a low one of the same alarm pulls the whole order key up.
    const rank = Math.min(...key.rows.map((row) => priorities.indexOf(row.priority)))
    const sets = head.attempts === 0 ? first : again
    sets[rank]!.add(alarmId)
  }

  return {
    size: () => byPriority.high.size + byPriority.medium.size + byPriority.low.size,
    add(row) {
      byPriority[row.priority].set(row.id, row)
      const key = keys.get(row.alarmId)
      if (key === undefined) keys.set(row.alarmId, { rows: [row], timer: timers.create({ owner: row.alarmId, rule: '', key: row.id, rank: 0 }) })
      else key.rows.push(row)
      refresh(row.alarmId)
    },
    remove(row) {
      byPriority[row.priority].delete(row.id)
      const key = keys.get(row.alarmId)
      if (key === undefined) return
      key.rows = key.rows.filter((other) => other.id !== row.id)
      if (key.rows.length === 0) {
        timers.stop(key.timer)
        keys.delete(row.alarmId)
      }
      refresh(row.alarmId)
    },
    byId: (id) => byPriority.high.get(id) ?? byPriority.medium.get(id) ?? byPriority.low.get(id),
    rowsOf: (alarmId) => keys.get(alarmId)?.rows ?? [],
    refresh,
    next(nowMs, firstOnly) {
      nowSeenMs = Math.max(nowSeenMs, nowMs)
      while (timers.nextDue() <= nowSeenMs) refresh(timers.peek()!.owner)
      for (let rank = 0; rank < priorities.length; rank++) {
        const [alarmId] = first[rank]!.size > 0 || firstOnly ? first[rank]! : again[rank]!
        if (alarmId !== undefined) return keys.get(alarmId)!.rows[0]
      }
      return undefined
    },
    nextDue: () => timers.nextDue(),
    rows: (priority) => byPriority[priority].values(),
  }
}
