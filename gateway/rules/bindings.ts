import type { Device, DeviceRegistry } from '../kernel/device-contracts.ts'
import type { Series } from '../kernel/reading.ts'
import type { TimerHeap } from '../kernel/timer-heap.ts'
import { createCadence } from './cadence.ts'
import type { Cell, RuleRuntime, SeriesState } from './cell.ts'
import { checkRank, staleRank } from './cell.ts'
import { normal } from './kind.ts'
import type { RuleIndex } from './rule-index.ts'
import { createRuleIndex, into } from './rule-index.ts'
import { createSeriesState } from './series-state.ts'

/** What the rules ask of the registry of devices. */
export type KnownDevices = Pick<DeviceRegistry, 'get' | 'labels' | 'type' | 'list'>

/** Which conditions a reading meets: found once per series, then looked up by its number. */
export interface Bindings {
  readonly series: ReadonlyMap<string, SeriesState>
  /** The state of a reading's series; `unbound` where no rule concerns it. */
  of(series: Series, at: number): SeriesState
  /** The same by name, for series known from the store or the registry; undefined where no rule concerns it. */
  ensure(device: string, metric: string, at: number): SeriesState | undefined
  ofDevice(device: string): readonly SeriesState[]
  /** The condition of this rule and key, made if there is none. */
  cell(runtime: RuleRuntime, of: { key: string; device: string | null; metric: string | null }, at: number): Cell
  /** The rules are these now. Series that are known are bound anew, and so are the devices of the registry. */
  bind(rules: Iterable<RuleRuntime>, at: number): void
  /** A device's type or labels changed: gives the conditions that no longer concern it. */
  rebindDevice(device: string, at: number): readonly Cell[]
  /** Does this rule concern this device? */
  concerns(runtime: RuleRuntime, device: string): boolean
}

/** Of series that no rule concerns. */
export const unbound: SeriesState = createSeriesState('', '')

const pageSize = 1_000
/** Numbers of series are handed out for ever; what is kept by them is not. */
const mostNumbers = 1_000_000

