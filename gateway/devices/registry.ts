import { allRows } from '../kernel/all-rows.ts'
import { createCommittedView } from '../kernel/committed-view.ts'
import type { ConfiguredDevice } from '../kernel/configured-devices.ts'
import { createConfiguredDevices } from '../kernel/configured-devices.ts'
import type { DeviceFacts, StateWriter, StoreReader, StoreWriter, Times } from '../kernel/contracts.ts'
import type { Device, DeviceRegistry } from '../kernel/device-contracts.ts'
import { LimenError } from '../kernel/errors.ts'
import type { NewEvent } from '../kernel/event.ts'
import type { Logger } from '../kernel/log.ts'
import type { MetricSource } from '../kernel/metric.ts'
import type { Reading, StoredReading } from '../kernel/reading.ts'
import { type DeviceEdit, type StoredDevice, checkConfigured, checkEdit, mergeDevice, unknownDevice } from './device-record.ts'
import { type LastValue, type LastValues, committedValue, firstValue, nextValue } from './last-values.ts'

export interface DevicesOptions {
  /** By id, or by a pattern of ids: what it says stands where the device has nothing of its own. */
  readonly configured: ReadonlyMap<string, ConfiguredDevice>
  /** Devices known at most; readings of further ones are stored, but the device is not registered, and counted. Default 50,000. */
  readonly maxDevices?: number
  /** Last values kept per device; further metrics are counted. Default 1,000. */
  readonly maxMetrics?: number
}

export interface DevicesDeps {
  readonly store: StateWriter & Pick<StoreWriter, 'onDisk'> & Pick<StoreReader, 'lastPosition'>
  readonly logger: Logger
  /** `limen.device.registered`, `.online`, `.offline`, `.changed`; in the current batch. */
  readonly emit: (event: NewEvent) => void
  /** A device's status changed. In the turn of the message. */
  readonly presence: (device: string, online: boolean, times: Times) => void
  /** Type, labels or settings of a device changed: series and rules that select on them are to be looked at again. */
  readonly edited: (device: string) => void
}

/** Devices as they are known in the turn they are asked, which is what rules go by; `committed` is what others may see. */
export interface Devices extends DeviceRegistry {
  readonly committed: Pick<DeviceRegistry, 'get' | 'list' | 'count'>
  restore(store: StoreReader): Promise<void>
  /** A reading that is in the log, after `restore`: last values are in no store of their own. Oldest first. */
  recall(reading: StoredReading): void
  /** A message came in: true where its device was not registered, and is now. */
  meet(reading: Reading): boolean
  factsOf(device: string): DeviceFacts
  /** Of all that are known. */
  ids(): readonly string[]
  /** A reading came in, at this position of the log: keeps it as the metric's last value; registers a new device. Nothing is written but the coarse last-seen time. */
  observe(reading: Reading, position: number): void
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
  /** The configuration over what is stored. */
  known: Pick<Device, 'type' | 'labels' | 'settings'>
  lastSeen: number
  /** Last seen as it is on disk. */
  writtenSeen: number
  metrics: Map<string, Slot>
}

interface Slot extends LastValues { readonly entry: Entry }

/** How old the last-seen time on disk may be. */
const seenEveryMs = 10 * 60_000

