import type { TimerHeap } from '../kernel/timer-heap.ts'
import type { CellPlace } from './bindings.ts'
import type { Cell, RuleRuntime } from './cell.ts'
import { checkRank, staleRank } from './cell.ts'
import type { Delays } from './delays.ts'
import { normal } from './kind.ts'
import { createWatermark } from './watermark.ts'

/** Makes conditions and ends them. */
export interface Cells {
  /** The condition of this rule and key, made if there is none. */
  of(runtime: RuleRuntime, place: CellPlace, at: number): Cell
  /** The kind has set the deadline: its timer is not later than that. */
  follow(cell: Cell): void
  /** Stops whatever runs. */
  halt(cell: Cell): void
  forget(cell: Cell): void
  /** Those that are of this device alone. */
  ofDevice(device: string): Iterable<Cell>
  /** All are of another life: none is known any more. */
  clear(): void
}

/** Keys come from outside: of more than so many, new ones are not taken. */
const mostCells = 200_000

export function createCells({ timers, delays }: { readonly timers: TimerHeap<Cell>; readonly delays: Delays }): Cells & { isFull(runtime: RuleRuntime): boolean; passedOver(): number } {
  let passedOver = 0
  const byDevice = new Map<string, Set<Cell>>()

  function follow(cell: Cell): void {
    if (cell.checkTimer === null) {
      if (cell.deadline === Infinity) return
      cell.checkTimer = timers.create({ owner: cell, rule: cell.runtime.rule.id, key: cell.key, rank: checkRank })
    }
    if (cell.deadline < cell.checkTimer.due) timers.set(cell.checkTimer, cell.deadline)
  }

  function halt(cell: Cell): void {
    delays.drop(cell)
    if (cell.checkTimer !== null) timers.stop(cell.checkTimer)
    if (cell.staleTimer !== null) timers.stop(cell.staleTimer)
  }

  return {
    of(runtime, { key, device, metric }, at) {
      const known = runtime.cells.get(key)
      if (known !== undefined) return known
      const { condition } = runtime
      const made: Cell = {
        runtime, key, device, metric, active: normal, deadline: Infinity, memory: condition.create(), watermark: condition.order === 'watermark' ? createWatermark() : null,
        flags: 0, pending: normal, since: 0, elapsedMs: 0, sample: null, goodAt: at, series: null, delayTimer: null, checkTimer: null, staleTimer: null,
      }
      runtime.cells.set(key, made)
      if (device !== null) {
        const own = byDevice.get(device)
        if (own === undefined) byDevice.set(device, new Set([made]))
        else own.add(made)
      }
      if (runtime.leastStaleMs !== Infinity) {
        made.staleTimer = timers.create({ owner: made, rule: runtime.rule.id, key, rank: staleRank })
        timers.set(made.staleTimer, at + runtime.leastStaleMs)
      }
      if (condition.form === 'signal') condition.begin?.(made, at, { ms: 0, grace: true })
      follow(made)
      return made
    },
    follow,
    halt,
    forget(cell) {
      halt(cell)
      cell.runtime.cells.delete(cell.key)
      if (cell.device === null) return
      const own = byDevice.get(cell.device)
      own?.delete(cell)
      if (own?.size === 0) byDevice.delete(cell.device)
    },
    ofDevice: (device) => byDevice.get(device) ?? [],
    clear: () => byDevice.clear(),
    isFull(runtime) {
      const full = runtime.cells.size >= mostCells
      if (full) passedOver++
      return full
    },
    passedOver: () => passedOver,
  }
}
