import type { ConditionSink } from '../kernel/condition.ts'
import type { ApplicationEvent, Times } from '../kernel/contracts.ts'
import { asError } from '../kernel/errors.ts'
import type { Reading } from '../kernel/reading.ts'
import type { Rule } from '../kernel/rule.ts'
import { byDeviceAndMetric } from '../kernel/sorted.ts'
import type { TimerHeap } from '../kernel/timer-heap.ts'
import type { Bindings } from './bindings.ts'
import { unbound } from './bindings.ts'
import { noteInterval } from './cadence.ts'
import type { Cell, RuleRuntime, SeriesState } from './cell.ts'
import { anyUnknown, busy, clearing, compareCells, dirty, frozen, heard, ownUnknown, raising, restored, undecided, untold } from './cell.ts'
import type { createCells } from './cells.ts'
import type { Delays } from './delays.ts'
import type { FactTable } from './facts.ts'
import type { Surroundings, Verdict } from './kind.ts'
import { normal, silenceCounts, unfit, unknown } from './kind.ts'
import { inUnit } from './in-unit.ts'
import { isLate, maxSkewMs } from './lateness.ts'
import type { Sensors } from './sensors.ts'
import { defaultStaleMs } from './series-state.ts'
import type { Staleness } from './staleness.ts'
import { latenessMs, takeTime } from './watermark.ts'

export interface EvaluatorDeps {
  readonly timers: TimerHeap<Cell>
  readonly delays: Delays
  readonly cells: ReturnType<typeof createCells>
  readonly staleness: Staleness
  readonly sensors: Sensors
  readonly facts: FactTable
  readonly sink: ConditionSink
  readonly bindings: () => Bindings
  readonly fail: (runtime: RuleRuntime, error: Error, times: Times) => void
}

/** Takes inputs through the conditions they concern. */
export interface Evaluator {
  evaluate(readings: readonly Reading[], times: Times): void
  hear(event: ApplicationEvent, times: Times): void
  /** A condition's deadline has come. */
  check(cell: Cell, times: Times): void
  /** Something about the device changed that conditions over several signals may have asked for, and `others`, which it feeds no more. */
  rejudge(device: string, others: readonly Cell[], times: Times): void
  /** The values of this series are not to be believed from now on: to conditions over several signals as if a bad one had come. Not to `by`, which found it. */
  doubt(series: SeriesState, by: Cell | undefined, times: Times): void
  /** Judges what was told of such doubt by time alone. */
  judgeDoubted(times: Times): void
  failed(runtime: RuleRuntime, thrown: unknown, times: Times): void
  /** Readings that came too late to count. */
  late(): number
  load(late: number): void
}

