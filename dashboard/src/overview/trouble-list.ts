import type { Alarm } from '../data/alarm-list.ts'
import type { DeviceSummary } from '../data/state.ts'

export interface Trouble { readonly id: string; readonly device: DeviceSummary | undefined; readonly technical: readonly Alarm[] }

/** Devices that are offline, or of which a technical alarm stands; those with alarms first. */
export function troubleOf(all: Iterable<DeviceSummary>, alarms: readonly Alarm[]): readonly Trouble[] {
  const technical = new Map<string, Alarm[]>()
  for (const alarm of alarms) {
    if (alarm.class !== 'technical' || alarm.device === null) continue
    technical.set(alarm.device, [...(technical.get(alarm.device) ?? []), alarm])
  }
  const found = new Map<string, Trouble>()
  for (const device of all) {
    const own = technical.get(device.id) ?? []
    if (own.length > 0 || device.status === 'offline') found.set(device.id, { id: device.id, device, technical: own })
  }
  for (const [id, own] of technical) if (!found.has(id)) found.set(id, { id, device: undefined, technical: own })
  return [...found.values()].sort((a, b) => Number(b.technical.length > 0) - Number(a.technical.length > 0) || (a.id < b.id ? -1 : 1))
}
