import type { Level } from '../kernel/alarm.ts'
import type { Reading } from '../kernel/reading.ts'
import type { Rule } from '../kernel/rule.ts'

/**
 * What a condition says of a sample: `unknown`, `normal`, or a number from 1 that stands for one of its levels.
 * Three-valued truth: unknown neither raises nor clears.
 */
export type Verdict = number
export const unknown = -1
export const normal = 0

/** What a kind sees and keeps of one condition; the engine has the rest. */
export interface ConditionMemory {
  /** The level it is at now, `normal` while it is not active: hysteresis counts only once active. */
  readonly active: Verdict
  /** When to `check` without a sample, monotonic ms; Infinity: never. The kind sets it. */
  deadline: number
}

/** How long nothing had come when watching began, as far as is known, and whether a time of grace begins. */
export interface Silence { readonly ms: number; readonly grace: boolean }

/** A rule's `when`, made ready. Holds no state of its own: one serves all keys of its rule. */
export interface Condition {
  /**
   * `series`: one condition per key and metric. `key`: one per key over all metrics, and devices in the registry
   * have theirs before anything was heard of them.
   */
  readonly scope: 'series' | 'key'
  /** Also samples that are late or bad (absence: any sign of life will do); others are `unknown` or ignored before `judge`. */
  readonly takesAnySample: boolean
  /** Does the last good value expire? */
  readonly expires: boolean
  /** `at` is the monotonic time of the sample. */
  judge(sample: Reading, memory: ConditionMemory, at: number): Verdict
  /** Where `deadline` was set: what is true now that it has come. May set the next one. */
  check?(memory: ConditionMemory, at: number): Verdict
  /** Begins to watch at `at`: the rule or its device is new, or the gateway came back. */
  begin?(memory: ConditionMemory, at: number, silence: Silence): void
  levelOf(verdict: Verdict): Level
  /** The verdict of a level by name, when state comes back; `normal` when there is none of that name. */
  verdictOf(level: Level): Verdict
  limitOf(verdict: Verdict): number | string | boolean | null
  /** Is the second further out than the first, or on the other side? Then it is announced anew. */
  isUp(from: Verdict, to: Verdict): boolean
}

/** A kind of rule (`when: { NAME: … }`): one file in kinds/, one line in kinds.ts. Its schema stands beside it. */
export interface Kind {
  readonly name: string
  /** `rule.when.spec` is what the kind's schema gave. Throws where it cannot be carried out. */
  compile(rule: Rule): Condition
}
