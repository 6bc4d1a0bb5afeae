import type { ConditionSink } from '../kernel/condition.ts'
import type { Resume, StateWriter, Times } from '../kernel/contracts.ts'
import { asError } from '../kernel/errors.ts'
import type { Reading } from '../kernel/reading.ts'
import type { Rule } from '../kernel/rule.ts'
import type { Timer } from '../kernel/timer-heap.ts'
import { createTimerHeap } from '../kernel/timer-heap.ts'
import type { KnownDevices } from './bindings.ts'
import { createBindings, unbound } from './bindings.ts'
import { noteInterval } from './cadence.ts'
import type { Cell, RuleRuntime, SeriesState } from './cell.ts'
import { checkRank, delayRank, deviceUnknown, ownUnknown, staleRank } from './cell.ts'
import { compileRule } from './compile-rule.ts'
import { createDelays } from './delays.ts'
import type { Kind } from './kind.ts'
import { unknown } from './kind.ts'
import { isLate } from './lateness.ts'
import type { Dropped, RecoveredState } from './recovery.ts'
import { recover } from './recovery.ts'
import { createStaleness } from './staleness.ts'
import { cellRow, createStateRows, deviceRow, rowKey, seriesRow } from './state-rows.ts'

export interface RuleEngineDeps {
  readonly kinds: readonly Kind[]
  readonly devices: KnownDevices
  readonly state: StateWriter
  /** Told synchronously of what the rules find; must not call back. */
  readonly sink: ConditionSink
}

/**
 * The rules: pure and deterministic, (state, input, times) → what is told to the sink. It owns no clock and no timer of
 * the process. Timers that are due must have been fired before an input of the same or a later time.
 */
export interface RuleEngine {
  /** The readings of one message. */
  evaluate(readings: readonly Reading[], times: Times): void
  /** The timer that fires next. */
  nextTimer(): Pick<Timer<unknown>, 'due' | 'rule' | 'key' | 'rank'> | undefined
  /** Fires exactly that one; `times.at` is its due time. */
  fire(times: Times): void
  /** Technical rules and those that are off are left out. State is kept where neither condition nor mode changed. */
  replaceRules(rules: readonly Rule[], times: Times): void
  presence(device: string, online: boolean, times: Times): void
  devicesChanged(device: string, times: Times): readonly Dropped[]
  /** Replaces the state by what came back from the store; before the first rules it waits for them. */
  restore(state: RecoveredState, resume: Resume): void
  /** Conditions that came back and are no more, once. */
  takeOrphans(): readonly Dropped[]
  /** How many delays run now. */
  runningDelays(): number
  faulty(): ReadonlyMap<string, string>
  lateReadings(): number
  /** The whole durable state as rows of the store: key and text. */
  rows(): readonly (readonly [string, string])[]
}

