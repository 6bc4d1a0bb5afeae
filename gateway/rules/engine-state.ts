import type { Quality, Value } from '../kernel/reading.ts'
import type { Rule } from '../kernel/rule.ts'
import { byDeviceAndMetric } from '../kernel/sorted.ts'
import type { TimerHeap } from '../kernel/timer-heap.ts'
import type { Bindings } from './bindings.ts'
import type { Cadence } from './cadence.ts'
import type { Cell, LastHeard, RuleRuntime, SeriesState } from './cell.ts'
import { compareCells, delaying, frozen, kept, restored } from './cell.ts'
import type { Cells } from './cells.ts'
import { compileRule } from './compile-rule.ts'
import type { Delays } from './delays.ts'
import type { FactTable, SavedFacts } from './facts.ts'
import type { Gates } from './gates.ts'
import type { Kind, Verdict } from './kind.ts'
import type { Lateness } from './lateness.ts'
import { createLateness } from './lateness.ts'
import { createFlatCell } from './sensors.ts'
import type { Watermark } from './watermark.ts'

/** Rises when a state that was saved would be read wrongly. */
export const stateFormat = 2

/** The whole state of the rules as plain data (typed arrays and Maps among it), in an order that depends on nothing but the state. */
export interface SavedState {
  readonly format: number
  /** The times of the last input. */
  readonly at: number
  readonly wallMs: number
  /** Every rule that was given, those that are off and technical ones too. */
  readonly rules: readonly Rule[]
  readonly faults: readonly (readonly [rule: string, fault: string])[]
  /** Rules whose schedule keeps them quiet. */
  readonly closed: readonly string[]
  readonly facts: SavedFacts
  readonly series: readonly SavedSeries[]
  readonly cells: readonly SavedCell[]
  readonly late: number
  /** What is of this run of the process, or follows from the rest as soon as a timer has looked: no part of the state's hash. */
  readonly run: {
    /** Of each cell: when timers that readings only push on look again, and whether it came back and has had no sample since. */
    readonly cells: readonly (readonly [staleLook: number, checkLook: number, isRestored: boolean])[]
    /** Of each series: monotonic time of its last message in this run. */
    readonly lastAt: readonly number[]
  }
}

export const emptyState: SavedState = {
  format: stateFormat, at: 0, wallMs: 0, rules: [], faults: [], closed: [], facts: { devices: [], offline: [], suspect: [] }, series: [], cells: [], late: 0, run: { cells: [], lastAt: [] },
}

interface SavedSample {
  readonly device: string
  readonly metric: string
  readonly value: Value
  readonly quality: Quality
  readonly unit: string | undefined
  readonly ts: number
}

export interface SavedSeries {
  readonly device: string
  readonly metric: string
  readonly last?: LastHeard | null
  readonly lateness: Lateness
  readonly newestMs: number
  readonly cadence: Cadence | null
  readonly stale: boolean
  readonly faults: number
  readonly off: boolean
  /** What is remembered of a sensor that might be stuck. */
  readonly flat: { readonly active: Verdict; readonly watermark: Watermark; readonly memory: unknown } | null
}

export interface SavedCell {
  readonly rule: string
  readonly key: string
  readonly device: string | null
  readonly metric: string | null
  readonly active: Verdict
  readonly flags: number
  readonly pending: Verdict
  /** Of a running delay: when it began. */
  readonly since: number
  /** Of one that waits for a sample: how much had passed. */
  readonly elapsedMs: number
  readonly deadline: number
  readonly goodAt: number
  readonly sample: SavedSample | null
  readonly series: readonly [device: string, metric: string] | null
  readonly watermark: Watermark | null
  readonly memory: unknown
}

export interface SaveParts {
  readonly rules: readonly Rule[]
  readonly runtimes: ReadonlyMap<string, RuleRuntime>
  readonly facts: FactTable
  readonly bindings: Bindings
  readonly late: number
  readonly at: number
  readonly wallMs: number
}

export function saveState({ rules, runtimes, facts, bindings, late, at, wallMs }: SaveParts): SavedState {
  const all = [...runtimes.values()]
  const cells = all.flatMap((runtime) => [...runtime.cells.values()]).sort(compareCells)
  const series = [...bindings.series.values()].sort(byDeviceAndMetric)
  return {
    format: stateFormat,
    at,
    wallMs,
    rules,
    faults: all.flatMap(({ rule, fault }) => (fault === undefined ? [] : [[rule.id, fault] as const])),
    closed: all.filter(({ open }) => !open).map(({ rule }) => rule.id),
    facts: facts.save(),
    series: series.map(saveSeries),
    cells: cells.map(saveCell),
    late,
    run: {
      cells: cells.map(({ staleTimer, checkTimer, flags }) => [staleTimer?.due ?? Infinity, checkTimer?.due ?? Infinity, (flags & restored) !== 0] as const),
      lastAt: series.map(({ lastAt }) => lastAt),
    },
  }
}

