import type { Alarm, Priority } from '../../../gateway/kernel/alarm.ts'

export type { Alarm, Priority }

const priorityRank: Readonly<Record<Priority, number>> = { high: 0, medium: 1, low: 2 }

/** Is it the newer word on this alarm? */
export function isNewer(next: Alarm, known: Alarm | undefined): boolean {
  return known === undefined || next.seq > known.seq || (next.seq === known.seq && next.changedAt >= known.changedAt)
}

/** Shelved, suppressed, out of service: in a list of their own. */
export function isSetAside(alarm: Alarm): boolean {
  return alarm.overlays.length > 0
}

/** What an operator has to know of now: not normal, and not set aside. */
export function isStanding(alarm: Alarm): boolean {
  return alarm.state !== 'normal' && !isSetAside(alarm)
}

export function isUnacked(alarm: Alarm): boolean {
  return alarm.state === 'unacked' || alarm.state === 'rtn-unacked' || alarm.state === 'latched-unacked'
}

/** By priority; among equals what nobody has acknowledged first; then the newest first. */
export function byUrgency(a: Alarm, b: Alarm): number {
  return priorityRank[a.priority] - priorityRank[b.priority]
    || Number(isUnacked(b)) - Number(isUnacked(a))
    || compare(b.raisedAt ?? b.changedAt, a.raisedAt ?? a.changedAt)
    || compare(a.id, b.id)
}

/** As they are written: ISO times sort so, and a flood is sorted many times a second. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export interface AlarmFilter {
  readonly priority?: Priority | undefined
  readonly unacked?: boolean | undefined
  /** In message, device, rule, labels; any case. */
  readonly text?: string | undefined
  readonly device?: string | undefined
}

export function matches(alarm: Alarm, { priority, unacked, text, device }: AlarmFilter): boolean {
  if (priority !== undefined && alarm.priority !== priority) return false
  if (unacked === true && !isUnacked(alarm)) return false
  if (device !== undefined && alarm.device !== device) return false
  if (text === undefined || text === '') return true
  const wanted = text.toLowerCase()
  return [alarm.message, alarm.key, alarm.rule, ...Object.values(alarm.labels)].some((part) => part.toLowerCase().includes(wanted))
}

export type Counts = Readonly<Record<Priority, number>>

export function countByPriority(alarms: readonly Alarm[]): Counts {
  const counts = { high: 0, medium: 0, low: 0 }
  for (const alarm of alarms) counts[alarm.priority]++
  return counts
}
