import type { Resume, Times } from '../kernel/contracts.ts'
import type { TimerHeap } from '../kernel/timer-heap.ts'
import type { Bindings } from './bindings.ts'
import type { Cell, RuleRuntime } from './cell.ts'
import { frozen, restored, told } from './cell.ts'
import type { Cells } from './cells.ts'
import type { Delays } from './delays.ts'
import type { FactTable } from './facts.ts'
import type { Stood } from './kind.ts'
import { normal, silenceCounts } from './kind.ts'
import { defaultStaleMs } from './series-state.ts'
import type { Staleness } from './staleness.ts'

/** After so long a time down, what runs on up-time starts over. */
const longestDownMs = 300_000

export interface ResumeParts {
  readonly resume: Extract<Resume, { kind: 'start' }>
  readonly runtimes: ReadonlyMap<string, RuleRuntime>
  /** Those that had thrown and are given another try: with what comes next, not with what they threw at. */
  readonly retried: ReadonlySet<RuleRuntime>
  readonly bindings: Bindings
  readonly facts: Pick<FactTable, 'offlineSince'>
  readonly delays: Delays
  readonly staleness: Pick<Staleness, 'isIdle'>
  readonly cells: Cells
  readonly timers: TimerHeap<Cell>
}

/** The gateway was down: what rules-and-alarms.md, "Restart", says of delays, staleness, absence and windows. */
export function resumeCells({ resume, runtimes, retried, bindings, facts, delays, staleness, cells, timers }: ResumeParts): void {
  const { at } = resume.times
  const alive = resume.alive ?? resume.times
  const over = resume.alive === null || downMs(alive, resume.times) > longestDownMs
  /** Time that passed and that monotonic time does not know of. */
  const unseenMs = Math.max(0, resume.times.wallMs - alive.wallMs - (at - alive.at))
  /** What a device that is offline said before it went does not stand; nor does it because time passed. */
  const isThere = (device: string, goodAt: number): boolean => goodAt > facts.offlineSince(device)
  // What passed while nobody listened is no rhythm of the series.
  for (const series of bindings.series.values()) {
    series.lastAt = -Infinity
    const { last } = series
    if (last === null) continue
    last.unseenMs += unseenMs
    if (!over || !isThere(series.device, last.at) || last.at + (defaultStaleMs(series) ?? Infinity) <= alive.at) continue
    last.unseenMs += at - last.at
    last.at = at
  }
  for (const runtime of runtimes.values()) {
    const { rule, condition, leastStaleMs, cells: own } = runtime
    const stood: Stood = ({ device, metric, goodAt }) => {
      const series = bindings.find(device, metric)
      return isThere(device, goodAt) && goodAt + (rule.staleMs ?? (series === undefined ? undefined : defaultStaleMs(series)) ?? Infinity) > alive.at
    }
    for (const cell of own.values()) {
      if (cell.active !== normal && (cell.flags & told) !== 0) cell.flags |= restored
      delays.freeze(cell, over ? null : alive.at)
      // No sample may come with which it could go on.
      if ((cell.flags & frozen) !== 0 && silenceCounts(condition)) {
        cell.deadline = at
        cells.follow(cell)
      }
      if (over && condition.startsOver === true) {
        cell.memory = condition.create()
        cell.deadline = Infinity
        if (cell.checkTimer !== null) timers.stop(cell.checkTimer)
        if (condition.form === 'joint' && cell.active !== normal) condition.stays?.(cell, at)
        cells.follow(cell)
      } else if (condition.form === 'joint') condition.resume?.(cell.memory, alive)
      if (condition.form === 'joint' && condition.age !== undefined && unseenMs > 0) {
        condition.age(cell.memory, unseenMs)
        if (!retried.has(runtime)) cell.deadline = Math.min(cell.deadline, at)
        cells.follow(cell)
      }
      if (over && condition.form === 'joint') condition.renew?.(cell.memory, at, stood)
      if (over && cell.staleTimer !== null && !staleness.isIdle(cell, alive.at)) {
        cell.goodAt = at
        timers.set(cell.staleTimer, at + leastStaleMs)
      }
      // An absence that was found stands until something is heard.
      if (condition.form !== 'signal' || condition.begin === undefined || cell.active !== normal) continue
      condition.begin(cell, at, { ms: Math.max(0, alive.at - cell.goodAt), grace: true })
      if (cell.checkTimer !== null) timers.stop(cell.checkTimer)
      cells.follow(cell)
    }
  }
}

/** Monotonic time may stand still while the gateway is down, or go on; wall time goes on, but may be set back. */
function downMs(alive: Times, now: Times): number {
  return Math.max(now.at - alive.at, now.wallMs - alive.wallMs)
}