export function createEvaluator(deps: EvaluatorDeps): Evaluator {
  const { timers, delays, cells, staleness, sensors, facts } = deps
  /** Filled anew for every input. */
  const moment = { at: 0, wallMs: 0, time: 0 }
  const waiting: Cell[] = []
  /** Found by the condition being judged: its values have stood for too long. */
  const expired: SeriesState[] = []
  let judging: Cell | undefined
  let late = 0

  const around: Surroundings = {
    standsMs(device, metric) {
      const { staleMs } = judging!.runtime.rule
      if (staleMs !== undefined) return staleMs
      const series = deps.bindings().find(device, metric)
      return (series === undefined ? undefined : defaultStaleMs(series)) ?? Infinity
    },
    expired(device, metric) {
      const series = deps.bindings().find(device, metric)
      if (series === undefined || series.stale) return Infinity
      // Of a device that is back its silence counts from then on.
      const until = facts.onlineSince(device) + around.standsMs(device, metric)
      if (until > moment.at) return until
      expired.push(series)
      return Infinity
    },
    offlineSince: (device) => facts.offlineSince(device),
    labels: (device) => facts.labels(device),
    type: (device) => facts.type(device),
    setting(device, name) {
      const { settings } = facts.get(device)
      return Object.hasOwn(settings, name) ? settings[name] : undefined
    },
  }

  function enter(times: Times): void {
    moment.at = times.at
    moment.wallMs = times.wallMs
    moment.time = times.wallMs
  }

  function failed(runtime: RuleRuntime, thrown: unknown, times: Times): void {
    deps.fail(runtime, asError(thrown), times)
  }

  /** What a condition says by time alone, or because the world around it changed: no sample, so what waits for one since the start goes on waiting. */
  function settleUnheard(cell: Cell, verdict: Verdict, times: Times): void {
    const { flags, active } = cell
    const isSame = (flags & raising) === 0 ? verdict === active : verdict !== normal
    const agrees = (flags & clearing) === 0 ? isSame : verdict === normal
    if ((flags & (frozen | restored)) === 0 || !agrees || verdict === unknown) return settle(cell, verdict, times)
    cells.follow(cell)
    delays.makeKnown(cell, anyUnknown, times)
  }

  function settle(cell: Cell, verdict: Verdict, times: Times): void {
    cells.follow(cell)
    if (verdict === unknown) delays.makeUnknown(cell, undecided, times)
    else if (verdict !== cell.active || (cell.flags & busy) !== 0) delays.settle(cell, verdict, times)
  }

  function take(series: SeriesState, reading: Reading, times: Times): void {
    const { at } = times
    const isOld = isLate(series.lateness, reading, at)
    let isBehind = moment.time < series.newestMs - latenessMs
    if (moment.time > series.newestMs) series.newestMs = moment.time
    if (series.lastAt !== at) {
      if (series.cadence !== null && series.lastAt !== -Infinity) noteInterval(series.cadence, at - series.lastAt)
      series.lastAt = at
    }
    // A sensor that cannot be right says nothing of what it measures.
    const good = reading.quality === 'good' && (series.sensor === null || sensors.take(series, reading, moment))
    if (series.awaits && !isOld) series.last = { value: reading.value, unit: reading.unit, good, at, unseenMs: 0, time: moment.time }
    const { cells: concerned, feeds } = series
    // Where a condition over this signal alone waits for a value, it says below whether this is one: a text is none where numbers are compared.
    if (series.stale && good && !isOld && !concerned.some(expires)) staleness.ended(series, times)
    for (let i = 0; i < concerned.length; i++) {
      const cell = concerned[i]!
      const { runtime } = cell
      const { condition } = runtime
      if (condition.form !== 'signal') continue
      const { order } = condition
      if (order === 'newest' && isOld) continue
      try {
        const sample = runtime.converters === null ? reading : inUnit(runtime, reading)
        if (order === 'watermark' && !takeTime(cell.watermark!, moment.time, at)) {
          isBehind = true
          continue
        }
        const isFit = good && sample.quality === 'good'
        const verdict = isFit || order === 'any' ? condition.judge(sample, cell, moment) : unknown
        if (verdict === unfit || (verdict === unknown && !isFit)) {
          delays.makeUnknown(cell, ownUnknown, times)
          // It may have moved the watermark, and with it what will happen by time alone; a silence that counts is left alone.
          if (!isFit && condition.expires && cell.deadline !== Infinity && cell.watermark?.greatestAt === at) cell.deadline = Math.min(cell.deadline, at)
          cells.follow(cell)
          continue
        }
        if (series.stale && good && !isOld && expires(cell)) staleness.heard(series, times)
        if (cell.checkTimer !== null ? cell.deadline < cell.checkTimer.due : cell.deadline !== Infinity) cells.follow(cell)
        if (good) cell.sample = sample
        cell.series = series
        cell.goodAt = at
        // The timer stands at the least time a value may stand; whether it is stale is worked out when that has come.
        if (cell.staleTimer !== null && cell.staleTimer.due > at + runtime.leastStaleMs) timers.set(cell.staleTimer, at + runtime.leastStaleMs)
        if (verdict === unknown) {
          delays.makeUnknown(cell, undecided, times)
          // The sample is good: what is unknown now is only what it says, and time alone may tell (a window that closes).
          cell.flags &= ~anyUnknown | undecided
        } else if (verdict !== cell.active || (cell.flags & busy) !== 0) delays.settle(cell, verdict, times)
      } catch (thrown) {
        failed(runtime, thrown, times)
      }
    }
    for (let i = 0; i < feeds.length; i++) {
      const { cell, signal } = feeds[i]!
      const { runtime } = cell
      const { condition } = runtime
      if (condition.form !== 'joint' || runtime.fault !== undefined) continue
      if (condition.order === 'newest' ? isOld : good && !takeTime(cell.watermark!, moment.time, at)) {
        isBehind ||= condition.order === 'watermark'
        continue
      }
      try {
        const sample = inUnit(runtime, good || reading.quality === 'bad' ? reading : { ...reading, quality: 'bad' })
        if ((cell.flags & untold) !== 0) deps.bindings().tellElsewhere(cell)
        condition.take(sample, signal, cell, moment)
        if (sample.quality === 'good') {
          cell.sample = sample
          cell.goodAt = at
        }
        wait(cell, heard)
      } catch (thrown) {
        failed(runtime, thrown, times)
      }
    }
    if (isBehind) late++
  }

  /** A message may say last that its values are worth nothing. */
  function takeLeads(readings: readonly Reading[], times: Times): void {
    // All of them, before a lead is looked at: what it says is of series that this message may be the first of.
    let any = false
    for (let i = 0; i < readings.length; i++) if (!isMissing(readings[i]!) && deps.bindings().of(readings[i]!.series, times.at).sensor?.isLead === true) any = true
    if (!any) return
    for (let i = 0; i < readings.length; i++) {
      const reading = readings[i]!
      const series = isMissing(reading) ? unbound : deps.bindings().of(reading.series, times.at)
      if (series.sensor?.isLead === true && reading.quality === 'good') sensors.lead(series, reading, times)
    }
  }

  function wait(cell: Cell, why = 0): void {
    cell.flags |= why
    if ((cell.flags & dirty) !== 0) return
    cell.flags |= dirty
    waiting.push(cell)
  }

  /** Those that were told something, once each, after all of the message has been applied; what that made doubtful, after them. */
  function judgeWaiting(times: Times): void {
    // What one of them finds may be news to others.
    while (waiting.length > 0) {
      const due = waiting.splice(0)
      if (due.length > 1) due.sort(compareCells)
      for (const cell of due) {
        const bySample = (cell.flags & heard) !== 0
        cell.flags &= ~(dirty | heard)
        if (cell.runtime.fault === undefined) judge(cell, bySample, times)
      }
    }
  }

  /** In one order, whatever that was in which they were looked at. */
  function tellExpired(by: Cell): void {
    for (const series of expired.splice(0).sort(byDeviceAndMetric)) staleness.seriesStale(series, by, moment)
  }

  function judge(cell: Cell, bySample: boolean, times: Times): void {
    const { condition } = cell.runtime
    if (condition.form !== 'joint') return
    judging = cell
    try {
      const verdict = condition.judge(cell, moment, around)
      if (expired.length > 0) tellExpired(cell)
      if (bySample) settle(cell, verdict, times)
      else settleUnheard(cell, verdict, times)
    } catch (thrown) {
      expired.length = 0
      failed(cell.runtime, thrown, times)
    }
    if (isAtRest(cell)) cells.forget(cell)
  }

  return {
    evaluate(readings, times) {
      enter(times)
      if (readings.length > 1) takeLeads(readings, times)
      for (let i = 0; i < readings.length; i++) {
        const reading = readings[i]!
        if (isMissing(reading)) continue
        moment.time = times.wallMs
        if (reading.tsGiven) {
          const skew = reading.ts - reading.receivedAt
          const suspect = skew > maxSkewMs || skew < -maxSkewMs
          if (!suspect) moment.time = reading.ts
          if (suspect || facts.anySuspect()) sensors.clock(reading.series.device, suspect, times)
        }
        const series = deps.bindings().of(reading.series, times.at)
        if (series !== unbound) take(series, reading, times)
      }
      judgeWaiting(times)
    },
    hear(event, times) {
      enter(times)
      for (const { runtime, patterns } of deps.bindings().listeners(event.type)) {
        const { condition, rule } = runtime
        if (condition.form !== 'joint' || runtime.fault !== undefined) continue
        if (!runtime.hears(event.device, facts)) continue
        const key = eventKey(rule, event, facts)
        if (key === undefined || (!runtime.cells.has(key) && cells.isFull(runtime))) continue
        for (const i of patterns) {
          const cell = deps.bindings().cell(runtime, { key, device: rule.key === 'device' ? event.device : null, metric: null }, times.at)
          if (cell.watermark !== null && !takeTime(cell.watermark, moment.time, times.at)) continue
          try {
            condition.takeEvent?.(event, condition.signals.length + i, cell, moment)
            cell.goodAt = times.at
            wait(cell, heard)
          } catch (thrown) {
            failed(runtime, thrown, times)
          }
        }
      }
      judgeWaiting(times)
    },
    check(cell, times) {
      enter(times)
      const { condition } = cell.runtime
      if (condition.form === 'joint') {
        judge(cell, false, times)
        return judgeWaiting(times)
      }
      const verdict = condition.check!(cell, moment)
      // What is stale or bad becomes good with a sample, not because time passes; unless silence itself is an answer.
      const doubt = condition.expires ? anyUnknown & ~undecided : anyUnknown & ~undecided & ~ownUnknown
      if ((cell.flags & doubt) !== 0) cells.follow(cell)
      else if ((cell.flags & frozen) !== 0 && silenceCounts(condition)) settle(cell, verdict, times)
      else settleUnheard(cell, verdict, times)
    },
    rejudge(device, others, times) {
      enter(times)
      for (const cell of others) if (cell.runtime.condition.form === 'joint') wait(cell)
      for (const { feeds } of deps.bindings().ofDevice(device)) for (const { cell } of feeds) wait(cell)
      judgeWaiting(times)
    },
    doubt(series, by, { at, wallMs }) {
      const { device, metric, feeds, last } = series
      // Nor to keys that come later.
      if (last !== null) last.good = false
      for (const { cell, signal } of feeds) {
        const { condition, fault } = cell.runtime
        // Others ask for no value that stands.
        if (cell === by || fault !== undefined || condition.form !== 'joint' || condition.order !== 'newest') continue
        condition.take({ series: { id: -1, device, metric, storedId: -1 }, value: null, quality: 'bad', unit: undefined, ts: wallMs, tsGiven: false, seq: undefined, receivedAt: wallMs, k: 0 }, signal, cell, { at, wallMs, time: wallMs })
        wait(cell)
      }
    },
    judgeDoubted(times) {
      enter(times)
      judgeWaiting(times)
    },
    failed,
    late: () => late,
    load: (count) => void (late = count),
  }
}

