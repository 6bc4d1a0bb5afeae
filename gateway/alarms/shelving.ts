import type { OperatorAction, Priority } from '../kernel/alarm.ts'

const longestHighMs = 30 * 60_000
const longestMs = 24 * 3_600_000

export function longestShelvingMs(priority: Priority): number {
  return priority === 'high' ? longestHighMs : longestMs
}

export type ShelvingTerm =
  | { readonly ok: true; readonly until: number; readonly oneShot: boolean }
  | { readonly ok: false; readonly code: 'BAD_INPUT' | 'CONFLICT'; readonly reason: string }

/** Until when an alarm may be shelved. A one-shot without a time ends with the condition, and at the latest after the longest time. */
export function shelvingTerm(action: Pick<OperatorAction, 'until' | 'oneShot'>, priority: Priority, wallMs: number): ShelvingTerm {
  const oneShot = action.oneShot === true
  const latest = wallMs + longestShelvingMs(priority)
  if (action.until === undefined) {
    return oneShot ? { ok: true, until: latest, oneShot } : { ok: false, code: 'BAD_INPUT', reason: 'shelving needs `until`, or `oneShot`' }
  }
  if (!Number.isFinite(action.until)) return { ok: false, code: 'BAD_INPUT', reason: '`until` is no time' }
  if (action.until <= wallMs) return { ok: false, code: 'BAD_INPUT', reason: '`until` is not in the future' }
  if (action.until > latest) {
    return { ok: false, code: 'CONFLICT', reason: priority === 'high' ? 'a high-priority alarm can be shelved for at most 30 min' : 'an alarm can be shelved for at most 24 h' }
  }
  return { ok: true, until: Math.round(action.until), oneShot }
}
