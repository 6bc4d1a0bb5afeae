import type { OperatorAction } from './kernel/alarm.ts'
import type { DeviceFacts, Mark, TechnicalCondition, Times } from './kernel/contracts.ts'
import type { Rule } from './kernel/rule.ts'

/**
 * What the log holds of the stage's inputs besides readings, so that it can be gone through again (`limen backtest --config`, a start
 * after a kill). Each has the times it was given; wall time less monotonic time is the same until the next `clock` or `start`.
 */
export type StageMark = Times &
  (
    | { readonly kind: 'start'; readonly aliveAt: number | null; readonly aliveWallMs: number | null; readonly version: string }
    /** The wall clock was stepped, or has drifted; `wallMs` is what it says now. */
    | { readonly kind: 'clock' }
    /** Timers fired that changed something. */
    | { readonly kind: 'advance' }
    | ({ readonly kind: 'action'; readonly ok: boolean } & OperatorAction)
    /** `whole`: these are all rules there are; else those that are new or changed, and the ids of those that are gone. */
    | { readonly kind: 'rules'; readonly whole: boolean; readonly put: readonly Rule[]; readonly removed: readonly string[] }
    | { readonly kind: 'presence'; readonly device: string; readonly online: boolean }
    | { readonly kind: 'device'; readonly device: string; readonly facts: DeviceFacts }
    | { readonly kind: 'technical'; readonly condition: TechnicalCondition }
    /** The next entry is an application event, heard at these times. */
    | { readonly kind: 'heard' }
    /** The rules' state up to here was kept. */
    | { readonly kind: 'snapshot' }
  )

export function isStageMark(mark: Mark): mark is Mark & StageMark {
  return typeof mark['at'] === 'number' && typeof mark['wallMs'] === 'number'
}

/** What changed from one set to another. */
export function rulesChange(before: readonly Rule[], now: readonly Rule[]): { readonly put: readonly Rule[]; readonly removed: readonly string[] } {
  const old = new Map(before.map((rule) => [rule.id, rule]))
  const ids = new Set(now.map(({ id }) => id))
  return {
    put: now.filter((rule) => {
      const known = old.get(rule.id)
      return known === undefined || known.version !== rule.version || known.conditionVersion !== rule.conditionVersion
    }),
    removed: before.flatMap(({ id }) => (ids.has(id) ? [] : [id])),
  }
}

/** The set after such a change. */
export function rulesAfter(before: readonly Rule[], { whole, put, removed }: { readonly whole: boolean; readonly put: readonly Rule[]; readonly removed: readonly string[] }): readonly Rule[] {
  if (whole) return put
  const rules = new Map(before.map((rule) => [rule.id, rule]))
  for (const id of removed) rules.delete(id)
  for (const rule of put) rules.set(rule.id, rule)
  return [...rules.values()]
}
