import type { Device, DeviceRegistry, StateWriter, StoreReader, Times } from '../kernel/contracts.ts'
import { LimenError } from '../kernel/errors.ts'
import type { NewEvent } from '../kernel/event.ts'
import type { Logger } from '../kernel/log.ts'
import type { MetricSource } from '../kernel/metric.ts'
import type { Reading } from '../kernel/reading.ts'
import { type ConfiguredDevice, type DeviceEdit, type StoredDevice, checkEdit, mergeDevice, unknownDevice } from './device-record.ts'

export interface DevicesOptions {
  readonly configured: ReadonlyMap<string, ConfiguredDevice>
  /** Devices known at most; readings of further ones are stored, but the device is not registered, and counted. Default 50,000. */
  readonly maxDevices?: number
  /** Last values kept per device; further metrics are counted. Default 1,000. */
  readonly maxMetrics?: number
}

export interface DevicesDeps {
  readonly store: StateWriter
  readonly logger: Logger
  /** `limen.device.registered`, `.online`, `.offline`, `.changed`; in the current batch. */
  readonly emit: (event: NewEvent) => void
  /** A device's status changed. In the turn of the message. */
  readonly presence: (device: string, online: boolean, times: Times) => void
  /** Type, labels or settings of a device changed: series and rules that select on them are to be looked at again. */
  readonly edited: (device: string) => void
}

export interface Devices extends DeviceRegistry {
  restore(store: StoreReader): Promise<void>
  /** A reading came in: keeps it as the metric's last value; registers a new device. Nothing is written but the coarse last-seen time. */
  observe(reading: Reading): void
  /** What came on `devices/{device}/status`; false: it is neither `online` nor `offline`. */
  status(device: string, payload: string, times: Times): boolean
  /** `unknown` where the device has not said. */
  statusOf(id: string): Device['status']
  /** Writes the last-seen times that are not yet on disk; in the current batch. */
  stop(): void
  metrics: MetricSource
}

interface Entry {
  readonly id: string
  stored: StoredDevice
  view: Pick<Device, 'type' | 'labels' | 'settings'>
  lastSeen: number
  /** Last seen as it is on disk. */
  writtenSeen: number
  metrics: Map<string, Slot>
}

/** The last value of one metric. */
interface Slot { readonly entry: Entry; last: Reading }

/** How old the last-seen time on disk may be. */
const seenEveryMs = 10 * 60_000
const noLabels = Object.freeze({})

