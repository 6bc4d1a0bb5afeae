import { asError } from '../kernel/errors.ts'
import type { Rule, Selector } from '../kernel/rule.ts'
import type { RuleRuntime } from './cell.ts'
import { compileGlob } from '../kernel/glob.ts'
import type { Condition, JointCondition, Kind, SignalCondition } from './kind.ts'
import { normal, plainLevels } from './kind.ts'
import { compileSelector } from './selector.ts'
import { leastStaleOf } from './series-state.ts'

/** Makes a rule ready. One that cannot be carried out comes back with its fault and is not evaluated. */
export function compileRule(rule: Rule, kinds: readonly Kind[]): RuleRuntime {
  const selector = compileSelector(rule.on)
  const { device, deviceType, label } = rule.on
  const ofAll = device === undefined && deviceType === undefined && label === undefined
  const runtime: RuleRuntime = {
    rule, condition: never, inputs: [], events: [], selector, hears: (of, facts) => ofAll || (of !== null && selector.matchesDevice(of, facts)), cells: new Map(), leastStaleMs: Infinity, converters: rule.unit === undefined ? null : new Map(), fault: undefined, open: true, gateTimer: null,
  }
  makeReady(runtime, kinds)
  return runtime
}

/** The same again, for a rule that was faulty. */
export function makeReady(runtime: RuleRuntime, kinds: readonly Kind[]): void {
  const { rule } = runtime
  const { condition, fault } = conditionOf(rule, kinds)
  const signals = condition.form === 'joint' ? condition.signals : [{ on: rule.on, elsewhere: false }]
  runtime.condition = condition
  runtime.fault = fault
  runtime.leastStaleMs = leastStaleOf(runtime)
  runtime.events = condition.form === 'joint' ? condition.events.map((pattern) => compileGlob(pattern)) : []
  // A rule about events hears no readings.
  runtime.inputs = fault !== undefined || (condition.form === 'signal' && rule.on.event !== undefined)
    ? []
    : signals.map(({ on, elsewhere }, signal) => ({ runtime, signal, elsewhere, selector: compileSelector(withoutEvent(elsewhere ? on : { ...rule.on, ...on })) }))
}

function withoutEvent({ event: _event, ...rest }: Selector): Selector {
  return rest
}

function conditionOf(rule: Rule, kinds: readonly Kind[]): { condition: Condition; fault: string | undefined } {
  const kind = kinds.find(({ name }) => name === rule.when.kind)
  if (kind === undefined) return { condition: never, fault: `there is no kind ${rule.when.kind}` }
  try {
    return { condition: uniform(kind.compile(rule)), fault: undefined }
  } catch (thrown) {
    return { condition: never, fault: asError(thrown).message }
  }
}

/** Every member there is, in one order. */
const blank = {
  form: undefined, order: undefined, scope: undefined, expires: undefined, signals: undefined, events: undefined, startsOver: undefined,
  judge: undefined, take: undefined, takeEvent: undefined, check: undefined, begin: undefined, age: undefined, renew: undefined, resume: undefined,
  create: undefined, save: undefined, load: undefined, clockSet: undefined, forget: undefined, keeps: undefined, stays: undefined, levelOf: undefined, verdictOf: undefined, limitOf: undefined, isUp: undefined, shown: undefined,
} satisfies Record<keyof SignalCondition | keyof JointCondition, undefined>

/** Conditions are asked for every reading; what comes in as many shapes as there are kinds is slow to ask (docs/decisions/backtest.md). */
function uniform<C extends Condition>(condition: C): C {
  return { ...blank, ...condition }
}

/** Of a rule that is not evaluated. */
const never = uniform({ ...plainLevels, form: 'signal', scope: 'series', order: 'newest', expires: false, create: () => null, judge: () => normal, limitOf: () => null })
