import type { Level } from '../kernel/alarm.ts'
import type { ApplicationEvent } from '../kernel/contracts.ts'
import type { Labels, Reading, Value } from '../kernel/reading.ts'
import type { Rule, Selector } from '../kernel/rule.ts'
import type { Watermark } from './watermark.ts'

/**
 * What a condition says: `unknown`, `normal`, or a number from 1 that stands for one of its levels.
 * Three-valued truth: unknown neither raises nor clears.
 */
export type Verdict = number
export const unknown = -1
export const normal = 0
/** Unknown because the sample is of a wrong type (a text where a number is wanted): bad quality, and it refreshes nothing. */
export const unfit = -2

/** When something is evaluated. One object, filled anew for every input: keep its numbers, never the object. */
export interface Moment {
  /** Monotonic ms: of receipt, or when a deadline fell due. */
  readonly at: number
  /** Wall ms since 1970 of the same moment. */
  readonly wallMs: number
  /** Event time in wall ms: the device's own where it can be believed (within 60 s of receipt), else that of receipt. Without an input as `wallMs`. */
  readonly time: number
}

/** What a kind sees and keeps of one condition (a rule for one key and, of a single signal, one metric); the engine has the rest. */
export interface CellView<Memory = unknown> {
  readonly key: string
  /** Null where one condition stands for several devices. */
  readonly device: string | null
  /** The level it is at now, `normal` while it is not active: hysteresis counts only once active. */
  readonly active: Verdict
  /** When to look again without an input, monotonic ms; Infinity: never. The kind sets it; to move it later costs nothing. */
  deadline: number
  /** What `create` made. */
  memory: Memory
  /** The key's order of event times; null unless the condition's order is `watermark`. */
  readonly watermark: Watermark | null
}

/** How long nothing had come when watching began, as far as is known, and whether a time of grace begins. */
export interface Silence { readonly ms: number; readonly grace: boolean }

/** What an alarm of it shows instead of the sample's value. */
export interface Shown {
  readonly value: Value
  readonly unit?: string | null
  /** Stands for `{value}` in messages where it says more: `at least 5, incomplete`. */
  readonly text?: string
}

/** What of the world around it a condition over several signals may ask. All of it is part of the engine's own state. */
export interface Surroundings {
  /** How long the last good value of this series stands, in ms: the rule's `stale`, else by the series' own rhythm; Infinity: for ever, or too early to tell. */
  standsMs(device: string, metric: string): number
  /** Says that a value had stood for that long: the series has a technical alarm. Gives when (monotonic ms) that is to be said again, where it is not yet for its device is only just back; else Infinity. */
  expired(device: string, metric: string): number
  /** Monotonic ms: since when the device says that it is offline, what it sent until then is unknown. -Infinity: it does not say so. */
  offlineSince(device: string): number
  labels(device: string): Labels
  type(device: string): string | null
  /** A setting of the registry: `news2Scale`. */
  setting(device: string, name: string): unknown
}

/** A rule's `when`, made ready. Holds no state of its own: one serves all keys of its rule. */
interface Common<Memory> {
  /** The memory of a new cell: plain data (objects, arrays, Map, typed arrays; no functions, no cycles). */
  create(): Memory
  /**
   * What is kept of it in a snapshot and counts in the state's hash: plain data as above, the same for the same inputs (no
   * spare capacity, no caches). Left out: the memory itself. `load` gets a copy of it, and owns that.
   */
  save?(memory: Memory): unknown
  load?(saved: unknown): Memory
  levelOf(verdict: Verdict): Level
  /** The verdict of a level by name, when state comes back; `normal` when there is none of that name. */
  verdictOf(level: Level): Verdict
  limitOf(verdict: Verdict): number | string | boolean | null
  /** Is the second further out than the first, or on the other side? Then it is announced anew. */
  isUp(from: Verdict, to: Verdict): boolean
  /** Runs on up-time: after more than 5 min down its memory begins anew. */
  readonly startsOver?: true
  /** The wall clock was set by so much, and the watermark with it: what is kept by event time moves along. */
  clockSet?(memory: Memory, byMs: number): void
  /** Left out: the last sample's value and unit. Undefined: the same. */
  shown?(cell: CellView<Memory>): Shown | undefined
}

