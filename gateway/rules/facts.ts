import type { DeviceFacts } from '../kernel/contracts.ts'
import type { Labels } from '../kernel/reading.ts'

/** The devices as the rules know them. Given as an input, so that it is part of the state and not of the moment. */
export interface FactTable {
  /** Known at all, heard of or not. */
  has(device: string): boolean
  get(device: string): DeviceFacts
  set(device: string, facts: DeviceFacts): void
  labels(device: string): Labels
  type(device: string): string | null
  /** Does it say of itself that it is offline? */
  isOffline(device: string): boolean
  /** Monotonic ms; -Infinity: it does not. */
  offlineSince(device: string): number
  /** Monotonic ms at which it said last that it is back; -Infinity: it never did. */
  onlineSince(device: string): number
  /** It is back. */
  setOnline(device: string, since: number): void
  /** Null: it is online. False: that was known. */
  setOffline(device: string, since: number | null): boolean
  /** Did its last reading with a time of its own lie too far from its receipt? */
  isSuspect(device: string): boolean
  setSuspect(device: string, suspect: boolean): void
  anySuspect(): boolean
  ids(): IterableIterator<string>
  save(): SavedFacts
  load(saved: SavedFacts): void
}

export interface SavedFacts {
  readonly devices: readonly (readonly [string, DeviceFacts])[]
  readonly offline: readonly (readonly [device: string, since: number])[]
  readonly online?: readonly (readonly [device: string, since: number])[]
  readonly suspect: readonly string[]
}

const unknownDevice: DeviceFacts = Object.freeze({ type: null, labels: Object.freeze({}), settings: Object.freeze({}) })
const byId = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export function createFactTable(): FactTable {
  const devices = new Map<string, DeviceFacts>()
  const offline = new Map<string, number>()
  const online = new Map<string, number>()
  const suspect = new Set<string>()
  const get = (device: string): DeviceFacts => devices.get(device) ?? unknownDevice

  return {
    has: (device) => devices.has(device),
    get,
    set: (device, { type, labels, settings }) => void devices.set(device, { type, labels, settings }),
    labels: (device) => get(device).labels,
    type: (device) => get(device).type,
    isOffline: (device) => offline.has(device),
    offlineSince: (device) => offline.get(device) ?? -Infinity,
    onlineSince: (device) => online.get(device) ?? -Infinity,
    setOnline: (device, since) => void online.set(device, since),
    setOffline(device, since) {
      if (offline.has(device) === (since !== null)) return false
      if (since === null) offline.delete(device)
      else offline.set(device, since)
      return true
    },
    isSuspect: (device) => suspect.has(device),
    setSuspect: (device, is) => void (is ? suspect.add(device) : suspect.delete(device)),
    anySuspect: () => suspect.size > 0,
    ids: () => devices.keys(),
    save: () => ({ devices: [...devices].sort(([a], [b]) => byId(a, b)), offline: [...offline].sort(([a], [b]) => byId(a, b)), online: [...online].sort(([a], [b]) => byId(a, b)), suspect: [...suspect].sort(byId) }),
    load(saved) {
      devices.clear()
      offline.clear()
      online.clear()
      suspect.clear()
      for (const [id, facts] of saved.devices) devices.set(id, facts)
      for (const [id, since] of saved.offline) offline.set(id, since)
      for (const [id, since] of saved.online ?? []) online.set(id, since)
      for (const id of saved.suspect) suspect.add(id)
    },
  }
}
