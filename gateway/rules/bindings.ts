import type { Series } from '../kernel/reading.ts'
import type { Rule } from '../kernel/rule.ts'
import { placeBehind } from '../kernel/sorted.ts'
import { createCadence } from './cadence.ts'
import type { Cell, Feed, Input, RuleRuntime, SensorCheck, SeriesState } from './cell.ts'
import { compareCells, untold } from './cell.ts'
import type { FactTable } from './facts.ts'
import type { RuleIndex } from './rule-index.ts'
import { createRuleIndex, into } from './rule-index.ts'
import { tellLast } from './last-heard.ts'
import { createSeriesState } from './series-state.ts'

/** Which conditions a reading meets: found once per series, then looked up by its number. */
export interface Bindings {
  readonly series: ReadonlyMap<string, SeriesState>
  /** The state of a reading's series; `unbound` where no rule concerns it. */
  of(series: Series, at: number): SeriesState
  /** The same by name, for series that come back; undefined where no rule concerns it. */
  ensure(device: string, metric: string, at: number): SeriesState | undefined
  find(device: string, metric: string): SeriesState | undefined
  /** In the order of metrics. */
  ofDevice(device: string): readonly SeriesState[]
  /** The rules are these now. Series that are known are bound anew, and so are the devices that are known. */
  bind(rules: Iterable<RuleRuntime>, at: number): void
  /** The condition of this rule and key, made if there is none. */
  cell(runtime: RuleRuntime, place: CellPlace, at: number): Cell
  /** This is its first sample: what is known of devices elsewhere counts from now on. */
  tellElsewhere(cell: Cell): void
  /** A device is new, or its type, labels or settings are made others by `change`: gives the conditions that it feeds no more, and which of them have nobody left. */
  rebindDevice(device: string, change: () => void, at: number): { readonly left: readonly Cell[]; readonly dropped: readonly Cell[] }
  /** Series have other numbers from now on. */
  forgetNumbers(): void
  /** Rules that hear application events of this type, found once a type. */
  listeners(type: string): readonly Listener[]
}

/** A rule that hears an event, and which of its patterns (their numbers) say so. */
export interface Listener { readonly runtime: RuleRuntime; readonly patterns: readonly number[] }

export interface BindingsDeps {
  readonly facts: FactTable
  /** Makes it, or finds it. */
  readonly cell: (runtime: RuleRuntime, of: CellPlace, at: number) => Cell
  /** The conditions there are of this device alone. */
  readonly cellsOf: (device: string) => Iterable<Cell>
  readonly sensorOf: (device: string, metric: string) => SensorCheck | null
  /** The series' sensor is looked at otherwise from now on. */
  readonly looked: (series: SeriesState, check: SensorCheck | null) => void
  /** Nothing concerns this series any more. */
  readonly left: (series: SeriesState) => void
}

export interface CellPlace { readonly key: string; readonly device: string | null; readonly metric: string | null }

/** Of series that no rule concerns. */
export const unbound: SeriesState = createSeriesState('', '')

/** Numbers of series are handed out for ever; what is kept by them is not. */
const mostNumbers = 1_000_000
const mostTypes = 10_000

