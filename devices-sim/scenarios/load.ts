import { noFaults, rounded } from '../device.ts'
import type { Scenario } from '../device.ts'
import { noise } from '../random.ts'

/** So many connections share the devices, as hubs do. */
const connections = 50

/** Many plain sensors behind hubs, without faults: to see what a site's size asks of the gateway. For figures use the bench. */
export const load: Scenario = {
  name: 'load',
  defaultCount: 1_000,
  counts: 'devices',
  defaultRate: 1_000,
  devices: ({ seed, count }) => Array.from({ length: count }, (_, index) => {
    const id = `load-${String(index + 1).padStart(5, '0')}`
    return {
      id, connection: `load-hub-${(index % connections) + 1}`, actuators: [], faults: noFaults(seed, id),
      channels: [{ name: 'temperature', unit: 'Cel', everyMs: 1_000, read: (t) => rounded(21 + 3 * noise(seed, id, { tMs: t, periodMs: 30_000 }), 2) }],
    }
  }),
}
