import type { Reading } from '../kernel/reading.ts'
import type { Rule } from '../kernel/rule.ts'
import type { Timer } from '../kernel/timer-heap.ts'
import type { Cadence } from './cadence.ts'
import type { Condition, ConditionMemory, Verdict } from './kind.ts'
import type { Lateness } from './lateness.ts'
import type { CompiledSelector } from './selector.ts'

/** A rule that is being evaluated, with the state of all its keys. */
export interface RuleRuntime {
  rule: Rule
  condition: Condition
  readonly selector: CompiledSelector
  readonly cells: Map<string, Cell>
  /** The least time a good value stands: `stale`, or for the series to tell; Infinity where values do not expire. */
  leastStaleMs: number
  /** Why it is no longer evaluated. */
  fault: string | undefined
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
export const delaying = raising | clearing
export const anyUnknown = ownUnknown | seriesUnknown | deviceUnknown

/** One condition: a rule for one key and, where it is about a single signal, one metric. */
export interface Cell extends ConditionMemory {
  readonly runtime: RuleRuntime
  /** The alarm's key. */
  readonly key: string
  readonly device: string | null
  readonly metric: string | null
  active: Verdict
  flags: number
  /** While a raise is delayed: the level it would be at. */
  pending: Verdict
  /** Monotonic time the running delay began; of a frozen one, how much of it had passed. */
  since: number
  elapsedMs: number
  /** The last good sample, when it came, and its series. */
  sample: Reading | null
  goodAt: number
  series: SeriesState | null
  /** Has a row in the store. */
  saved: boolean
  /** Made when first needed. */
  delayTimer: Timer<Cell> | null
  checkTimer: Timer<Cell> | null
  /** Null where values do not expire. */
  staleTimer: Timer<Cell> | null
}

/** What the rules know of one metric of one device. Kept by name, so that it outlives a new numbering of series. */
export interface SeriesState {
  readonly device: string
  readonly metric: string
  /** The conditions its readings concern. */
  cells: readonly Cell[]
  readonly lateness: Lateness
  /** Where a rule leaves `stale` to the series. */
  cadence: Cadence | null
  /** Monotonic time of its last message, -Infinity before the first. */
  lastAt: number
  /** Its technical alarm is raised. */
  stale: boolean
  /** What the cadence said when it was last asked; comes back after a start. Infinity: irregular; undefined: too early to tell. */
  learnedMs: number | undefined
}

/** Of one moment, rule and key, a delay comes first: the value stood until now. */
export const delayRank = 0
export const checkRank = 1
export const staleRank = 2