export function createRuleEngine(deps: RuleEngineDeps): RuleEngine {
  const { sink } = deps
  const rows = createStateRows(deps.state)
  const timers = createTimerHeap<Cell>()
  const delays = createDelays({ timers, sink, save: (cell) => rows.saveCell(cell) })
  const offline = new Set<string>()
  const staleness = createStaleness({ timers, delays, sink, rows, isOffline: (device) => offline.has(device) })
  let bindings = createBindings(timers, deps.devices)
  let runtimes = new Map<string, RuleRuntime>()
  /** State that came back before the rules did. */
  let awaiting: { readonly state: RecoveredState; readonly resume: Resume } | undefined
  let rulesKnown = false
  let orphans: readonly Dropped[] = []
  let late = 0

  /** Healthy rules, in the order of their files. */
  const healthy = (): RuleRuntime[] => [...runtimes.values()].filter(({ fault }) => fault === undefined)

  function evaluate(readings: readonly Reading[], times: Times): void {
    for (let i = 0; i < readings.length; i++) {
      const reading = readings[i]!
      // `null` is missing: as if nothing had been sent.
      if (reading.value === null) continue
      const series = bindings.of(reading.series, times.at)
      if (series !== unbound) take(series, reading, times)
    }
  }

  function take(series: SeriesState, reading: Reading, times: Times): void {
    const { at } = times
    const isOld = isLate(series.lateness, reading, at)
    if (isOld) late++
    if (series.lastAt !== at) {
      if (series.cadence !== null && series.lastAt !== -Infinity) noteInterval(series.cadence, at - series.lastAt)
      series.lastAt = at
    }
    const good = reading.quality === 'good'
    if (series.stale && good && !isOld) staleness.ended(series, times)
    const { cells } = series
    for (let i = 0; i < cells.length; i++) {
      const cell = cells[i]!
      const { condition } = cell.runtime
      if (isOld && !condition.takesAnySample) continue
      try {
        const verdict = good || condition.takesAnySample ? condition.judge(reading, cell, at) : unknown
        if (cell.checkTimer !== null && cell.deadline < cell.checkTimer.due) timers.set(cell.checkTimer, cell.deadline)
        if (verdict === unknown) {
          delays.makeUnknown(cell, ownUnknown, times)
          continue
        }
        if (good && !isOld) cell.sample = reading
        cell.series = series
        cell.goodAt = at
        // The timer stands at the least time a value may stand; whether it is stale is worked out when that has come.
        if (cell.staleTimer !== null && cell.staleTimer.due > at + cell.runtime.leastStaleMs) timers.set(cell.staleTimer, at + cell.runtime.leastStaleMs)
        if (verdict !== cell.active || cell.flags !== 0) delays.settle(cell, verdict, times)
      } catch (thrown) {
        fail(cell.runtime, asError(thrown), times)
      }
    }
  }

  /** The rule is taken out; its alarms stay as they are, of unknown quality. Other rules go on. */
  function fail(runtime: RuleRuntime, error: Error, times: Times): void {
    if (runtime.fault !== undefined) return
    runtime.fault = error.message
    for (const cell of runtime.cells.values()) {
      halt(cell)
      delays.makeUnknown(cell, ownUnknown, times)
    }
    bindings.bind(healthy(), times.at)
    tellFault(runtime, times)
  }

  function halt(cell: Cell): void {
    delays.drop(cell)
    if (cell.checkTimer !== null) timers.stop(cell.checkTimer)
    if (cell.staleTimer !== null) timers.stop(cell.staleTimer)
  }

  function forget(cell: Cell): void {
    halt(cell)
    cell.runtime.cells.delete(cell.key)
    rows.dropCell(cell)
  }

  function fire(times: Times): void {
    const timer = timers.peek()
    if (timer === undefined) return
    const cell = timer.owner
    try {
      if (timer.rank === delayRank) delays.elapse(cell, times)
      else if (timer.rank === staleRank) staleness.check(cell, times)
      else if (timer.rank === checkRank) check(cell, timer, times)
    } catch (thrown) {
      timers.stop(timer)
      fail(cell.runtime, asError(thrown), times)
    }
  }

  function check(cell: Cell, timer: Timer<Cell>, times: Times): void {
    // Readings only move the deadline; the timer follows when it comes.
    if (cell.deadline > times.at) return timers.set(timer, cell.deadline)
    cell.deadline = Infinity
    timers.stop(timer)
    const verdict = cell.runtime.condition.check!(cell, times.at)
    timers.set(timer, cell.deadline)
    if (verdict === unknown) delays.makeUnknown(cell, ownUnknown, times)
    else if (verdict !== cell.active || cell.flags !== 0) delays.settle(cell, verdict, times)
  }

  function replaceRules(rules: readonly Rule[], times: Times): void {
    const before = runtimes
    rulesKnown = true
    runtimes = new Map()
    for (const rule of rules) {
      if (rule.class === 'technical' || rule.mode === 'off') continue
      const old = before.get(rule.id)
      if (old !== undefined && old.rule.conditionVersion === rule.conditionVersion && old.rule.mode === rule.mode) {
        // A faulty rule that was not touched stays out.
        if (old.fault !== undefined && old.rule.version !== rule.version) recompile(old, rule, times)
        old.rule = rule
        runtimes.set(rule.id, old)
      } else {
        const made = compileRule(rule, deps.kinds)
        runtimes.set(rule.id, made)
        if (made.fault !== undefined) tellFault(made, times)
      }
    }
    for (const [id, old] of before) {
      if (runtimes.get(id) === old) continue
      for (const cell of old.cells.values()) forget(cell)
    }
    bindings.bind(healthy(), times.at)
    if (awaiting === undefined) return
    const { state, resume } = awaiting
    awaiting = undefined
    orphans = recover(state, { resume, runtimes, bindings, delays, timers, rows, offline })
  }

  /** A faulty rule is given another try: its conditions are watched again. */
  function recompile(runtime: RuleRuntime, rule: Rule, { at }: Times): void {
    const { condition, fault, leastStaleMs } = compileRule(rule, deps.kinds)
    Object.assign(runtime, { condition, fault, leastStaleMs })
    for (const cell of runtime.cells.values()) {
      if (cell.staleTimer !== null) timers.set(cell.staleTimer, at + leastStaleMs)
      if (cell.checkTimer === null) continue
      condition.begin?.(cell, at, { ms: 0, grace: true })
      timers.set(cell.checkTimer, cell.deadline)
    }
  }

  function tellFault({ rule: { id }, fault }: RuleRuntime, times: Times): void {
    sink.technical({ rule: 'technical.rule', key: id, device: null, metric: null, active: true, message: `rule ${id} is faulty and not evaluated: ${fault}` }, times)
  }

  return {
    evaluate,
    nextTimer: () => timers.peek(),
    fire,
    replaceRules,
    presence(device, online, times) {
      if (online !== offline.has(device)) return
      if (online) offline.delete(device)
      else offline.add(device)
      rows.saveDevice(device, !online)
      for (const series of bindings.ofDevice(device)) {
        for (const cell of series.cells) {
          if (!cell.runtime.condition.expires) continue
          if (online) staleness.backOnline(cell, times)
          else delays.makeUnknown(cell, deviceUnknown, times)
        }
      }
      sink.technical({ rule: 'technical.offline', key: device, device, metric: null, active: !online, message: online ? `${device} is online` : `${device} is offline` }, times)
    },
    devicesChanged(device, times) {
      const dropped = bindings.rebindDevice(device, times.at)
      return dropped.map((cell) => {
        forget(cell)
        return { rule: cell.runtime.rule.id, key: cell.key }
      })
    },
    restore(state, resume) {
      for (const runtime of runtimes.values()) {
        for (const cell of runtime.cells.values()) halt(cell)
        runtime.cells.clear()
        // Its fault may have been undone with the batch; if not, it shows again.
        if (runtime.fault !== undefined) recompile(runtime, runtime.rule, resume.times)
      }
      timers.clear()
      offline.clear()
      bindings = createBindings(timers, deps.devices)
      if (!rulesKnown) {
        awaiting = { state, resume }
        return
      }
      bindings.bind(healthy(), resume.times.at)
      orphans = recover(state, { resume, runtimes, bindings, delays, timers, rows, offline })
    },
    takeOrphans() {
      const taken = orphans
      orphans = []
      return taken
    },
    runningDelays: () => delays.running(),
    faulty: () => new Map([...runtimes.values()].flatMap(({ rule, fault }) => (fault === undefined ? [] : [[rule.id, fault] as const]))),
    lateReadings: () => late,
    rows() {
      const cells = [...runtimes.values()].flatMap((runtime) => [...runtime.cells.values()].flatMap((cell) => cellRow(cell) ?? []))
      const series = [...bindings.series.values()].filter((one) => one.stale || one.learnedMs !== undefined).map(seriesRow)
      return [...cells, ...series, ...[...offline].map(deviceRow)].map((row) => [rowKey(row), JSON.stringify(row)] as const)
    },
  }
}