/** Devices as they are known: from the configuration, from edits and from what they send. Last values live in memory only. */
export function createDevices(options: DevicesOptions, deps: DevicesDeps): Devices {
  const { maxDevices = 50_000, maxMetrics = 1_000 } = options
  const configured = createConfiguredDevices(options.configured)
  const { store } = deps
  const view = createCommittedView<Omit<Device, 'metrics'>>(store.onDisk, { sorted: true })
  let entries = new Map<string, Entry>()
  /** By series id; null: beyond a bound. */
  let slots: (Slot | null | undefined)[] = []
  let sorted: readonly string[] | undefined
  let overflowDevices = 0
  let overflowMetrics = 0

  function make(id: string, stored: StoredDevice): Entry {
    const entry: Entry = { id, stored, known: mergeDevice(id, stored, configured), lastSeen: stored.lastSeen, writtenSeen: stored.lastSeen, metrics: new Map() }
    entries.set(id, entry)
    sorted = undefined
    return entry
  }

  function write(entry: Entry, change: Partial<StoredDevice> = {}): void {
    entry.stored = { ...entry.stored, ...change, lastSeen: entry.lastSeen }
    entry.known = mergeDevice(entry.id, entry.stored, configured)
    entry.writtenSeen = entry.lastSeen
    store.put('device', entry.id, JSON.stringify(entry.stored))
    view.stage(summary(entry))
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

  function slotOf(entry: Entry, metric: string, first: { value: LastValue; position: number }): Slot | null {
    const known = entry.metrics.get(metric)
    if (known !== undefined) return known
    if (entry.metrics.size >= maxMetrics) return null
    const slot = { entry, ...firstValue(first.value, first.position) }
    entry.metrics.set(metric, slot)
    return slot
  }

  /** The slot of a series that is heard of for the first time since the start. */
  function findSlot(reading: Reading, position: number): Slot | null {
    const entry = seen(reading.series.device, reading.receivedAt)
    return entry === undefined ? null : slotOf(entry, reading.series.metric, { value: reading, position })
  }

  function observe(reading: Reading, position: number): void {
    let slot = slots[reading.series.id]
    if (slot === undefined) slots[reading.series.id] = slot = findSlot(reading, position)
    if (slot === null) {
      overflowMetrics++
      return
    }
    // A late reading is not the newest value.
    if (reading.ts >= slot.newest.ts && slot.newest !== reading) nextValue(slot, reading, position, store.lastPosition())
    const { entry } = slot
    entry.lastSeen = reading.receivedAt
    if (entry.lastSeen - entry.writtenSeen >= seenEveryMs) write(entry)
  }

  const live = (entry: Entry): Device => deviceOf(summary(entry), entry, ({ newest }) => newest)

  /** Undefined: nothing of it is on disk yet. */
  function committed(id: string): Device | undefined {
    const [entry, shown] = [entries.get(id), view.get(id)]
    if (entry === undefined || shown === undefined) return undefined
    const onDisk = store.lastPosition()
    return deviceOf({ ...shown, lastSeen: entry.lastSeen }, entry, (slot) => committedValue(slot, onDisk))
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
      return entry === undefined ? undefined : live(entry)
    },
    list({ after, limit }) {
      sorted ??= [...entries.keys()].sort((a, b) => (a < b ? -1 : 1))
      const from = after === undefined ? 0 : firstAfter(sorted, after, (id) => id)
      return sorted.slice(from, from + limit).map((id) => live(entries.get(id)!))
    },
    count: () => entries.size,
    committed: {
      get: committed,
      count: () => view.size(),
      list({ after = '', limit }) {
        const shown = view.list()
        const found: Device[] = []
        for (let i = firstAfter(shown, after, ({ id }) => id); i < shown.length && found.length < limit; i++) {
          const device = committed(shown[i]!.id)
          if (device !== undefined) found.push(device)
        }
        return found
      },
    },
    labels: (id) => entries.get(id)?.known.labels ?? configured.defaults(id).labels,
    type: (id) => entries.get(id)?.known.type ?? configured.defaults(id).type,
    settings: (id) => entries.get(id)?.known.settings ?? configured.defaults(id).settings,
    statusOf: (id) => entries.get(id)?.stored.status ?? 'unknown',
    put(id, change: DeviceEdit) {
      checkEdit(id, change)
      checkConfigured(id, change, configured.of(id))
      const entry = ensure(id)
      write(entry, change)
      deps.emit({ type: 'limen.device.changed', subject: id, data: summary(entry) })
      deps.edited(id)
      return live(entry)
    },
    meet({ series, receivedAt }) {
      if (slots[series.id] !== undefined) return false
      const before = entries.get(series.device)?.stored.firstSeen ?? 0
      return before === 0 && seen(series.device, receivedAt) !== undefined
    },
    ids: () => [...entries.keys()],
    factsOf(device) {
      const { type, labels, settings } = entries.get(device)?.known ?? unknownDevice
      return { type, labels, settings }
    },
    observe,
    recall(reading) {
      const entry = entries.get(reading.device)
      if (entry === undefined) return
      entry.lastSeen = Math.max(entry.lastSeen, reading.receivedAt)
      const slot = slotOf(entry, reading.metric, { value: reading, position: reading.position })
      if (slot !== null && slot.newest !== reading && reading.ts >= slot.newest.ts) nextValue(slot, reading, reading.position, reading.position)
    },
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
    async restore(reader) {
      // At once: what is not on disk by now is not going to be, and its positions are given to others.
      const onDisk = store.lastPosition()
      const kept = [...entries.values()].map((entry) => [entry.id, [...entry.metrics].map(([metric, slot]) => [metric, committedValue(slot, onDisk)] as const)] as const)
      const rows: [string, StoredDevice][] = []
      for await (const [id, json] of allRows(reader, 'device')) rows.push([id, JSON.parse(String(json)) as StoredDevice])
      entries = new Map()
      slots = []
      sorted = undefined
      for (const id of configured.ids) make(id, unknownDevice)
      for (const [id, stored] of rows) make(id, stored)
      // Last values are in no store of their own: after a commit that failed those of before are still the best there are.
      for (const [id, values] of kept) {
        const entry = entries.get(id)
        if (entry !== undefined) for (const [metric, value] of values) if (value !== null) slotOf(entry, metric, { value, position: onDisk })
      }
      view.replace([...entries.values()].map(summary))
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

function deviceOf(of: Omit<Device, 'metrics'>, { metrics }: Entry, pick: (values: LastValues) => LastValue | null): Device {
  const values = [...metrics].flatMap(([metric, slot]) => {
    const last = pick(slot)
    return last === null ? [] : [[metric, { value: last.value, unit: last.unit ?? null, ts: last.ts, quality: last.quality }] as const]
  })
  // A metric may be called __proto__; fromEntries makes it an ordinary member.
  return { ...of, metrics: Object.fromEntries(values) }
}

function summary({ id, stored, known, lastSeen }: Entry): Omit<Device, 'metrics'> {
  return { id, ...known, status: stored.status, firstSeen: stored.firstSeen, lastSeen }
}

/** Index of the first whose id is greater than `after`. */
function firstAfter<T>(items: readonly T[], after: string, idOf: (item: T) => string): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (idOf(items[middle]!) <= after) low = middle + 1
    else high = middle
  }
  return low
}
