import type { Timer } from '../kernel/timer-heap.ts'
import { createTimerHeap } from '../kernel/timer-heap.ts'
import type { AlarmRecord } from './alarm-record.ts'

/** What falls due for an alarm by the wall clock: its shelf ends, the next step of escalation, or it is announced again. */
export type WallTimer = Timer<AlarmRecord>

/** Of one moment, rule and key: the shelf first, so that what is announced then is not escalated in the same breath. */
export const shelfRank = 0
export const callRank = 1

/**
 * Shelving, escalation and re-alarm of all alarms in one heap; due times are wall ms since 1970. Nothing of it is stored: an
 * alarm's record and its rule say when each is due, so that a rule edit or a restart needs no more than to look again.
 */
export interface WallTimers {
  /** Sets the alarm's timers as its record and its rule say. */
  look(alarm: AlarmRecord): void
  next(): WallTimer | undefined
  clear(): void
}

interface Pair { readonly shelf: WallTimer; readonly call: WallTimer }

export function createWallTimers(): WallTimers {
  const heap = createTimerHeap<AlarmRecord>()
  const pairs = new Map<AlarmRecord, Pair>()

  function create(alarm: AlarmRecord): Pair {
    const of = { owner: alarm, rule: alarm.rule.id, key: alarm.key }
    return { shelf: heap.create({ ...of, rank: shelfRank }), call: heap.create({ ...of, rank: callRank }) }
  }

  return {
    look(alarm) {
      const shelfAt = alarm.shelvedUntil ?? Infinity
      const callAt = nextCallAt(alarm)
      let pair = pairs.get(alarm)
      if (shelfAt === Infinity && callAt === Infinity) {
        if (pair === undefined) return
        heap.stop(pair.shelf)
        heap.stop(pair.call)
        pairs.delete(alarm)
        return
      }
      if (pair === undefined) pairs.set(alarm, (pair = create(alarm)))
      if (pair.shelf.due !== shelfAt) heap.set(pair.shelf, shelfAt)
      if (pair.call.due !== callAt) heap.set(pair.call, callAt)
    },
    next: () => heap.peek(),
    clear() {
      heap.clear()
      pairs.clear()
    },
  }
}

/** When somebody is to be called again, wall ms: the next step of escalation while nobody has acknowledged it, the re-alarm once somebody has; Infinity: never. */
export function nextCallAt({ state, rule, announcedAt, escalations, acknowledgedAt }: Pick<AlarmRecord, 'state' | 'rule' | 'announcedAt' | 'escalations' | 'acknowledgedAt'>): number {
  if (state === 'unacked' && announcedAt !== null && escalations < rule.escalateMs.length) return announcedAt + rule.escalateMs[escalations]!
  if (state === 'acked' && acknowledgedAt !== null && rule.realarmMs !== undefined) return acknowledgedAt + rule.realarmMs
  return Infinity
}
