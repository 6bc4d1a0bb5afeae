import type { Series } from '../kernel/reading.ts'
import type { Rule } from '../kernel/rule.ts'
import { createCadence } from './cadence.ts'
import type { Cell, Feed, Input, RuleRuntime, SensorCheck, SeriesState } from './cell.ts'
import { compareCells } from './cell.ts'
import type { FactTable } from './facts.ts'
import type { RuleIndex } from './rule-index.ts'
import { createRuleIndex, into } from './rule-index.ts'
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
  /** A device is new, or its type, labels or settings changed: gives the conditions that no longer concern it. */
  rebindDevice(device: string, at: number): readonly Cell[]
  /** Rules that hear application events. */
  listeners(): readonly RuleRuntime[]
}

export interface BindingsDeps {
  readonly facts: FactTable
  /** The condition of this rule and key, made if there is none. */
  readonly cell: (runtime: RuleRuntime, of: CellPlace, at: number) => Cell
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

export function createBindings({ facts, cell, sensorOf, looked, left }: BindingsDeps): Bindings {
  const series = new Map<string, SeriesState>()
  const byDevice = new Map<string, SeriesState[]>()
  let byNumber: (SeriesState | undefined)[] = []
  /** Numbers of series that no rule concerns, by device: looked at again when the device changes. */
  let unconcerned = new Map<string, number[]>()
  let index: RuleIndex<Input> = createRuleIndex([])
  let runtimes: readonly RuleRuntime[] = []
  /** Those that keep one condition per key, heard of or not. */
  let keyed: readonly RuleRuntime[] = []
  let listening: readonly RuleRuntime[] = []

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

  /** Does every signal of it name devices of its own? Then those make its keys. */
  const allElsewhere = (runtime: RuleRuntime): boolean => runtime.inputs.every(({ elsewhere }) => elsewhere)

  function feedsOf(input: Input, state: SeriesState, at: number): readonly Feed[] {
    const { runtime, signal } = input
    if (input.elsewhere && runtime.rule.key !== 'rule' && !allElsewhere(runtime)) return [...runtime.cells.values()].map((one) => ({ cell: one, signal }))
    const place = placeOf(runtime, state)
    if (place === undefined) return []
    const known = runtime.cells.has(place.key)
    const made = cell(runtime, place, at)
    if (!known && runtime.inputs.some(({ elsewhere }) => elsewhere)) feedFromElsewhere(made)
    return [{ cell: made, signal }]
  }

  /** A key that is new hears what is already known of other devices from now on. */
  function feedFromElsewhere(made: Cell): void {
    for (const input of made.runtime.inputs) {
      if (!input.elsewhere) continue
      const { device } = input.selector
      for (const state of device === undefined ? series.values() : (byDevice.get(device) ?? [])) {
        if (!matches(input, state) || state.feeds.some((feed) => feed.cell === made && feed.signal === input.signal)) continue
        state.feeds = [...state.feeds, { cell: made, signal: input.signal }].sort(compareFeeds)
      }
    }
  }

  const matches = ({ selector }: Input, { device, metric }: SeriesState): boolean => selector.matchesMetric(metric) && selector.matchesDevice(device, facts)

  function attach(state: SeriesState, at: number): void {
    const cells: Cell[] = []
    const feeds: Feed[] = []
    for (const input of index.candidates(state.device, state.metric)) {
      if (!matches(input, state)) continue
      if (input.runtime.condition.form === 'joint') feeds.push(...feedsOf(input, state, at))
      else {
        const place = placeOf(input.runtime, state)
        if (place === undefined) continue
        const made = cell(input.runtime, place, at)
        made.series ??= state
        cells.push(made)
      }
    }
    state.cells = cells.sort(compareCells)
    state.feeds = feeds.sort(compareFeeds)
    const sensor = sensorOf(state.device, state.metric)
    if (state.sensor !== null) looked(state, sensor)
    state.sensor = sensor
    const learns = cells.some(({ runtime }) => runtime.leastStaleMs !== Infinity && runtime.rule.staleMs === undefined) || feeds.some(({ cell: { runtime } }) => runtime.rule.staleMs === undefined)
    if (learns) state.cadence ??= createCadence()
  }

  const isIdle = ({ cells, feeds, sensor }: SeriesState): boolean => cells.length === 0 && feeds.length === 0 && sensor === null

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
    into(byDevice, device, state)
    // Whoever goes through a device's series does so in the same order, in this life and in the next.
    byDevice.get(device)!.sort((a, b) => (a.metric < b.metric ? -1 : 1))
    return state
  }

  function forgetNumbers(): void {
    byNumber = []
    unconcerned = new Map()
  }

  /** Conditions that are kept per key. */
  function meet(device: string, at: number): void {
    for (const runtime of keyed) {
      const { rule, selector } = runtime
      if (rule.key === 'rule' || !selector.matchesDevice(device, facts)) continue
      const key = keyOf(rule, device)
      if (key !== undefined) cell(runtime, { key, device: rule.key === 'device' ? device : null, metric: selector.metric ?? null }, at)
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
    find: (device, metric) => series.get(seriesName(device, metric)),
    ofDevice: (device) => byDevice.get(device) ?? [],
    bind(rules, at) {
      runtimes = [...rules]
      keyed = runtimes.filter(({ condition }) => condition.form === 'signal' && condition.scope === 'key')
      listening = runtimes.filter(({ events }) => events.length > 0)
      index = createRuleIndex(runtimes.flatMap(({ inputs }) => inputs))
      forgetNumbers()
      for (const state of [...series.values()]) reattach(state, at)
      for (const runtime of keyed) {
        if (runtime.rule.key === 'rule') cell(runtime, { key: runtime.rule.id, device: null, metric: runtime.selector.metric ?? null }, at)
      }
      if (keyed.length > 0) for (const device of facts.ids()) meet(device, at)
    },
    rebindDevice(device, at) {
      for (const number of unconcerned.get(device) ?? []) byNumber[number] = undefined
      unconcerned.delete(device)
      const states = byDevice.get(device) ?? []
      // One that concerns nobody any more has still its number.
      if (states.length > 0) forgetNumbers()
      for (const state of states) reattach(state, at)
      meet(device, at)
      return runtimes.flatMap((runtime) => {
        if (runtime.rule.key !== 'device' || runtime.inputs.length === 0 || runtime.inputs.some(({ selector, elsewhere }) => (!elsewhere || allElsewhere(runtime)) && selector.matchesDevice(device, facts))) return []
        const keys = [device, ...states.map(({ metric }) => `${device}.${metric}`)]
        return keys.flatMap((key) => runtime.cells.get(key) ?? []).filter((one) => one.device === device)
      })
    },
    listeners: () => listening,
  }
}

function compareFeeds(a: Feed, b: Feed): number {
  return a.cell === b.cell ? a.signal - b.signal : compareCells(a.cell, b.cell)
}

export function seriesName(device: string, metric: string): string {
  return `${device}\0${metric}`
}