/** About one signal: what `on` selects. */
export interface SignalCondition<Memory = any> extends Common<Memory> {
  readonly form: 'signal'
  /**
   * `series`: one condition per key and metric. `key`: one per key over all metrics, and devices in the registry
   * have theirs before anything was heard of them.
   */
  readonly scope: 'series' | 'key'
  /**
   * `newest`: a sample older than the last one taken is passed over. `watermark`: one that is late (behind the key's watermark)
   * is, others come in order of receipt. `any`: every sample, also a bad one (absence: any sign of life will do).
   */
  readonly order: 'newest' | 'watermark' | 'any'
  /** Does the last good value expire (`stale`)? */
  readonly expires: boolean
  /** A sample that is good, unless `order` is `any`. */
  judge(sample: Reading, cell: CellView<Memory>, moment: Moment): Verdict
  /** Where `deadline` was set: what is true now that it has come. May set the next one. */
  check?(cell: CellView<Memory>, moment: Moment): Verdict
  /** Begins to watch at `at`: the rule or its device is new, or the gateway came back. */
  begin?(cell: CellView<Memory>, at: number, silence: Silence): void
}

/** One of the signals of a condition over several. Members left out are those of the rule's `on`. */
export interface Signal {
  readonly on: Selector
  /**
   * Does it name devices of its own? Then it feeds every key of the rule that the other signals make; with the key `device` it
   * makes none itself, unless all signals are of that sort.
   */
  readonly elsewhere: boolean
}

/** Did a value still stand when the gateway went down? */
export type Stood = (value: { readonly device: string; readonly metric: string; readonly goodAt: number }) => boolean

/** About several signals, or about events: told of each input, judged once after all readings of a message. */
export interface JointCondition<Memory = any> extends Common<Memory> {
  readonly form: 'joint'
  readonly order: 'newest' | 'watermark'
  /** The readings it hears; a reading that several signals match is given once for each, in their order. */
  readonly signals: readonly Signal[]
  /** The event types it hears, as globs; their numbers go on behind those of the signals. */
  readonly events: readonly string[]
  /** Good or bad (`reading.quality`), never missing (null). */
  take(reading: Reading, signal: number, cell: CellView<Memory>, moment: Moment): void
  takeEvent?(event: ApplicationEvent, signal: number, cell: CellView<Memory>, moment: Moment): void
  /** After a message that was taken, at the deadline, and when something around it changed (offline, labels, a fresh start). */
  judge(cell: CellView<Memory>, moment: Moment, around: Surroundings): Verdict
  /** The gateway was down for so long: what counts by its age alone (`maxAge`) is that much older, though monotonic time stood still. It is judged then. */
  age?(memory: Memory, byMs: number): void
  /** The gateway was down for so long that what runs on up-time starts over: values without a `maxAge` that stood then, are of now. */
  renew?(memory: Memory, at: number, stood: Stood): void
  /** This device no longer feeds it: what is remembered of it goes. Where the memory looks at who belongs to it by itself, left out. */
  forget?(memory: Memory, device: string): void
  /** It is active, and its memory is new: how long that stands if nothing comes. Left out: until something does. */
  stays?(cell: CellView<Memory>, at: number): void
  /** Does it have to be remembered, though it is neither active nor due? Left out: no. Of keys that come out of events the others are forgotten. */
  keeps?(memory: Memory): boolean
  /** The gateway is back; it was alive until then. For what runs on up-time although its inputs have event times. */
  resume?(memory: Memory, alive: { readonly at: number; readonly wallMs: number }): void
}

export type Condition = SignalCondition | JointCondition

/** Is it true or false of what was not heard, too (a count is 0 then)? A delay of such a condition goes on at a start, without a sample. */
export function silenceCounts(condition: Condition): boolean {
  return condition.form === 'signal' && !condition.expires && condition.check !== undefined && condition.begin === undefined
}

/** A kind of rule (`when: { NAME: … }`): one file in kinds/, one line in kinds.ts. Its schema stands beside it. */
export interface Kind {
  readonly name: string
  /** `rule.when.spec` is what the kind's schema gave. Throws where it cannot be carried out. */
  compile(rule: Rule): Condition
}

/** Of a condition without levels. */
export const plainLevels = {
  levelOf: (): Level => null,
  verdictOf: (): Verdict => 1,
  isUp: (): boolean => false,
} as const
