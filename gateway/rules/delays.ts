import type { ConditionChange, ConditionSink } from '../kernel/condition.ts'
import type { Times } from '../kernel/contracts.ts'
import type { TimerHeap } from '../kernel/timer-heap.ts'
import type { Cell } from './cell.ts'
import { anyUnknown, clearing, delayRank, delaying, frozen, ownUnknown, raising, restored } from './cell.ts'
import type { Verdict } from './kind.ts'
import { normal } from './kind.ts'

export interface DelayDeps {
  readonly timers: TimerHeap<Cell>
  readonly sink: ConditionSink
  /** Something about it changed that must survive. */
  readonly save: (cell: Cell) => void
}

/** From verdicts to conditions: on-delay, off-delay, levels, unknown. */
export interface Delays {
  /** A verdict that is not unknown. */
  settle(cell: Cell, verdict: Verdict, times: Times): void
  /** The delay has run out. */
  elapse(cell: Cell, times: Times): void
  /** `bit` says why. Its own unknown drops a pending delay; none clears an active condition. */
  makeUnknown(cell: Cell, bit: number, times: Times): void
  makeKnown(cell: Cell, bits: number, times: Times): void
  /** Forgets a pending delay. */
  drop(cell: Cell): void
  /** Sets the timer of a delay that came back from the store running. */
  rearm(cell: Cell): void
  /** How many delays run. */
  running(): number
}

export function createDelays({ timers, sink, save }: DelayDeps): Delays {
  let running = 0

  function tell(cell: Cell, kind: ConditionChange['kind'], { times, levelUp = false }: { times: Times; levelUp?: boolean }): void {
    const { runtime, sample } = cell
    sink.change({
      kind,
      rule: runtime.rule,
      key: cell.key,
      device: cell.device ?? sample?.series.device ?? null,
      metric: cell.metric,
      level: runtime.condition.levelOf(cell.active),
      levelUp,
      limit: runtime.condition.limitOf(cell.active),
      value: sample?.value ?? null,
      unit: sample?.unit ?? null,
      quality: (cell.flags & anyUnknown) === 0 ? 'good' : 'unknown',
      times,
    })
  }

  function runs(cell: Cell, due: number): void {
    cell.delayTimer ??= timers.create({ owner: cell, rule: cell.runtime.rule.id, key: cell.key, rank: delayRank })
    if (cell.delayTimer.place < 0) running++
    timers.set(cell.delayTimer, due)
  }

  function drop(cell: Cell): void {
    cell.flags &= ~(delaying | frozen)
    cell.pending = normal
    if (cell.delayTimer === null || cell.delayTimer.place < 0) return
    running--
    timers.stop(cell.delayTimer)
  }

  const lengthOf = (cell: Cell): number => ((cell.flags & raising) === 0 ? cell.runtime.rule.clearForMs : cell.runtime.rule.forMs)

  function begin(cell: Cell, bit: number, times: Times): void {
    cell.flags |= bit
    cell.since = times.at
    runs(cell, times.at + lengthOf(cell))
    save(cell)
  }

  /** The first sample since the start agrees: the delay goes on where it stood. */
  function thaw(cell: Cell, times: Times): void {
    cell.flags &= ~frozen
    cell.since = times.at - cell.elapsedMs
    const due = cell.since + lengthOf(cell)
    if (due <= times.at) return elapse(cell, times)
    runs(cell, due)
    save(cell)
  }

  function elapse(cell: Cell, times: Times): void {
    const verdict = (cell.flags & raising) === 0 ? normal : cell.pending
    drop(cell)
    become(cell, verdict, times)
  }

  function become(cell: Cell, verdict: Verdict, times: Times): void {
    cell.active = verdict
    cell.pending = normal
    tell(cell, verdict === normal ? 'false' : 'true', { times })
    save(cell)
  }

  function settleNormal(cell: Cell, verdict: Verdict, times: Times): void {
    const { flags } = cell
    if (verdict === normal) {
      if ((flags & raising) === 0) return
      drop(cell)
      return save(cell)
    }
    const other = cell.pending !== verdict
    cell.pending = verdict
    if ((flags & frozen) !== 0) thaw(cell, times)
    else if ((flags & raising) !== 0) {
      if (other) save(cell)
    } else if (cell.runtime.rule.forMs > 0) begin(cell, raising, times)
    else become(cell, verdict, times)
  }

  function settleActive(cell: Cell, verdict: Verdict, times: Times): void {
    const { flags } = cell
    if (verdict === normal) {
      if ((flags & frozen) !== 0) thaw(cell, times)
      else if ((flags & clearing) === 0) {
        if (cell.runtime.rule.clearForMs > 0) begin(cell, clearing, times)
        else become(cell, normal, times)
      }
      return
    }
    // A sample that does not meet the clear condition restarts the off-delay.
    const waited = (flags & clearing) !== 0
    if (waited) drop(cell)
    const from = cell.active
    if (verdict !== from) {
      cell.active = verdict
      tell(cell, 'level', { times, levelUp: cell.runtime.condition.isUp(from, verdict) })
    }
    if (waited || verdict !== from) save(cell)
  }

  function makeKnown(cell: Cell, bits: number, times: Times): void {
    if ((cell.flags & bits) === 0) return
    cell.flags &= ~bits
    if ((cell.flags & anyUnknown) === 0) tell(cell, 'quality', { times })
    save(cell)
  }

  return {
    settle(cell, verdict, times) {
      if ((cell.flags & anyUnknown) !== 0) makeKnown(cell, anyUnknown, times)
      if ((cell.flags & restored) !== 0) {
        cell.flags &= ~restored
        tell(cell, 'seen', { times })
      }
      if (cell.active === normal) settleNormal(cell, verdict, times)
      else settleActive(cell, verdict, times)
    },
    elapse,
    makeUnknown(cell, bit, times) {
      const before = cell.flags
      cell.flags |= bit
      if (bit === ownUnknown && (before & delaying) !== 0) drop(cell)
      if ((before & anyUnknown) === 0) tell(cell, 'quality', { times })
      if (cell.flags !== before) save(cell)
    },
    makeKnown,
    drop,
    rearm: (cell) => runs(cell, cell.since + lengthOf(cell)),
    running: () => running,
  }
}
