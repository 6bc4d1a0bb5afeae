import type { ConditionSink } from '../kernel/condition.ts'
import type { Times } from '../kernel/contracts.ts'
import type { TimerHeap } from '../kernel/timer-heap.ts'
import type { Cell, SeriesState } from './cell.ts'
import { anyUnknown, deviceUnknown, ownUnknown, seriesUnknown } from './cell.ts'
import type { Delays } from './delays.ts'
import { defaultStaleMs, learnedAnew } from './series-state.ts'
import type { StateRows } from './state-rows.ts'

export interface StalenessDeps {
  readonly timers: TimerHeap<Cell>
  readonly delays: Delays
  readonly sink: ConditionSink
  readonly rows: StateRows
  readonly isOffline: (device: string) => boolean
}

/** How long the last good value stands, and what follows when it no longer does. */
export interface Staleness {
  /** The least time has passed since the value came: has it expired? */
  check(cell: Cell, times: Times): void
  /** A good sample of a series that was stale. */
  ended(series: SeriesState, times: Times): void
  /** The device says it is back: from now on its silence counts again. */
  backOnline(cell: Cell, times: Times): void
}

export function createStaleness({ timers, delays, sink, rows, isOffline }: StalenessDeps): Staleness {
  function expiryMs(cell: Cell): number | undefined {
    const { rule } = cell.runtime
    if (rule.staleMs !== undefined) return rule.staleMs
    const { series } = cell
    if (series === null) return undefined
    const ms = defaultStaleMs(series)
    if (learnedAnew(series, ms)) {
      series.learnedMs = ms
      rows.saveSeries(series)
    }
    return ms
  }

  /** One technical alarm for the series; of a device that is offline one for the device is enough, and a shadow rule tells nobody. */
  function seriesStale(cell: Cell, times: Times): void {
    const { series, runtime } = cell
    if (series === null || series.stale || runtime.rule.mode === 'shadow' || isOffline(series.device)) return
    series.stale = true
    rows.saveSeries(series)
    for (const other of series.cells) if (other !== cell && other.runtime.condition.expires) delays.makeUnknown(other, seriesUnknown, times)
    tell(series, times)
  }

  function tell(series: SeriesState, times: Times): void {
    const { device, metric, stale } = series
    const message = stale ? `${metric} of ${device} has not been updated` : `${metric} of ${device} is updated again`
    sink.technical({ rule: 'technical.stale', key: `${device}.${metric}`, device, metric, active: stale, message }, times)
  }

  return {
    check(cell, times) {
      const timer = cell.staleTimer
      if (timer === null) return
      const ms = expiryMs(cell)
      // Too early to tell, or irregular: the next sample sets the timer again.
      if (ms === undefined || ms === Infinity) return timers.stop(timer)
      if (cell.goodAt + ms > times.at) return timers.set(timer, cell.goodAt + ms)
      timers.stop(timer)
      delays.makeUnknown(cell, ownUnknown, times)
      seriesStale(cell, times)
    },
    ended(series, times) {
      series.stale = false
      rows.saveSeries(series)
      tell(series, times)
      for (const cell of series.cells) if ((cell.flags & anyUnknown) === seriesUnknown) delays.makeKnown(cell, seriesUnknown, times)
    },
    backOnline(cell, times) {
      delays.makeKnown(cell, deviceUnknown, times)
      if (cell.staleTimer === null) return
      cell.goodAt = times.at
      timers.set(cell.staleTimer, times.at + cell.runtime.leastStaleMs)
    },
  }
}
