/** What other rooms need of rules and alarms; the rest of what rooms need of each other is in contracts.ts. */
import type { OperatorAction, OperatorOutcome, Transition } from './alarm.ts'
import type { AlarmView, ApplicationEvent, DeviceFacts, Resume, StoreReader, TechnicalCondition, Times } from './contracts.ts'
import type { Reading } from './reading.ts'
import type { Rule } from './rule.ts'

/**
 * Rules and alarms in one deterministic stage: the outcome depends on what it has seen and on the times it is given. The wiring logs every
 * call that can change something, with its times; the same calls give the same transitions and the same state (`limen backtest`).
 */
export interface AlarmStage {
  /** All readings of one message; timers due by then fire first. Returns a shared empty array when nothing happened. */
  evaluate(readings: readonly Reading[], times: Times): readonly Transition[]
  /** An application event. */
  hear(event: ApplicationEvent, times: Times): readonly Transition[]
  /** Fires every timer due at or before `times.at`, in the order (due, rule, key); each transition carries its due time. */
  advance(times: Times): readonly Transition[]
  /** Monotonic time of the next due timer, or Infinity. */
  nextDue(): number
  /** Rises with every timer that changed something when it fired. */
  firings(): number
  act(action: OperatorAction, times: Times): OperatorOutcome
  /** Swaps the whole set at once; alarms of removed or changed conditions retire. */
  replaceRules(rules: readonly Rule[], times: Times): readonly Transition[]
  /** A device said online or offline. */
  presence(device: string, online: boolean, times: Times): readonly Transition[]
  /** A device became known, or its type, labels or settings changed: rules are bound anew; alarms that no longer concern it retire. */
  deviceChanged(device: string, facts: DeviceFacts, times: Times): readonly Transition[]
  /** Raises or clears one of the gateway's own technical alarms (`technical.influx`, `technical.disk`, …), key `gateway` unless given. */
  technical(condition: TechnicalCondition, times: Times): readonly Transition[]
  /** The process died, last lived at `alive`, and is back at `times` with all of its state. */
  resume(resume: Extract<Resume, { kind: 'start' }>): readonly Transition[]
}

/** What a stage comes back from. */
export interface StageRestore<Saved = unknown> {
  /** Holds the alarms' rows. */
  readonly store: StoreReader
  /** What `save` gave once, if that is still known, and the calls since then, made again by `recall`. */
  readonly saved?: Saved | undefined
  readonly recall?: (() => Promise<void>) | undefined
  readonly resume: Resume
}

/** The stage as the wiring has it: besides evaluating, what it can tell. */
export interface LiveAlarmStage<Saved = unknown> extends AlarmStage, AlarmView {
  /** Replaces what is in memory, at start and after a commit that failed. Tells nobody: what a start entails comes of `resume`, which is to be called next. */
  restore(from: StageRestore<Saved>): Promise<void>
  /** The rules' state as plain data; shares what changes, so it must be copied (serialised) in the same turn. */
  save(): Saved
  /** Of its last input. */
  times(): Times
  /** The rules as they were given last. */
  rules(): readonly Rule[]
  /** Undefined: not known. */
  factsOf(device: string): DeviceFacts | undefined
  /** Does anything run on up-time: a delay, the time until a value is stale, a sequence? Then the wiring writes one small row a second, so that a kill costs at most a second of it. */
  needsHeartbeat(): boolean
  /** Rules that threw and are no longer evaluated, with the reason. */
  faulty(): ReadonlyMap<string, string>
  /** Hash of the whole durable state; equal after equal input, whatever restarts of `kind: 'undo'` lay between. */
  stateHash(): string
  /** Readings that came too late to be evaluated. */
  lateReadings(): number
  /** Events that a rule did not hear because it holds as many keys as it may. */
  eventsPassedOver(): number
}
