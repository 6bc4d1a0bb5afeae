import type { MapNode } from '../../kernel/document.ts'
import type { Problem } from '../../kernel/problem.ts'
import { duration } from '../../kernel/quantity-shape.ts'
import type { KindContext } from '../../kernel/rule-kind.ts'
import type { Selector } from '../../kernel/rule.ts'
import type { Field, Invalid } from '../../kernel/shape.ts'
import { invalid, object, optional, readFields, refine } from '../../kernel/shape.ts'
import { isGlob } from '../../kernel/glob.ts'
import type { Signal } from '../kind.ts'
import { selectorOf, signalFields } from '../schema-on.ts'
import type { Comparison } from './comparison.schema.ts'
import { comparisonFields, comparisonOf } from './comparison.schema.ts'

/** One of the signals of a condition, as it is written. */
export interface SignalSpec { readonly on: Selector }
/** A signal and what is asked of its values. */
export interface Term extends SignalSpec { readonly is: Comparison }

/** `{ metric: hr, gt: 120 }`; also device, deviceType, label. */
export const termShape = refine(
  object({ ...signalFields, ...comparisonFields }, { expected: 'a condition', example: '{ metric: hr, gt: 120 }' }),
  (value, at): Term | Invalid => {
    const is = comparisonOf(value, at)
    return is === invalid ? invalid : { on: selectorOf(value), is }
  },
)

/** `{ metric: setpoint }`; also device, deviceType, label. */
export const signalShape = refine(object(signalFields, { expected: 'a signal', example: '{ metric: setpoint }' }), (value, at): Selector | Invalid => {
  const on = selectorOf(value)
  return Object.keys(on).length === 0 ? at.refuse('a signal that names nothing', 'write at least one of metric, device, deviceType, label') : on
})

/** How old a value may be. */
export const maxAgeField = optional(duration({ min: '1ms', example: '60s' }))

/** Reads the keys that stand beside the kind. `invalid` where one of them is wrong. */
export function readBeside<F extends Record<string, Field<unknown>>>(fields: F, context: KindContext, problems: Problem[]): { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never } | Invalid {
  const node: MapNode = context.beside ?? { kind: 'map', place: { file: '', line: 0, column: 0 }, entries: [] }
  const value = readFields(fields, { node, path: context.path.slice(0, context.path.lastIndexOf('.')) }, problems)
  return Object.values(value).includes(invalid) ? invalid : (value as { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never })
}

/** Does it name devices of its own? */
export function namesDevices({ device, deviceType, label }: Selector): boolean {
  return device !== undefined || deviceType !== undefined || label !== undefined
}

/** The signal of a written selector; one that names devices of its own says its metric itself. */
export function signalOf(on: Selector, ruleOn: Selector): Signal {
  const elsewhere = namesDevices(on)
  return { on: elsewhere && on.metric === undefined && ruleOn.metric !== undefined ? { ...on, metric: ruleOn.metric } : on, elsewhere }
}

/** The series that a written selector stands for. */
export function seriesOf(on: Selector, ruleOn: Selector): Selector {
  const { on: own, elsewhere } = signalOf(on, ruleOn)
  return elsewhere ? own : { ...ruleOn, ...own }
}

/** Can it match one series only? */
export function isOneSeries(selector: Selector): boolean {
  return selector.device !== undefined && !isGlob(selector.device) && selector.metric !== undefined && !isGlob(selector.metric)
}
