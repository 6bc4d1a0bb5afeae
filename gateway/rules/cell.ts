import type { Reading, Value } from '../kernel/reading.ts'
import type { Rule } from '../kernel/rule.ts'
import type { Timer } from '../kernel/timer-heap.ts'
import type { Converter } from '../kernel/ucum.ts'
import type { Cadence } from './cadence.ts'
import type { FactTable } from './facts.ts'
import type { CellView, JointCondition, SignalCondition, Verdict } from './kind.ts'
import type { Lateness } from './lateness.ts'
import type { CompiledSelector } from './selector.ts'

/** What the registry says of a plausible sensor. */
export interface SensorCheck {
  readonly min: number
  readonly max: number
  /** Stuck where its values keep within a span; null: not looked at. */
  readonly flat: SignalCondition | null
  /** A metric of the device that is true while the sensor hangs loose. */
  readonly leadOff: string | undefined
  /** Is it such a metric itself? */
  readonly isLead: boolean
}

/** What is remembered of a sensor that might be stuck. */
export interface FlatCell extends CellView { active: Verdict }

/** A signal of a rule, ready to be matched. */
export interface Input {
  readonly runtime: RuleRuntime
  readonly signal: number
  readonly selector: CompiledSelector
  readonly elsewhere: boolean
}

/** A rule that is being evaluated, with the state of all its keys. */
export interface RuleRuntime {
  rule: Rule
  condition: SignalCondition | JointCondition
  /** What it listens to; one for a condition over one signal. */
  inputs: readonly Input[]
  /** Application events, as globs over their types. */
  events: readonly ((type: string) => boolean)[]
  /** Events about this device, as `on` says; null: about none. */
  readonly hears: (device: string | null, facts: FactTable) => boolean
  readonly selector: CompiledSelector
  readonly cells: Map<string, Cell>
  /** The least time a good value stands: `stale`, or for the series to tell; Infinity where values do not expire. */
  leastStaleMs: number
  /** Of a rule with a unit of its own: how values in others become those. Undefined: no way. */
  readonly converters: Map<string, Converter | undefined> | null
  /** Why it is no longer evaluated. */
  fault: string | undefined
  /** Does its schedule let it announce now? */
  open: boolean
  /** The schedule's next change, in wall time; null without a schedule. */
  gateTimer: Timer<RuleRuntime> | null
}

/** What a condition's bits say beside `active`; 0 while nothing is going on. */
export const raising = 1
export const clearing = 2
/** The delay waits for the first sample since the start. */
export const frozen = 4
/** Unknown by its own samples (bad, or none for too long), with its series, with its device. */
export const ownUnknown = 8
export const seriesUnknown = 16
export const deviceUnknown = 32
/** Came back active and has had no sample since. */
export const restored = 64
/** The alarm has been told that it is true: not while a schedule keeps it quiet. */
export const told = 128
/** Waits to be judged at the end of its message. */
export const dirty = 256
/** Nothing is wrong with its samples, but they do not say: too few of them. Time may change that, as it may not for the others. */
export const undecided = 512
/** It waits because something came, and not because the world around it changed. */
export const heard = 1024
/** True when its schedule opened, but unknown: told as soon as it is known to be true. */
export const withheld = 2048
/** What had been heard elsewhere before it was made is told with its first sample. */
export const untold = 4096
export const delaying = raising | clearing
export const anyUnknown = ownUnknown | seriesUnknown | deviceUnknown | undecided
/** Bits that are part of the state, and those that ask for a look at a sample that changes nothing. */
export const kept = ~(dirty | heard)
export const busy = delaying | frozen | anyUnknown | restored | withheld

/** One condition: a rule for one key and, where it is about a single signal, one metric. */
export interface Cell extends CellView {
  readonly runtime: RuleRuntime
  readonly metric: string | null
  active: Verdict
  flags: number
  /** While a raise is delayed: the level it would be at. */
  pending: Verdict
  /** Monotonic time the running delay began; of a frozen one, how much of it had passed. */
  since: number
  elapsedMs: number
  /** The last good sample, when one came (monotonic), and its series; null of a condition over several. */
  sample: Reading | null
  goodAt: number
  series: SeriesState | null
  /** Made when first needed. */
  delayTimer: Timer<Cell> | null
  checkTimer: Timer<Cell> | null
  /** Null where values do not expire. */
  staleTimer: Timer<Cell> | null
}

/** A condition over several signals that a series feeds, and as which of them. */
export interface Feed { readonly cell: Cell; readonly signal: number }

/** The last sample of a series that feeds conditions whose keys others make: a key that comes later is to know it, too. Plain data. */
export interface LastHeard {
  readonly value: Value
  readonly unit: string | undefined
  good: boolean
  /** Monotonic time of receipt, or of the start at which it began to stand anew; and what it is older than that: some values count by their whole age. */
  at: number
  unseenMs: number
  /** Event time, wall ms. */
  readonly time: number
}

/** What the rules know of one metric of one device. Kept by name, so that it outlives a new numbering of series. */
export interface SeriesState {
  readonly device: string
  readonly metric: string
  /** The conditions over one signal that its readings concern, in the order of rules and keys. */
  cells: readonly Cell[]
  /** The conditions over several. */
  feeds: readonly Feed[]
  /** It is a signal of conditions whose keys others make: there may be none yet. */
  awaits: boolean
  /** Its last sample, where it `awaits`. */
  last: LastHeard | null
  readonly lateness: Lateness
  /** The newest event time that could be believed, wall ms; what is older by more than the lateness is late. */
  newestMs: number
  /** Where a rule leaves `stale` to the series. */
  cadence: Cadence | null
  /** Monotonic time of its last message, -Infinity before the first of this run. */
  lastAt: number
  /** Its technical alarm is raised: nothing has come for too long. */
  stale: boolean
  /** What the registry says of a plausible sensor; null: nothing. */
  sensor: SensorCheck | null
  flat: FlatCell | null
  /** Technical alarms of the sensor that stand: its samples are worth nothing meanwhile. */
  faults: number
  /** Of one that says of others that their lead is off: what it said last. */
  off: boolean
}

/** Of one moment, rule and key, a delay comes first: the value stood until now. */
export const delayRank = 0
export const checkRank = 1
export const staleRank = 2
export const gateRank = 3

/** The order in which conditions are judged where several are. */
export function compareCells(a: Cell, b: Cell): number {
  const [one, other] = [a.runtime.rule.id, b.runtime.rule.id]
  if (one !== other) return one < other ? -1 : 1
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0
}
