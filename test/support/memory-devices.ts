import type { Device } from '../../gateway/kernel/device-contracts.ts'
import type { Labels, Reading } from '../../gateway/kernel/reading.ts'
import type { KnownDevices } from '../../gateway/rules/bindings.ts'

export interface MemoryDevices extends KnownDevices {
  add(id: string, of?: { type?: string; labels?: Labels; metrics?: readonly string[] }): void
  observe(reading: Reading): void
}

/** The registry of devices as the rules see it, in memory. */
export function createMemoryDevices(): MemoryDevices {
  const devices = new Map<string, Device>()

  function add(id: string, { type, labels, metrics = [] }: { type?: string; labels?: Labels; metrics?: readonly string[] } = {}): void {
    const old = devices.get(id)
    const known = Object.fromEntries(metrics.map((metric) => [metric, { value: null, unit: null, ts: 0, quality: 'good' }]))
    devices.set(id, {
      id, type: type ?? old?.type ?? null, labels: labels ?? old?.labels ?? {}, settings: {}, status: 'unknown', firstSeen: 0, lastSeen: 0,
      metrics: { ...old?.metrics, ...known },
    })
  }

  return {
    add,
    observe: ({ series }) => {
      if (devices.get(series.device)?.metrics[series.metric] === undefined) add(series.device, { metrics: [series.metric] })
    },
    get: (id) => devices.get(id),
    list: ({ after = '', limit }) => [...devices.values()].filter(({ id }) => id > after).sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, limit),
    labels: (id) => devices.get(id)?.labels ?? {},
    type: (id) => devices.get(id)?.type ?? null,
  }
}
