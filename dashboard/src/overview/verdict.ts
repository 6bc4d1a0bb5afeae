import type { Counts } from '../data/alarm-list.ts'

export interface VerdictInput {
  readonly counts: Counts
  readonly unacked: number
  /** Devices that are offline, without those an alarm speaks of already. */
  readonly offline: number
  /** Names of checks of the gateway that are not well. */
  readonly unwell: readonly string[]
}

/** The first question of the screen, in a sentence; undefined: nothing is wrong. */
export function verdictOf({ counts, unacked, offline, unwell }: VerdictInput): string | undefined {
  const parts: string[] = []
  const total = counts.high + counts.medium + counts.low
  if (total > 0) parts.push(`${total} ${total === 1 ? 'alarm' : 'alarms'}, ${acknowledgedWords(total, unacked)}`)
  if (offline > 0) parts.push(`${offline} ${offline === 1 ? 'device' : 'devices'} offline`)
  if (unwell.length > 0) parts.push(`${unwell.join(' and ')} not well`)
  return parts.length === 0 ? undefined : parts.join(' · ')
}

function acknowledgedWords(total: number, unacked: number): string {
  if (unacked === 0) return total === 1 ? 'acknowledged' : 'all acknowledged'
  if (unacked === total) return total === 1 ? 'not acknowledged' : 'none acknowledged'
  return `${unacked} not acknowledged`
}