export function createBindings(timers: TimerHeap<Cell>, devices: KnownDevices): Bindings {
  const series = new Map<string, SeriesState>()
  const byDevice = new Map<string, SeriesState[]>()
  let byNumber: (SeriesState | undefined)[] = []
  /** Numbers of series that no rule concerns, by device: looked at again when the device changes. */
  let unconcerned = new Map<string, number[]>()
  let index: RuleIndex<RuleRuntime> = createRuleIndex([])
  let runtimes: readonly RuleRuntime[] = []
  /** Those that keep one condition per key, heard of or not. */
  let keyed: readonly RuleRuntime[] = []

  function cell(runtime: RuleRuntime, { key, device, metric }: { key: string; device: string | null; metric: string | null }, at: number): Cell {
    const known = runtime.cells.get(key)
    if (known !== undefined) return known
    const rule = runtime.rule.id
    const made: Cell = {
      runtime, key, device, metric, active: normal, deadline: Infinity, flags: 0, pending: normal, since: 0, elapsedMs: 0, sample: null, goodAt: at,
      series: null, saved: false, delayTimer: null, checkTimer: null, staleTimer: null,
    }
    runtime.cells.set(key, made)
    if (runtime.leastStaleMs !== Infinity) {
      made.staleTimer = timers.create({ owner: made, rule, key, rank: staleRank })
      timers.set(made.staleTimer, at + runtime.leastStaleMs)
    }
    if (runtime.condition.check !== undefined) {
      made.checkTimer = timers.create({ owner: made, rule, key, rank: checkRank })
      runtime.condition.begin?.(made, at, { ms: 0, grace: true })
      timers.set(made.checkTimer, made.deadline)
    }
    return made
  }

  /** The cell of this series under this rule. */
  function cellOf(runtime: RuleRuntime, state: SeriesState, at: number): Cell {
    const { device, metric } = state
    const { condition, selector, rule } = runtime
    const perSeries = condition.scope === 'series'
    // Where `on` can match several metrics, the metric is part of the key (interface.md, "MQTT topics").
    const suffix = perSeries && selector.metric === undefined ? `.${metric}` : ''
    const made = cell(runtime, {
      key: `${rule.key === 'rule' ? rule.id : device}${suffix}`,
      device: rule.key === 'rule' ? null : device,
      metric: perSeries ? metric : (selector.metric ?? null),
    }, at)
    made.series ??= state
    return made
  }

  function cellsOf(state: SeriesState, at: number): readonly Cell[] {
    return index.candidates(state.device, state.metric)
      .filter(({ selector }) => selector.matchesMetric(state.metric) && selector.matchesDevice(state.device, devices))
      .map((runtime) => cellOf(runtime, state, at))
  }

  function attach(state: SeriesState, at: number): void {
    state.cells = cellsOf(state, at)
    const learns = state.cells.some(({ runtime }) => runtime.condition.expires && runtime.rule.staleMs === undefined)
    if (learns) state.cadence ??= createCadence()
  }

  function ensure(device: string, metric: string, at: number): SeriesState | undefined {
    const name = seriesName(device, metric)
    const known = series.get(name)
    if (known !== undefined) return known
    const state = createSeriesState(device, metric)
    attach(state, at)
    if (state.cells.length === 0) return undefined
    series.set(name, state)
    into(byDevice, device, state)
    return state
  }

  function forgetNumbers(): void {
    byNumber = []
    unconcerned = new Map()
  }

  /** Conditions that are kept per device, and those of series that are known without having been heard of. */
  function meet(device: Device, at: number): void {
    for (const metric of Object.keys(device.metrics)) ensure(device.id, metric, at)
    for (const runtime of keyed) {
      const { rule, selector } = runtime
      if (rule.key === 'device' && selector.matchesDevice(device.id, devices)) cell(runtime, { key: device.id, device: device.id, metric: selector.metric ?? null }, at)
    }
  }

  function meetAll(at: number): void {
    for (const runtime of keyed) {
      if (runtime.rule.key === 'rule') cell(runtime, { key: runtime.rule.id, device: null, metric: runtime.selector.metric ?? null }, at)
    }
    for (let after: string | undefined; ;) {
      const page: readonly Device[] = devices.list(after === undefined ? { limit: pageSize } : { limit: pageSize, after })
      for (const device of page) meet(device, at)
      if (page.length < pageSize) return
      after = page.at(-1)!.id
    }
  }

  return {
    series,
    of(given, at) {
      const known = byNumber[given.id]
      if (known !== undefined) return known
      if (byNumber.length > mostNumbers) forgetNumbers()
      const state = ensure(given.device, given.metric, at)
      if (state === undefined) into(unconcerned, given.device, given.id)
      return (byNumber[given.id] = state ?? unbound)
    },
    ensure,
    ofDevice: (device) => byDevice.get(device) ?? [],
    cell,
    bind(rules, at) {
      runtimes = [...rules]
      keyed = runtimes.filter(({ condition }) => condition.scope === 'key')
      index = createRuleIndex(runtimes)
      forgetNumbers()
      for (const state of series.values()) attach(state, at)
      meetAll(at)
    },
    concerns: ({ selector }, device) => selector.matchesDevice(device, devices),
    rebindDevice(device, at) {
      for (const number of unconcerned.get(device) ?? []) byNumber[number] = undefined
      unconcerned.delete(device)
      const states = byDevice.get(device) ?? []
      for (const state of states) attach(state, at)
      const found = devices.get(device)
      if (found !== undefined) meet(found, at)
      const keys = [device, ...states.map(({ metric }) => `${device}.${metric}`)]
      return runtimes.flatMap((runtime) => {
        if (runtime.rule.key !== 'device' || runtime.selector.matchesDevice(device, devices)) return []
        return keys.flatMap((key) => runtime.cells.get(key) ?? []).filter((one) => one.device === device)
      })
    },
  }
}

export function seriesName(device: string, metric: string): string {
  return `${device}\0${metric}`
}
