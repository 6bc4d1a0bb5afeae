import type { ConditionSink } from '../kernel/condition.ts'
import type { Times } from '../kernel/contracts.ts'
import type { TimerHeap } from '../kernel/timer-heap.ts'
import type { Cell, SeriesState } from './cell.ts'
import { anyUnknown, deviceUnknown, ownUnknown, seriesUnknown, undecided, withheld } from './cell.ts'
import type { Delays } from './delays.ts'
import { defaultStaleMs } from './series-state.ts'

export interface StalenessDeps {
  readonly timers: TimerHeap<Cell>
  readonly delays: Delays
  readonly sink: ConditionSink
  readonly isOffline: (device: string) => boolean
  /** Conditions over several signals are to know; not this one, which found it. */
  readonly doubt: (series: SeriesState, by: Cell, times: Times) => void
}

/** How long the last good value stands, and what follows when it no longer does. */
export interface Staleness {
  /** The least time has passed since the value came: has it expired? True: it has, and something changed. */
  check(cell: Cell, times: Times): boolean
  /** A value of this series stood for too long; `by` is the condition that found it. */
  seriesStale(series: SeriesState, by: Cell, times: Times): void
  /** It waits for nothing, or would have been found to by then, had anybody looked. */
  isIdle(cell: Cell, by: number): boolean
  /** A good sample of a series that was stale: what its conditions say of it follows. */
  heard(series: SeriesState, times: Times): void
  /** Nobody asks any more for a series that was stale. */
  ended(series: SeriesState, times: Times): void
  /** The device says it is back: from now on its silence counts again. */
  backOnline(cell: Cell, times: Times): void
}

export function createStaleness({ timers, delays, sink, isOffline, doubt }: StalenessDeps): Staleness {
  function expiryMs({ runtime, series }: Cell): number | undefined {
    return runtime.rule.staleMs ?? (series === null ? undefined : defaultStaleMs(series))
  }

  const leastUntil = ({ goodAt, runtime }: Cell): number => goodAt + runtime.leastStaleMs

  /** One technical alarm for the series; of a device that is offline one for the device is enough, and a shadow rule tells nobody. */
  function seriesStale(series: SeriesState, by: Cell, times: Times): void {
    // One that is stuck or hangs loose has its own alarm: it is updated, and its values are worth nothing.
    if (series.stale || series.faults !== 0 || by.runtime.rule.mode === 'shadow' || isOffline(series.device)) return
    series.stale = true
    for (const other of series.cells) if (other !== by && other.runtime.leastStaleMs !== Infinity) delays.makeUnknown(other, seriesUnknown, times)
    doubt(series, by, times)
    tell(series, times)
  }

  function tell({ device, metric, stale }: SeriesState, times: Times): void {
    const message = stale ? `${metric} of ${device} has not been updated` : `${metric} of ${device} is updated again`
    sink.technical({ rule: 'technical.stale', key: `${device}.${metric}`, device, metric, active: stale, message }, times)
  }

  return {
    check(cell, times) {
      const timer = cell.staleTimer
      if (timer === null) return false
      // No value stands for less: with one that came meanwhile there is nothing to work out yet.
      if (leastUntil(cell) > times.at) {
        timers.set(timer, leastUntil(cell))
        return false
      }
      const ms = expiryMs(cell)
      // Too early to tell, or irregular: the next sample sets the timer again.
      if (ms === undefined || ms === Infinity) {
        timers.stop(timer)
        return false
      }
      if (cell.goodAt + ms > times.at) {
        timers.set(timer, cell.goodAt + ms)
        return false
      }
      timers.stop(timer)
      delays.makeUnknown(cell, ownUnknown, times)
      if (cell.series !== null) seriesStale(cell.series, cell, times)
      return true
    },
    seriesStale,
    isIdle(cell, by) {
      const due = cell.staleTimer?.due ?? Infinity
      return due === Infinity || (Math.max(due, leastUntil(cell)) <= by && (expiryMs(cell) ?? Infinity) === Infinity)
    },
    heard(series, times) {
      series.stale = false
      tell(series, times)
      // Not known before it is judged: too few samples leave it unknown, and it never was anything else.
      for (const cell of series.cells) if ((cell.flags & anyUnknown) === seriesUnknown) cell.flags ^= seriesUnknown | undecided
    },
    ended(series, times) {
      series.stale = false
      tell(series, times)
      for (const cell of series.cells) if ((cell.flags & anyUnknown) === seriesUnknown) delays.makeKnown(cell, seriesUnknown, times)
    },
    backOnline(cell, times) {
      delays.makeKnown(cell, deviceUnknown, times)
      if ((cell.flags & withheld) !== 0) delays.announce(cell, times)
      if (cell.staleTimer === null) return
      cell.goodAt = times.at
      timers.set(cell.staleTimer, times.at + cell.runtime.leastStaleMs)
    },
  }
}
