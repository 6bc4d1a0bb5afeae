import type { CloudEvent } from '../../../gateway/kernel/event.ts'
import type { Value } from '../../../gateway/kernel/reading.ts'
import type { Alarm } from '../data/alarm-list.ts'

/** `GET alarms/{id}/evidence`: all there is about one alarm, as one document. */
export interface Evidence {
  readonly alarm: Alarm
  readonly rule: { readonly id: string; readonly version: string; readonly revision: number | null; readonly text: string | null } | null
  readonly readings: readonly EvidenceSeries[]
  /** Oldest first. */
  readonly transitions: readonly CloudEvent[]
  readonly deliveries: readonly unknown[]
  readonly commands: readonly unknown[]
  readonly acknowledgements: readonly Said[]
  readonly comments: readonly Said[]
}

export interface EvidenceSeries {
  readonly device: string
  readonly metric: string
  readonly unit: string | null
  readonly from: number | string
  readonly to: number | string
  readonly items: readonly { readonly ts: number | string; readonly value: Value; readonly quality: string }[]
}

export interface Said { readonly at: number | string; readonly by: string | null; readonly note?: string | null; readonly occurrence?: number }

/** ms, however it is written. */
export function msOf(at: number | string): number {
  return typeof at === 'number' ? at : Date.parse(at)
}

/** An effect in words where it is an event; else what its record says, member by member. */
export function recordWords(record: unknown): string {
  if (typeof record !== 'object' || record === null) return String(record)
  return Object.entries(record).filter(([, value]) => value !== null && typeof value !== 'object').map(([name, value]) => `${name} ${String(value)}`).join(' · ')
}

export function isEvent(record: unknown): record is CloudEvent {
  return typeof record === 'object' && record !== null && 'type' in record && 'time' in record && typeof record.type === 'string' && typeof record.time === 'string'
}