export function createBindings({ facts, cell, cellsOf, sensorOf, looked, left }: BindingsDeps): Bindings {
  const series = new Map<string, SeriesState>()
  const byDevice = new Map<string, SeriesState[]>()
  let byNumber: (SeriesState | undefined)[] = []
  /** Numbers of series that no rule concerns, by device: looked at again when the device changes. */
  let unconcerned = new Map<string, number[]>()
  let index: RuleIndex<Input> = createRuleIndex([])
  let runtimes: readonly RuleRuntime[] = []
  /** Those that keep one condition per key, heard of or not: by the one device they name, and the others. */
  let keyedByDevice = new Map<string, RuleRuntime[]>()
  let keyedElse: readonly RuleRuntime[] = []
  let listening: readonly RuleRuntime[] = []
  let heard = new Map<string, readonly Listener[]>()

  /** Undefined: the device has no label of that name, and so no part in the rule. */
  function keyOf({ key, id }: Rule, device: string): string | undefined {
    if (key === 'rule') return id
    if (!key.startsWith('label.')) return device
    const labels = facts.labels(device)
    const name = key.slice('label.'.length)
    return Object.hasOwn(labels, name) && labels[name] !== '' ? labels[name] : undefined
  }

  function placeOf(runtime: RuleRuntime, { device, metric }: SeriesState): CellPlace | undefined {
    const { condition, selector, rule } = runtime
    const key = keyOf(rule, device)
    if (key === undefined) return undefined
    const own = rule.key === 'device' ? device : null
    if (condition.form === 'joint' || condition.scope === 'key') return { key, device: own, metric: selector.metric ?? null }
    // Where `on` can match several metrics, the metric is part of the key (interface.md, "MQTT topics").
    return { key: selector.metric === undefined ? `${key}.${metric}` : key, device: own, metric }
  }

  /** Does every signal of it name devices of its own, and it hears no events? Then those make its keys. */
  const allElsewhere = ({ inputs, events }: RuleRuntime): boolean => events.length === 0 && inputs.every(({ elsewhere }) => elsewhere)

  /** Does it feed the keys that other signals make, and makes none itself? */
  const onlyFeeds = ({ elsewhere, runtime }: Input): boolean => elsewhere && runtime.rule.key !== 'rule' && !allElsewhere(runtime)

  function cellOf(runtime: RuleRuntime, place: CellPlace, at: number): Cell {
    const known = runtime.cells.get(place.key)
    if (known !== undefined) return known
    const made = cell(runtime, place, at)
    feedFromElsewhere(made)
    return made
  }

  /** The series of other devices that feed every key of a rule, and as which signal. */
  function* feedersOf({ inputs }: RuleRuntime): Iterable<{ readonly state: SeriesState; readonly signal: number }> {
    for (const input of inputs) {
      if (!onlyFeeds(input)) continue
      const { device } = input.selector
      for (const state of device === undefined ? series.values() : (byDevice.get(device) ?? [])) if (matches(input, state)) yield { state, signal: input.signal }
    }
  }

  /** A key that is new hears other devices from now on; what they said before it is told with its first sample. */
  function feedFromElsewhere(made: Cell): void {
    for (const { state, signal } of feedersOf(made.runtime)) {
      state.feeds = [...state.feeds, { cell: made, signal }].sort(compareFeeds)
      made.flags |= untold
    }
  }

  function tellElsewhere(made: Cell): void {
    made.flags &= ~untold
    for (const { state, signal } of feedersOf(made.runtime)) tellLast(made, signal, state)
  }

  /** The condition is no more: nobody feeds it. */
  function unfeed(dropped: Cell): void {
    if (!dropped.runtime.inputs.some(onlyFeeds)) return
    for (const state of series.values()) if (state.feeds.some((feed) => feed.cell === dropped)) state.feeds = state.feeds.filter((feed) => feed.cell !== dropped)
  }

  const matches = ({ selector }: Input, { device, metric }: SeriesState): boolean => selector.matchesMetric(metric) && selector.matchesDevice(device, facts)

  function attach(state: SeriesState, at: number): void {
    const cells: Cell[] = []
    const feeds: Feed[] = []
    const inputs = index.candidates(state.device, state.metric).filter((input) => matches(input, state))
    for (const input of inputs) {
      const { runtime, signal } = input
      const place = onlyFeeds(input) ? undefined : placeOf(runtime, state)
      if (place === undefined) continue
      const made = cellOf(runtime, place, at)
      if (runtime.condition.form === 'joint') feeds.push({ cell: made, signal })
      else {
        made.series ??= state
        cells.push(made)
      }
    }
    // Once all keys that it makes itself are there.
    const feeding = inputs.filter(onlyFeeds)
    for (const { runtime, signal } of feeding) for (const one of runtime.cells.values()) feeds.push({ cell: one, signal })
    state.cells = cells.sort(compareCells)
    state.feeds = feeds.sort(compareFeeds)
    state.awaits = feeding.length > 0
    if (!state.awaits) state.last = null
    const sensor = sensorOf(state.device, state.metric)
    if (state.sensor !== null) looked(state, sensor)
    state.sensor = sensor
    const learns = cells.some(({ runtime }) => runtime.leastStaleMs !== Infinity && runtime.rule.staleMs === undefined) || inputs.some(({ runtime: { condition, rule } }) => condition.form === 'joint' && rule.staleMs === undefined)
    if (learns) state.cadence ??= createCadence()
  }

  const isIdle = ({ cells, feeds, awaits, sensor }: SeriesState): boolean => cells.length === 0 && feeds.length === 0 && !awaits && sensor === null

  /** Binds a known series anew; one that concerns nobody is forgotten. */
  function reattach(state: SeriesState, at: number): void {
    attach(state, at)
    if (!isIdle(state)) return
    series.delete(seriesName(state.device, state.metric))
    const rest = (byDevice.get(state.device) ?? []).filter((one) => one !== state)
    if (rest.length === 0) byDevice.delete(state.device)
    else byDevice.set(state.device, rest)
    left(state)
  }

  function ensure(device: string, metric: string, at: number): SeriesState | undefined {
    const name = seriesName(device, metric)
    const known = series.get(name)
    if (known !== undefined) return known
    const state = createSeriesState(device, metric)
    attach(state, at)
    if (isIdle(state)) return undefined
    series.set(name, state)
    // Whoever goes through a device's series does so in the same order, in this life and in the next.
    const own = byDevice.get(device)
    if (own === undefined) byDevice.set(device, [state])
    else own.splice(placeBehind(own, (other) => other.metric < metric), 0, state)
    return state
  }

  function forgetNumbers(): void {
    byNumber = []
    unconcerned = new Map()
  }

  /** The place that a device has in a rule which is kept per key, heard of or not. */
  function keyedPlace({ rule, selector }: RuleRuntime, device: string): CellPlace | undefined {
    if (rule.key === 'rule' || !selector.matchesDevice(device, facts)) return undefined
    const key = keyOf(rule, device)
    return key === undefined ? undefined : { key, device: rule.key === 'device' ? device : null, metric: selector.metric ?? null }
  }

  const isKeyed = ({ condition }: RuleRuntime): boolean => condition.form === 'signal' && condition.scope === 'key'

  const keyedOf = (device: string): readonly RuleRuntime[] => [...(keyedByDevice.get(device) ?? []), ...keyedElse]

  function meet(device: string, among: readonly RuleRuntime[], at: number): void {
    for (const runtime of among) {
      const place = keyedPlace(runtime, device)
      if (place !== undefined) cell(runtime, place, at)
    }
  }

  /** All conditions that have something of this device. */
  function fedBy(device: string): Set<Cell> {
    const fed = new Set<Cell>()
    for (const { cells, feeds } of byDevice.get(device) ?? []) {
      for (const one of cells) fed.add(one)
      for (const { cell: one } of feeds) fed.add(one)
    }
    for (const runtime of keyedOf(device)) {
      const place = keyedPlace(runtime, device)
      const one = place === undefined ? undefined : runtime.cells.get(place.key)
      if (one !== undefined) fed.add(one)
    }
    return fed
  }

  /** The first of the series that still feed it. */
  function firstOf(one: Cell): SeriesState | null {
    let first: string | undefined
    for (const [name, { cells, feeds }] of series) if ((cells.includes(one) || feeds.some((feed) => feed.cell === one)) && (first === undefined || name < first)) first = name
    return first === undefined ? null : series.get(first)!
  }

  /** Of conditions that stand for several devices: has it none left? Events and a rule's own key need none. */
  function isForsaken(one: Cell): boolean {
    const { runtime, key } = one
    if (runtime.rule.key === 'device' || runtime.events.length > 0) return false
    if (isKeyed(runtime)) return runtime.rule.key !== 'rule' && ![...facts.ids()].some((device) => keyedPlace(runtime, device)?.key === key)
    for (const { cells, feeds } of series.values()) if (cells.includes(one) || feeds.some(({ cell: fed, signal }) => fed === one && !onlyFeeds(runtime.inputs[signal]!))) return false
    return true
  }

  /** Does the rule concern the device, so that it may have a condition of its own? */
  const concerns = (runtime: RuleRuntime, device: string): boolean =>
    runtime.inputs.some((input) => !onlyFeeds(input) && input.selector.matchesDevice(device, facts)) || (runtime.events.length > 0 && runtime.hears(device, facts))

  /** One rule of thousands is edited: series that neither those that come nor those that go concern stay as they are. */
  function reattachWhere(inputs: readonly Input[], at: number): void {
    if (inputs.length === 0) return
    const changed = createRuleIndex(inputs)
    const concerned = [...series].filter(([, state]) => changed.candidates(state.device, state.metric).some((input) => matches(input, state)))
    // A condition that is new is first of the series that comes first, in this life and in the next.
    for (const [, state] of concerned.sort(([a], [b]) => (a < b ? -1 : 1))) reattach(state, at)
  }

  /** Rules that are new, of those that keep one condition per key, have them for all devices that are known. */
  function meetAll(come: readonly RuleRuntime[], at: number): void {
    const named = come.filter(({ selector }) => selector.device !== undefined)
    const others = come.filter(({ selector }) => selector.device === undefined)
    for (const runtime of come) {
      if (runtime.rule.key === 'rule') cell(runtime, { key: runtime.rule.id, device: null, metric: runtime.selector.metric ?? null }, at)
    }
    for (const runtime of named) if (facts.has(runtime.selector.device!)) meet(runtime.selector.device!, [runtime], at)
    if (others.length > 0) for (const device of facts.ids()) meet(device, others, at)
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
    find: (device, metric) => series.get(seriesName(device, metric)),
    ofDevice: (device) => byDevice.get(device) ?? [],
    bind(rules, at) {
      const before = new Set(runtimes)
      runtimes = [...rules]
      const now = new Set(runtimes)
      const come = runtimes.filter((runtime) => !before.has(runtime))
      listening = runtimes.filter(({ events }) => events.length > 0)
      heard = new Map()
      index = createRuleIndex(runtimes.flatMap(({ inputs }) => inputs))
      forgetNumbers()
      reattachWhere([...come, ...[...before].filter((runtime) => !now.has(runtime))].flatMap(({ inputs }) => inputs), at)
      keyedByDevice = new Map()
      const keyed = runtimes.filter(isKeyed)
      for (const runtime of keyed) if (runtime.selector.device !== undefined) into(keyedByDevice, runtime.selector.device, runtime)
      keyedElse = keyed.filter(({ selector }) => selector.device === undefined)
      meetAll(come.filter(isKeyed), at)
    },
    tellElsewhere,
    cell: cellOf,
    rebindDevice(device, change, at) {
      const before = fedBy(device)
      change()
      for (const number of unconcerned.get(device) ?? []) byNumber[number] = undefined
      unconcerned.delete(device)
      const states = byDevice.get(device) ?? []
      // One that concerns nobody any more has still its number.
      if (states.length > 0) forgetNumbers()
      for (const state of states) reattach(state, at)
      meet(device, keyedOf(device), at)
      const after = fedBy(device)
      const unfed = [...before].filter((one) => !after.has(one))
      const own = [...cellsOf(device)].filter(({ runtime }) => runtime.fault === undefined && !concerns(runtime, device))
      const dropped = [...new Set([...own, ...unfed.filter(isForsaken)])]
      for (const one of dropped) unfeed(one)
      for (const one of unfed) if (one.series?.device === device) one.series = firstOf(one)
      return { left: unfed.filter((one) => !dropped.includes(one)), dropped }
    },
    forgetNumbers,
    listeners(type) {
      let found = heard.get(type)
      if (found === undefined) {
        found = listening.flatMap((runtime) => {
          const patterns = runtime.events.flatMap((matchesType, i) => (matchesType(type) ? [i] : []))
          return patterns.length === 0 ? [] : [{ runtime, patterns }]
        })
        // Types come from outside.
        if (heard.size >= mostTypes) heard.clear()
        heard.set(type, found)
      }
      return found
    },
  }
}

function compareFeeds(a: Feed, b: Feed): number {
  return a.cell === b.cell ? a.signal - b.signal : compareCells(a.cell, b.cell)
}

function seriesName(device: string, metric: string): string {
  return `${device}\0${metric}`
}
