import type { ConditionSink } from '../kernel/condition.ts'
import type { ApplicationEvent, DeviceFacts, Resume, Times } from '../kernel/contracts.ts'
import type { Reading } from '../kernel/reading.ts'
import type { Rule } from '../kernel/rule.ts'
import type { Timer } from '../kernel/timer-heap.ts'
import { createTimerHeap } from '../kernel/timer-heap.ts'
import type { Standing } from './adopt.ts'
import { adopt } from './adopt.ts'
import { createBindings } from './bindings.ts'
import type { Cell, RuleRuntime, SeriesState } from './cell.ts'
import { checkRank, compareCells, delayRank, deviceUnknown, ownUnknown, seriesUnknown, staleRank } from './cell.ts'
import { createCells } from './cells.ts'
import { compileRule, makeReady } from './compile-rule.ts'
import { createDelays } from './delays.ts'
import type { SavedState } from './engine-state.ts'
import { emptyState, loadState, saveState } from './engine-state.ts'
import { createEvaluator } from './evaluator.ts'
import { createFactTable } from './facts.ts'
import { createGates } from './gates.ts'
import type { Kind } from './kind.ts'
import { moveLateness } from './lateness.ts'
import { resumeCells } from './resume.ts'
import { createSensors } from './sensors.ts'
import { createStaleness } from './staleness.ts'
import { moveWatermark } from './watermark.ts'

export interface RuleEngineDeps {
  readonly kinds: readonly Kind[]
  /** Told synchronously of what the rules find; must not call back. */
  readonly sink: ConditionSink
}

/** One condition that no longer is: its alarm retires. */
export interface Dropped { readonly rule: string; readonly key: string }

type Due = Pick<Timer<unknown>, 'due' | 'rule' | 'key' | 'rank'>

/**
 * The rules: pure and deterministic, (state, input, times) → (state', what is told to the sink). It owns no clock, no timer of the
 * process and no store. Timers that are due must have been fired before an input of the same or a later time.
 */
export interface RuleEngine {
  /** The readings of one message. */
  evaluate(readings: readonly Reading[], times: Times): void
  /** An application event. */
  hear(event: ApplicationEvent, times: Times): void
  /** The timer that fires next, by monotonic time. */
  nextTimer(): Due | undefined
  /** Fires exactly that one; `times.at` is its due time. */
  fire(times: Times): void
  /** The next boundary of a schedule, by wall time. */
  nextGate(): Due | undefined
  fireGate(times: Times): void
  /** The wall clock was stepped, or is another after a start. */
  clockStepped(times: Times): void
  /** The whole set, in the order of ids; technical rules and those that are off are left out. State is kept where neither condition nor mode changed. */
  replaceRules(rules: readonly Rule[], times: Times): void
  presence(device: string, online: boolean, times: Times): void
  /** A device is new, or its facts are others now. Gives the conditions that no longer concern it. */
  device(id: string, facts: DeviceFacts, times: Times): readonly Dropped[]
  labels(device: string): DeviceFacts['labels']
  /** Undefined: not known. */
  facts(device: string): DeviceFacts | undefined
  /** The process died and is back: delays wait for their first sample, absence has its grace anew, faulty rules another try. */
  resume(resume: Extract<Resume, { kind: 'start' }>): void
  /** Alarms that stand though nothing of the rules' state came back: what they say is true until something says otherwise. Gives those that nothing could end. */
  adopt(standing: readonly Standing[], times: Times): readonly Dropped[]
  /** The rules that are evaluated, and those that are off or technical, as they were given. */
  rules(): readonly Rule[]
  /** Does anything run on up-time: a delay, a value's time until it is stale, a sequence? */
  countsUpTime(): boolean
  faulty(): ReadonlyMap<string, string>
  lateReadings(): number
  /** Events that a rule did not hear because it holds as many keys as it may; of this process. */
  eventsPassedOver(): number
  /** Rises with every timer that changed something; one that only moved on does not count. */
  firings(): number
  /** All of the state, as plain data; shares nothing that changes only where it is copied at once (serialised). */
  save(): SavedState
  /** Series have other numbers from now on: those of the log that was gone through are its own. */
  renumbered(): void
  /** Replaces the state; undefined: as it was in the beginning. */
  load(saved: SavedState | undefined): void
}

