import type { Alarms } from '../../gateway/alarms/alarms.ts'
import { createAlarms } from '../../gateway/alarms/alarms.ts'
import type { OperatorAction, OperatorOutcome, Transition } from '../../gateway/kernel/alarm.ts'
import type { ConditionChange } from '../../gateway/kernel/condition.ts'
import type { Rule } from '../../gateway/kernel/rule.ts'
import type { MemoryStore } from './memory-store.ts'
import { createMemoryStore } from './memory-store.ts'
import { seconds } from './stage-scene.ts'
import { makeRule } from './transitions.ts'

export interface AlarmScene {
  readonly alarms: Alarms
  readonly store: MemoryStore
  readonly rules: (s: number, ...rules: readonly Rule[]) => readonly Transition[]
  /** The rules found something out about `rule` for `key` (default: the first rule, `oven`). */
  readonly tell: (s: number, kind: ConditionChange['kind'], told?: Partial<ConditionChange>) => readonly Transition[]
  /** An operator; of the first rule and `oven` unless told otherwise. */
  readonly act: (s: number, verb: OperatorAction['verb'], action?: Partial<OperatorAction>) => OperatorOutcome
  /** Fires what is due by the wall clock, each at its time, never before the last moment there was. */
  readonly advance: (s: number) => readonly Transition[]
  /** Seconds since the scene's beginning, or Infinity. */
  readonly nextDue: () => number
  /** The process dies, everything before it committed, and is back; its rules not yet set. */
  readonly restart: () => Promise<AlarmScene>
}

/** Alarms alone, on a store in memory: the test says what the rules find out. */
export function createAlarmScene(store: MemoryStore = createMemoryStore(), options: { readonly mostAlarms?: number } = {}): AlarmScene {
  let out: Transition[] = []
  let current: readonly Rule[] = []
  let now = 0
  const alarms = createAlarms({ state: store, labelsOf: () => ({}), emit: (transition) => void out.push(transition), ...options })
  const startMs = seconds(0).wallMs

  function take(): readonly Transition[] {
    const taken = out
    out = []
    return taken
  }

  return {
    alarms,
    store,
    rules(s, ...rules) {
      now = s
      current = rules
      alarms.replaceRules(rules, seconds(s))
      return take()
    },
    tell(s, kind, told = {}) {
      now = s
      alarms.change({
        kind, rule: current[0] ?? makeRule(), key: 'oven', device: 'oven', metric: 'temp', level: 'hi', levelUp: false, limit: 80, value: 81, unit: null, quality: 'good',
        times: seconds(s), ...told,
      })
      return take()
    },
    act(s, verb, action = {}) {
      now = s
      const outcome = alarms.act({ verb, rule: (current[0] ?? makeRule()).id, key: 'oven', by: 'ann', ...action }, seconds(s))
      return { ...outcome, transitions: take() }
    },
    advance(s) {
      for (let timer = alarms.nextTimer(); timer !== undefined && timer.due <= seconds(s).wallMs; timer = alarms.nextTimer()) {
        alarms.fireTimer(seconds(Math.max(now, (timer.due - startMs) / 1_000)))
      }
      now = s
      return take()
    },
    nextDue: () => ((alarms.nextTimer()?.due ?? Infinity) - startMs) / 1_000,
    async restart() {
      await store.commit()
      const scene = createAlarmScene(store.crash(), options)
      await scene.alarms.restore(scene.store, { restart: true, rules: undefined })
      return scene
    },
  }
}

/** What happened, in short: event, second, reason. */
export const shortly = (transitions: readonly Transition[]): readonly (readonly unknown[])[] =>
  transitions.map(({ event, at, reason }) => (reason === undefined ? [event, at / 1_000] : [event, at / 1_000, reason]))