/** Devices as they are known: from the configuration, from edits and from what they send. Last values live in memory only. */
export function createDevices(options: DevicesOptions, deps: DevicesDeps): Devices {
  const { maxDevices = 50_000, maxMetrics = 1_000, configured } = options
  let entries = new Map<string, Entry>()
  /** By series id; null: beyond a bound. */
  let slots: (Slot | null | undefined)[] = []
  let sorted: readonly string[] | undefined
  let overflowDevices = 0
  let overflowMetrics = 0

  function make(id: string, stored: StoredDevice): Entry {
    const entry: Entry = { id, stored, view: mergeDevice(stored, configured.get(id)), lastSeen: stored.lastSeen, writtenSeen: stored.lastSeen, metrics: new Map() }
    entries.set(id, entry)
    sorted = undefined
    return entry
  }

  function write(entry: Entry, change: Partial<StoredDevice> = {}): void {
    entry.stored = { ...entry.stored, ...change, lastSeen: entry.lastSeen }
    entry.writtenSeen = entry.lastSeen
    deps.store.put('device', entry.id, JSON.stringify(entry.stored))
  }

  /** The entry, made and registered if it is new; undefined when there is no room. */
  function seen(id: string, wallMs: number): Entry | undefined {
    const known = entries.get(id)
    if (known !== undefined && known.stored.firstSeen > 0) return known
    if (known === undefined && entries.size >= maxDevices) {
      if (overflowDevices++ === 0) deps.logger.warn({ maxDevices }, 'there are more devices than the registry takes; their readings are stored all the same')
      return undefined
    }
    const entry = known ?? make(id, unknownDevice)
    entry.lastSeen = wallMs
    write(entry, { firstSeen: wallMs })
    deps.emit({ type: 'limen.device.registered', subject: id, data: summary(entry) })
    return entry
  }

  function slotOf(reading: Reading): Slot | null {
    const { series } = reading
    const entry = seen(series.device, reading.receivedAt)
    if (entry === undefined) return null
    const known = entry.metrics.get(series.metric)
    if (known !== undefined) return known
    if (entry.metrics.size >= maxMetrics) return null
    const slot = { entry, last: reading }
    entry.metrics.set(series.metric, slot)
    return slot
  }

  function observe(reading: Reading): void {
    let slot = slots[reading.series.id]
    if (slot === undefined) slots[reading.series.id] = slot = slotOf(reading)
    if (slot === null) {
      overflowMetrics++
      return
    }
    // A late reading is not the newest value.
    if (reading.ts >= slot.last.ts) slot.last = reading
    const { entry } = slot
    entry.lastSeen = reading.receivedAt
    if (entry.lastSeen - entry.writtenSeen >= seenEveryMs) write(entry)
  }

  function view(entry: Entry): Device {
    return {
      ...summary(entry),
      // A metric may be called __proto__; fromEntries makes it an ordinary member.
      metrics: Object.fromEntries([...entry.metrics].map(([metric, { last }]) => [metric, { value: last.value, unit: last.unit ?? null, ts: last.ts, quality: last.quality }])),
    }
  }

  function ensure(id: string): Entry {
    const entry = entries.get(id)
    if (entry !== undefined) return entry
    if (entries.size >= maxDevices) throw new LimenError('OVERLOADED', `the registry holds ${maxDevices} devices already`)
    return make(id, unknownDevice)
  }

  return {
    get(id) {
      const entry = entries.get(id)
      return entry === undefined ? undefined : view(entry)
    },
    list({ after, limit }) {
      sorted ??= [...entries.keys()].sort((a, b) => (a < b ? -1 : 1))
      const from = after === undefined ? 0 : firstAfter(sorted, after)
      return sorted.slice(from, from + limit).map((id) => view(entries.get(id)!))
    },
    labels: (id) => entries.get(id)?.view.labels ?? noLabels,
    type: (id) => entries.get(id)?.view.type ?? null,
    statusOf: (id) => entries.get(id)?.stored.status ?? 'unknown',
    put(id, change: DeviceEdit) {
      checkEdit(id, change)
      const entry = ensure(id)
      write(entry, change)
      entry.view = mergeDevice(entry.stored, configured.get(id))
      deps.emit({ type: 'limen.device.changed', subject: id, data: summary(entry) })
      deps.edited(id)
      return view(entry)
    },
    observe,
    status(device, payload, times) {
      const word = payload.trim().toLowerCase()
      if (word !== 'online' && word !== 'offline') return false
      const entry = seen(device, times.wallMs)
      if (entry === undefined) return true
      entry.lastSeen = times.wallMs
      if (entry.stored.status === word) return true
      write(entry, { status: word })
      deps.emit({ type: `limen.device.${word}`, subject: device, data: summary(entry) })
      deps.presence(device, word === 'online', times)
      return true
    },
    async restore(store) {
      const rows: [string, StoredDevice][] = []
      for (let after: string | undefined; ; ) {
        const page = await store.list('device', { limit: 1_000, ...(after === undefined ? {} : { after }) })
        for (const [id, json] of page) rows.push([id, JSON.parse(String(json)) as StoredDevice])
        if (page.length === 0) break
        after = page.at(-1)![0]
      }
      const before = entries
      entries = new Map()
      slots = []
      sorted = undefined
      for (const id of configured.keys()) make(id, unknownDevice)
      for (const [id, stored] of rows) make(id, stored)
      // Last values are in no store: after a commit that failed those of before are still the best there are.
      for (const entry of entries.values()) {
        for (const [metric, { last }] of before.get(entry.id)?.metrics ?? []) entry.metrics.set(metric, { entry, last })
      }
    },
    stop() {
      for (const entry of entries.values()) if (entry.lastSeen > entry.writtenSeen) write(entry)
    },
    *metrics() {
      yield { name: 'limen_devices', help: 'Devices in the registry.', type: 'gauge', value: entries.size }
      yield { name: 'limen_devices_overflow_total', help: 'Devices not registered because the registry is full, counted per series or message.', type: 'counter', value: overflowDevices }
      yield { name: 'limen_device_metrics_overflow_total', help: 'Readings whose last value is not kept because device or registry is full.', type: 'counter', value: overflowMetrics }
    },
  }
}

function summary({ id, stored, view, lastSeen }: Entry): Omit<Device, 'metrics'> {
  return { id, ...view, status: stored.status, firstSeen: stored.firstSeen, lastSeen }
}

/** Index of the first id greater than `after`. */
function firstAfter(ids: readonly string[], after: string): number {
  let low = 0
  let high = ids.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (ids[middle]! <= after) low = middle + 1
    else high = middle
  }
  return low
}