/** Does a good value of it stand for a time only? */
function expires({ runtime }: Cell): boolean {
  return runtime.leastStaleMs !== Infinity
}

/** `null`: as if nothing had been sent. */
function isMissing({ value, quality }: Reading): boolean {
  return value === null && quality === 'good'
}

/** Of keys that come out of events there is no end, devices that events name among them: what is at rest is forgotten. */
function isAtRest({ runtime: { rule, condition, inputs }, active, flags, deadline, memory }: Cell): boolean {
  const isOfEvents = rule.key.startsWith('data.') || (rule.key === 'device' && inputs.length === 0)
  return active === normal && deadline === Infinity && (flags & (busy & ~anyUnknown)) === 0 && isOfEvents && (condition.form !== 'joint' || condition.keeps?.(memory) !== true)
}

/** Undefined: the event says nothing of this key, and so is none of the rule's. */
function eventKey({ key, id }: Rule, { data, device }: ApplicationEvent, facts: FactTable): string | undefined {
  if (key === 'rule') return id
  if (key === 'device') return device ?? id
  const [of, path] = [key.slice(0, key.indexOf('.')), key.slice(key.indexOf('.') + 1)]
  if (of === 'label') {
    const labels = device === null ? {} : facts.labels(device)
    return Object.hasOwn(labels, path) && labels[path] !== '' ? labels[path] : undefined
  }
  let value: unknown = data
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Record<string, unknown>)[name]
  }
  const text = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
  return text === '' || text.length > 256 ? undefined : text
}
