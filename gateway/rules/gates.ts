import type { Times } from '../kernel/contracts.ts'
import type { Timer, TimerHeap } from '../kernel/timer-heap.ts'
import type { RuleRuntime } from './cell.ts'
import { compareCells, gateRank } from './cell.ts'
import type { Delays } from './delays.ts'
import { isOpen, nextChange } from './schedule.ts'

/** The schedules of rules (`while`): they gate the announcement, not the evaluation, and follow the wall clock, its steps included. */
export interface Gates {
  /** A rule is new, or its schedule is another. */
  begin(runtime: RuleRuntime, times: Times): void
  /** A rule that came back as it was: open or not, its next boundary is looked for when that is next asked. */
  comeBack(runtime: RuleRuntime, wallMs: number): void
  /** The rule is gone. */
  end(runtime: RuleRuntime): void
  /** A boundary has come, or the wall clock was stepped: looks again. */
  look(runtime: RuleRuntime, times: Times): void
  /** Looks at all. */
  lookAll(times: Times): void
  /** The next boundary; `due` is wall time. */
  next(): Timer<RuleRuntime> | undefined
  clear(): void
}

export function createGates({ timers, delays }: { readonly timers: TimerHeap<RuleRuntime>; readonly delays: Delays }): Gates {
  const gated = new Set<RuleRuntime>()

  function look(runtime: RuleRuntime, times: Times): void {
    const { schedule } = runtime.rule
    const open = schedule === undefined || isOpen(schedule, times.wallMs)
    if (runtime.gateTimer !== null) timers.set(runtime.gateTimer, schedule === undefined ? Infinity : nextChange(schedule, times.wallMs))
    if (open === runtime.open) return
    runtime.open = open
    for (const cell of [...runtime.cells.values()].sort(compareCells)) {
      if (open) delays.announce(cell, times)
      else delays.silence(cell, times)
    }
  }

  return {
    begin(runtime, times) {
      if (runtime.rule.schedule !== undefined) {
        runtime.gateTimer ??= timers.create({ owner: runtime, rule: runtime.rule.id, key: '', rank: gateRank })
        gated.add(runtime)
      } else gated.delete(runtime)
      look(runtime, times)
    },
    comeBack(runtime, wallMs) {
      const { schedule, id } = runtime.rule
      if (schedule === undefined) return
      runtime.gateTimer = timers.create({ owner: runtime, rule: id, key: '', rank: gateRank })
      gated.add(runtime)
      timers.set(runtime.gateTimer, nextChange(schedule, wallMs))
    },
    end(runtime) {
      if (runtime.gateTimer !== null) timers.stop(runtime.gateTimer)
      gated.delete(runtime)
    },
    look,
    lookAll(times) {
      for (const runtime of [...gated].sort((a, b) => (a.rule.id < b.rule.id ? -1 : 1))) look(runtime, times)
    },
    next: () => timers.peek(),
    clear() {
      timers.clear()
      gated.clear()
    },
  }
}
