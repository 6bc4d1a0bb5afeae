import type { ConditionChange, ConditionSink } from '../kernel/condition.ts'
import type { Times } from '../kernel/contracts.ts'
import type { TimerHeap } from '../kernel/timer-heap.ts'
import type { Cell } from './cell.ts'
import { anyUnknown, clearing, delayRank, delaying, frozen, raising, restored, told, withheld } from './cell.ts'
import type { Verdict } from './kind.ts'
import { normal } from './kind.ts'

export interface DelayDeps {
  readonly timers: TimerHeap<Cell>
  readonly sink: ConditionSink
}

/** From verdicts to conditions: on-delay, off-delay, levels, unknown. */
export interface Delays {
  /** A verdict that is not unknown. */
  settle(cell: Cell, verdict: Verdict, times: Times): void
  /** The delay has run out. */
  elapse(cell: Cell, times: Times): void
  /** `bit` says why. A pending delay is dropped, an active condition stays active. */
  makeUnknown(cell: Cell, bit: number, times: Times): void
  makeKnown(cell: Cell, bits: number, times: Times): void
  /** Forgets a pending delay. */
  drop(cell: Cell): void
  /** The process died: how much of a running delay had passed counts, and it goes on from the first sample since the start. `aliveAt` null: nothing counts, it starts over there. */
  freeze(cell: Cell, aliveAt: number | null): void
  /** Sets the timer of a delay that came back running. */
  rearm(cell: Cell): void
  /** The schedule opens: what is true is announced now; what is unknown when it is known again. */
  announce(cell: Cell, times: Times): void
  /** The schedule closes. */
  silence(cell: Cell, times: Times): void
}

export function createDelays({ timers, sink }: DelayDeps): Delays {
  function tell(cell: Cell, kind: ConditionChange['kind'], { times, levelUp = false }: { times: Times; levelUp?: boolean }): void {
    const { runtime, sample } = cell
    const shown = runtime.condition.shown?.(cell)
    sink.change({
      kind,
      rule: runtime.rule,
      key: cell.key,
      device: cell.device ?? sample?.series.device ?? null,
      metric: cell.metric,
      level: runtime.condition.levelOf(cell.active),
      levelUp,
      limit: runtime.condition.limitOf(cell.active),
      value: shown === undefined ? (sample?.value ?? null) : shown.value,
      valueText: shown?.text,
      unit: shown?.unit !== undefined ? shown.unit : (sample?.unit ?? null),
      quality: (cell.flags & anyUnknown) === 0 ? 'good' : 'unknown',
      times,
    })
  }

  function runs(cell: Cell, due: number): void {
    cell.delayTimer ??= timers.create({ owner: cell, rule: cell.runtime.rule.id, key: cell.key, rank: delayRank })
    timers.set(cell.delayTimer, due)
  }

  function drop(cell: Cell): void {
    cell.flags &= ~(delaying | frozen)
    cell.pending = normal
    if (cell.delayTimer !== null) timers.stop(cell.delayTimer)
  }

  const lengthOf = (cell: Cell): number => ((cell.flags & raising) === 0 ? cell.runtime.rule.clearForMs : cell.runtime.rule.forMs)

  function begin(cell: Cell, bit: number, times: Times): void {
    cell.flags |= bit
    cell.since = times.at
    runs(cell, times.at + lengthOf(cell))
  }

  /** The first sample since the start agrees: the delay goes on where it stood. */
  function thaw(cell: Cell, times: Times): void {
    cell.flags &= ~frozen
    cell.since = times.at - cell.elapsedMs
    const due = cell.since + lengthOf(cell)
    if (due <= times.at) return elapse(cell, times)
    runs(cell, due)
  }

  function elapse(cell: Cell, times: Times): void {
    const verdict = (cell.flags & raising) === 0 ? normal : cell.pending
    drop(cell)
    become(cell, verdict, times)
  }

  function become(cell: Cell, verdict: Verdict, times: Times): void {
    cell.active = verdict
    cell.pending = normal
    if (verdict !== normal) return announce(cell, times)
    cell.flags &= ~withheld
    if ((cell.flags & told) === 0) return
    cell.flags &= ~told
    tell(cell, 'false', { times })
  }

  function announce(cell: Cell, times: Times): void {
    if (!cell.runtime.open || cell.active === normal || (cell.flags & told) !== 0) return
    if ((cell.flags & anyUnknown) !== 0) {
      cell.flags |= withheld
      return
    }
    cell.flags = (cell.flags | told) & ~withheld
    tell(cell, 'true', { times })
  }

  function settleNormal(cell: Cell, verdict: Verdict, times: Times): void {
    const { flags } = cell
    if (verdict === normal) {
      if ((flags & raising) !== 0) drop(cell)
      return
    }
    cell.pending = verdict
    if ((flags & frozen) !== 0) thaw(cell, times)
    else if ((flags & raising) !== 0) return
    else if (cell.runtime.rule.forMs > 0) begin(cell, raising, times)
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
    if ((flags & clearing) !== 0) drop(cell)
    const from = cell.active
    cell.active = verdict
    if ((flags & withheld) !== 0) return announce(cell, times)
    if (verdict === from) return
    if ((flags & told) !== 0) tell(cell, 'level', { times, levelUp: cell.runtime.condition.isUp(from, verdict) })
  }

  function makeKnown(cell: Cell, bits: number, times: Times): void {
    if ((cell.flags & bits) === 0) return
    cell.flags &= ~bits
    if ((cell.flags & anyUnknown) === 0) tell(cell, 'quality', { times })
  }

  return {
    settle(cell, verdict, times) {
      if ((cell.flags & anyUnknown) !== 0) makeKnown(cell, anyUnknown, times)
      if ((cell.flags & restored) !== 0) {
        cell.flags &= ~restored
        if ((cell.flags & told) !== 0) tell(cell, 'seen', { times })
      }
      if (cell.active === normal) settleNormal(cell, verdict, times)
      else settleActive(cell, verdict, times)
    },
    elapse,
    makeUnknown(cell, bit, times) {
      const before = cell.flags
      cell.flags |= bit
      // Unknown neither raises nor clears, whoever says so.
      if ((before & delaying) !== 0) drop(cell)
      if ((before & anyUnknown) === 0) tell(cell, 'quality', { times })
    },
    makeKnown,
    drop,
    freeze(cell, aliveAt) {
      if ((cell.flags & delaying) === 0) return
      if (aliveAt === null) cell.elapsedMs = 0
      else if ((cell.flags & frozen) === 0) cell.elapsedMs = Math.max(0, aliveAt - cell.since)
      if ((cell.flags & frozen) !== 0) return
      const { flags, pending } = cell
      drop(cell)
      cell.flags = flags | frozen
      cell.pending = pending
    },
    announce,
    silence(cell, times) {
      cell.flags &= ~withheld
      if ((cell.flags & told) === 0) return
      cell.flags &= ~told
      tell(cell, 'gated', { times })
    },
    rearm: (cell) => runs(cell, cell.since + lengthOf(cell)),
  }
}