export function createRuleEngine({ kinds, sink }: RuleEngineDeps): RuleEngine {
  const timers = createTimerHeap<Cell>()
  const delays = createDelays({ timers, sink })
  const gates = createGates({ timers: createTimerHeap<RuleRuntime>(), delays })
  const cells = createCells({ timers, delays })
  const facts = createFactTable()
  const staleness = createStaleness({ timers, delays, sink, isOffline: (device) => facts.isOffline(device), doubt: (series, by, times) => evaluator.doubt(series, by, times) })
  const sensors = createSensors({
    kinds, facts, sink,
    seriesOf: (device) => bindings.ofDevice(device),
    find: (device, metric) => bindings.find(device, metric),
    doubt(series, times) {
      for (const cell of series.cells) if (cell.runtime.condition.form === 'signal' && cell.runtime.condition.order !== 'any') delays.makeUnknown(cell, seriesUnknown, times)
      evaluator.doubt(series, undefined, times)
    },
  })
  const bind = () => createBindings({ facts, cell: (runtime, place, at) => cells.of(runtime, place, at), cellsOf: (device) => cells.ofDevice(device), sensorOf: (device, metric) => sensors.checkOf(device, metric), left, looked: (series, check) => series.faults !== 0 || series.flat !== null ? sensors.forget(series, check, now) : undefined })
  let bindings = bind()
  let runtimes = new Map<string, RuleRuntime>()
  let given: readonly Rule[] = []
  let fired = 0
  /** The times of the input at hand. */
  let now: Times = { at: 0, wallMs: 0 }
  const evaluator = createEvaluator({ timers, delays, cells, staleness, sensors, facts, sink, bindings: () => bindings, fail })

  function left(series: SeriesState): void {
    if (series.stale) staleness.ended(series, now)
  }

  /** Healthy rules, in the order of their ids. */
  const healthy = (): RuleRuntime[] => [...runtimes.values()].filter(({ fault }) => fault === undefined)

  /** The rule is taken out; its alarms stay as they are, of unknown quality. Other rules go on. */
  function fail(runtime: RuleRuntime, error: Error, times: Times): void {
    if (runtime.fault !== undefined) return
    runtime.fault = error.message
    for (const cell of [...runtime.cells.values()].sort(compareCells)) {
      cells.halt(cell)
      delays.makeUnknown(cell, ownUnknown, times)
      // That may be gone before the rule is evaluated again.
      cell.series = null
      // What it was about to work out when it threw is no part of its state.
      const { condition } = runtime
      if (condition.save !== undefined && condition.load !== undefined) cell.memory = condition.load(condition.save(cell.memory))
    }
    bindings.bind(healthy(), times.at)
    tellFault(runtime, times)
  }

  function tellFault({ rule: { id }, fault }: RuleRuntime, times: Times): void {
    const message = fault === undefined ? `rule ${id} is evaluated again` : `rule ${id} is faulty and not evaluated: ${fault}`
    sink.technical({ rule: 'technical.rule', key: id, device: null, metric: null, active: fault !== undefined, message }, times)
  }

  function fire(times: Times): void {
    now = times
    const timer = timers.peek()
    if (timer === undefined) return
    const cell = timer.owner
    try {
      if (timer.rank === delayRank) {
        fired++
        delays.elapse(cell, times)
      } else if (timer.rank === staleRank) {
        if (!staleness.check(cell, times)) return
        fired++
        evaluator.judgeDoubted(times)
      } else if (cell.deadline > times.at) {
        // Readings only move the deadline; the timer follows when it comes.
        timers.set(timer, cell.deadline)
      } else {
        fired++
        timers.stop(timer)
        cell.deadline = Infinity
        evaluator.check(cell, times)
      }
    } catch (thrown) {
      timers.stop(timer)
      evaluator.failed(cell.runtime, thrown, times)
    }
  }

  function replaceRules(rules: readonly Rule[], times: Times): void {
    now = times
    const before = runtimes
    given = rules
    runtimes = new Map()
    for (const rule of rules) {
      if (rule.class === 'technical' || rule.mode === 'off') continue
      const old = before.get(rule.id)
      if (old !== undefined && old.rule.conditionVersion === rule.conditionVersion && old.rule.mode === rule.mode) {
        const edited = old.rule.version !== rule.version
        old.rule = rule
        runtimes.set(rule.id, old)
        // A faulty rule that was not touched stays out.
        if (old.fault !== undefined && edited) retry(old, times)
        if (edited) gates.begin(old, times)
      } else {
        const made = compileRule(rule, kinds)
        runtimes.set(rule.id, made)
        gates.begin(made, times)
        if (made.fault !== undefined) tellFault(made, times)
      }
    }
    for (const [id, old] of before) {
      const kept = runtimes.get(id)
      if (kept === old) continue
      for (const cell of old.cells.values()) cells.forget(cell)
      gates.end(old)
      if (old.fault !== undefined && kept?.fault === undefined) sink.technical({ rule: 'technical.rule', key: id, device: null, metric: null, active: false, message: `rule ${id} is not the faulty one any more` }, times)
    }
    bindings.bind(healthy(), times.at)
  }

  /** What is kept by event time moves along with the wall clock. */
  function setClock(byMs: number): void {
    for (const { condition, cells: own } of runtimes.values()) {
      for (const { watermark, memory } of own.values()) {
        if (watermark !== null) moveWatermark(watermark, byMs)
        condition.clockSet?.(memory, byMs)
      }
    }
    for (const series of bindings.series.values()) {
      series.newestMs += byMs
      moveLateness(series.lateness, byMs)
      const { flat, sensor } = series
      if (flat === null) continue
      moveWatermark(flat.watermark!, byMs)
      sensor?.flat?.clockSet?.(flat.memory, byMs)
    }
  }

  /** A faulty rule is given another try. */
  function retry(runtime: RuleRuntime, times: Times): void {
    makeReady(runtime, kinds)
    if (runtime.fault !== undefined) return
    const { condition } = runtime
    for (const cell of runtime.cells.values()) {
      // What fell due while it was not looked at is due now; but values, at which it threw, are looked at again when there are others.
      const ofValues = condition.form === 'joint' && condition.events.length === 0
      cell.deadline = ofValues ? Infinity : Math.max(cell.deadline, times.at)
      if (cell.staleTimer !== null) timers.set(cell.staleTimer, times.at + runtime.leastStaleMs)
      if (condition.form === 'signal') condition.begin?.(cell, times.at, { ms: 0, grace: true })
      cells.follow(cell)
    }
    tellFault(runtime, times)
  }

  return {
    evaluate(readings, times) {
      now = times
      evaluator.evaluate(readings, times)
    },
    hear(event, times) {
      now = times
      evaluator.hear(event, times)
    },
    nextTimer: () => timers.peek(),
    fire,
    nextGate: () => gates.next(),
    fireGate(times) {
      fired++
      gates.look(gates.next()!.owner, times)
    },
    clockStepped(times) {
      const byMs = times.wallMs - times.at - (now.wallMs - now.at)
      now = times
      setClock(byMs)
      gates.lookAll(times)
    },
    replaceRules,
    presence(device, online, times) {
      now = times
      if (!facts.setOffline(device, online ? null : times.at)) return
      if (online) facts.setOnline(device, times.at)
      for (const series of bindings.ofDevice(device)) {
        for (const cell of series.cells) {
          if (cell.runtime.leastStaleMs === Infinity) continue
          if (online) staleness.backOnline(cell, times)
          else delays.makeUnknown(cell, deviceUnknown, times)
        }
      }
      evaluator.rejudge(device, [], times)
      sink.technical({ rule: 'technical.offline', key: device, device, metric: null, active: !online, message: online ? `${device} is online` : `${device} is offline` }, times)
    },
    device(id, value, times) {
      now = times
      const { left: unfed, dropped } = bindings.rebindDevice(id, () => facts.set(id, value), times.at)
      for (const cell of dropped) cells.forget(cell)
      for (const { runtime: { condition }, memory } of unfed) if (condition.form === 'joint') condition.forget?.(memory, id)
      evaluator.rejudge(id, unfed, times)
      return dropped.toSorted(compareCells).map((cell) => ({ rule: cell.runtime.rule.id, key: cell.key }))
    },
    labels: (device) => facts.labels(device),
    facts: (device) => (facts.has(device) ? facts.get(device) : undefined),
    resume(resume) {
      now = resume.times
      const retried = new Set([...runtimes.values()].filter(({ fault }) => fault !== undefined))
      for (const runtime of retried) retry(runtime, resume.times)
      bindings.bind(healthy(), resume.times.at)
      resumeCells({ resume, runtimes, retried, bindings, facts, delays, staleness, cells, timers })
      // Nobody was there to see the clock set back; that it is earlier than when the gateway lived last says so.
      if (resume.alive !== null && resume.times.wallMs < resume.alive.wallMs) setClock(resume.times.wallMs - resume.alive.wallMs)
      gates.lookAll(resume.times)
    },
    adopt: (standing, times) => standing.filter((one) => !adopt(one, { runtimes, cells, bindings, facts, times })),
    rules: () => given,
    countsUpTime: () => timers.some(({ rank, owner }) => (rank === checkRank ? owner.runtime.condition.startsOver === true : rank === delayRank || !staleness.isIdle(owner, Infinity))),
    faulty: () => new Map([...runtimes.values()].flatMap(({ rule, fault }) => (fault === undefined ? [] : [[rule.id, fault] as const]))),
    lateReadings: () => evaluator.late(),
    eventsPassedOver: () => cells.passedOver(),
    firings: () => fired,
    renumbered: () => bindings.forgetNumbers(),
    save: () => saveState({ rules: given, runtimes, facts, bindings, late: evaluator.late(), ...now }),
    load(saved = emptyState) {
      for (const runtime of runtimes.values()) for (const cell of runtime.cells.values()) cells.halt(cell)
      cells.clear()
      timers.clear()
      gates.clear()
      bindings = bind()
      given = saved.rules
      now = { at: saved.at, wallMs: saved.wallMs }
      facts.load(saved.facts)
      evaluator.load(saved.late)
      runtimes = loadState(saved, { kinds, cells, delays, timers, gates, bindings, healthy: (made) => (runtimes = made, healthy()) })
    },
  }
}

