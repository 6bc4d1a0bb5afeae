import { computed, signal } from '@preact/signals'
import type { Device } from '../../../gateway/kernel/device-contracts.ts'
import type { CloudEvent } from '../../../gateway/kernel/event.ts'
import type { Health, Pulse } from '../../../gateway/kernel/live.ts'
import type { Role } from '../../../gateway/kernel/principal.ts'
import type { Alarm } from './alarm-list.ts'
import { byUrgency, countByPriority, isNewer, isSetAside, isStanding } from './alarm-list.ts'

/** What the page knows of the gateway. Written by sync.ts alone; pages read. */

export interface Session { readonly name: string; readonly role: Role; readonly via: 'loopback' | 'token' | 'cookie'; readonly csrfToken: string | null }
export interface GatewayInfo {
  readonly site: string
  readonly version: string
  readonly now: string
  readonly started?: string
  readonly log: { readonly first: number; readonly last: number }
  readonly health: Health
}
export type DeviceSummary = Omit<Device, 'metrics'>
/** An event of the journal with its position. */
export interface JournalEntry { readonly position: number; readonly event: CloudEvent }

/** `loading` until everything was read for the first time. */
export type Connection = { readonly state: 'loading' | 'live' } | { readonly state: 'away'; readonly since: number } | { readonly state: 'failed'; readonly reason: string }

export const session = signal<Session | null>(null)
export const gateway = signal<GatewayInfo | null>(null)
export const connection = signal<Connection>({ state: 'loading' })
export const pulse = signal<Pulse | null>(null)
/** Readings a second, from the last two pulses. */
export const rate = signal<number | null>(null)

export const alarms = signal<ReadonlyMap<string, Alarm>>(new Map())
export const devices = signal<ReadonlyMap<string, DeviceSummary>>(new Map())
/** Newest first; bounded. */
export const journal = signal<readonly JournalEntry[]>([])

export const standing = computed(() => [...alarms.value.values()].filter(isStanding).sort(byUrgency))
export const setAside = computed(() => [...alarms.value.values()].filter(isSetAside).sort(byUrgency))
export const counts = computed(() => countByPriority(standing.value))

const journalLimit = 200

/** Takes in what may be newer. Alarms of rules in shadow stand before nobody. */
export function putAlarms(items: Iterable<Alarm>): void {
  let next: Map<string, Alarm> | undefined
  for (const alarm of items) {
    if (alarm.shadow || !isNewer(alarm, (next ?? alarms.value).get(alarm.id))) continue
    next ??= new Map(alarms.value)
    next.set(alarm.id, alarm)
  }
  if (next !== undefined) alarms.value = next
}

/** All there is; what came by the socket since `before` and is newer stays. */
export function replaceAlarms(items: readonly Alarm[], before: ReadonlyMap<string, Alarm>): void {
  const next = new Map(items.map((alarm) => [alarm.id, alarm]))
  for (const [id, alarm] of alarms.value) {
    if (before.get(id) !== alarm && isNewer(alarm, next.get(id))) next.set(id, alarm)
  }
  alarms.value = next
}

export function replaceDevices(items: readonly DeviceSummary[]): void {
  devices.value = new Map(items.map((device) => [device.id, summaryOf(device)]))
}

export function putDevices(items: readonly DeviceSummary[]): void {
  if (items.length === 0) return
  const next = new Map(devices.value)
  for (const device of items) next.set(device.id, summaryOf(device))
  devices.value = next
}

function summaryOf({ id, type, labels, settings, status, firstSeen, lastSeen }: DeviceSummary): DeviceSummary {
  return { id, type, labels, settings, status, firstSeen, lastSeen }
}

export function putJournal(entries: readonly JournalEntry[]): void {
  const known = new Set(journal.value.map(({ position }) => position))
  const fresh = entries.filter(({ position, event }) => !known.has(position) && !(event.data as Partial<Alarm> | undefined)?.shadow)
  if (fresh.length === 0) return
  journal.value = [...fresh, ...journal.value].sort((a, b) => b.position - a.position).slice(0, journalLimit)
}