function saveSeries({ device, metric, last, lateness, newestMs, cadence, stale, faults, off, flat, sensor }: SeriesState): SavedSeries {
  const check = sensor?.flat ?? null
  return {
    device, metric, last, lateness, newestMs, cadence, stale, faults, off,
    flat: flat === null || check === null ? null : { active: flat.active, watermark: flat.watermark!, memory: check.save === undefined ? flat.memory : check.save(flat.memory) },
  }
}

function saveCell(cell: Cell): SavedCell {
  const { runtime, key, device, metric, active, flags, pending, since, elapsedMs, deadline, goodAt, sample, series, watermark, memory } = cell
  const { condition } = runtime
  return {
    rule: runtime.rule.id, key, device, metric, active, flags: flags & kept & ~restored, pending,
    since: (flags & delaying) === 0 || (flags & frozen) !== 0 ? 0 : since,
    elapsedMs: (flags & frozen) === 0 ? 0 : elapsedMs,
    deadline,
    goodAt,
    sample: sample === null ? null : { device: sample.series.device, metric: sample.series.metric, value: sample.value, quality: sample.quality, unit: sample.unit, ts: sample.ts },
    series: series === null ? null : [series.device, series.metric],
    watermark,
    memory: condition.save === undefined ? memory : condition.save(memory),
  }
}

export interface LoadParts {
  readonly kinds: readonly Kind[]
  readonly cells: Cells
  readonly delays: Delays
  readonly timers: TimerHeap<Cell>
  readonly gates: Gates
  readonly bindings: Bindings
  /** The runtimes are these from now on; gives the healthy among them. */
  readonly healthy: (made: Map<string, RuleRuntime>) => readonly RuleRuntime[]
}

/** Builds everything anew from what was saved. */
export function loadState(saved: SavedState, { kinds, cells, delays, timers, gates, bindings, healthy }: LoadParts): Map<string, RuleRuntime> {
  const runtimes = new Map<string, RuleRuntime>()
  for (const rule of saved.rules) if (rule.class !== 'technical' && rule.mode !== 'off') runtimes.set(rule.id, compileRule(rule, kinds))
  for (const [rule, fault] of saved.faults) runtimes.get(rule)!.fault = fault
  for (const rule of saved.closed) runtimes.get(rule)!.open = false
  const made = saved.cells.map((one) => loadCell(one, runtimes.get(one.rule)!, cells))
  bindings.bind(healthy(runtimes), 0)
  for (const [index, { device, metric, last = null, lateness, newestMs, cadence, stale, faults, off = false, flat }] of saved.series.entries()) {
    const series = bindings.ensure(device, metric, 0)
    if (series === undefined) continue
    Object.assign(series, { last: last === null ? null : { ...last }, lateness: { ...createLateness(), ...lateness }, newestMs, cadence: cadence ?? series.cadence, lastAt: saved.run.lastAt[index]!, stale, faults, off })
    const check = series.sensor?.flat ?? null
    if (flat !== null && check !== null) {
      series.flat = { ...createFlatCell(series, check), active: flat.active, watermark: { ...flat.watermark }, memory: check.load === undefined ? flat.memory : check.load(flat.memory) }
    }
  }
  for (const [index, cell] of made.entries()) {
    const { series } = saved.cells[index]!
    cell.series = series === null ? null : (bindings.find(...series) ?? null)
    const [staleLook, checkLook, isRestored] = saved.run.cells[index]!
    if (cell.staleTimer !== null) timers.set(cell.staleTimer, staleLook)
    if (cell.checkTimer !== null) timers.set(cell.checkTimer, checkLook)
    if (isRestored) cell.flags |= restored
    if ((cell.flags & delaying) !== 0 && (cell.flags & frozen) === 0) delays.rearm(cell)
  }
  for (const runtime of runtimes.values()) gates.comeBack(runtime, saved.wallMs)
  return runtimes
}

function loadCell(saved: SavedCell, runtime: RuleRuntime, cells: Cells): Cell {
  const { key, device, metric, sample, watermark, memory, series: _series, rule: _rule, ...rest } = saved
  const cell = cells.of(runtime, { key, device, metric }, 0)
  const { condition } = runtime
  Object.assign(cell, rest, {
    watermark: watermark === null ? null : { ...watermark },
    memory: condition.load === undefined ? memory : condition.load(memory),
    sample: sample === null ? null : { series: { id: -1, device: sample.device, metric: sample.metric, storedId: -1 }, value: sample.value, quality: sample.quality, unit: sample.unit, ts: sample.ts, tsGiven: false, seq: undefined, receivedAt: sample.ts, k: 0 },
  })
  cells.follow(cell)
  return cell
}
