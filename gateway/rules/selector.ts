import type { DeviceRegistry } from '../kernel/device-contracts.ts'
import type { Selector } from '../kernel/rule.ts'
import { compileGlob, isGlob } from '../kernel/glob.ts'

/** What a rule needs to know of devices it selects by type or label. */
export type DeviceFacts = Pick<DeviceRegistry, 'labels' | 'type'>

/** A rule's `on`, made ready. */
export interface CompiledSelector {
  matchesDevice(device: string, facts: DeviceFacts): boolean
  matchesMetric(metric: string): boolean
  /** Does it fit by its id, whatever its type and labels? */
  matchesId(device: string): boolean
  /** Exactly this device or metric, where it is no pattern: the index finds the rule by it. */
  readonly device: string | undefined
  readonly metric: string | undefined
}

export function compileSelector(on: Selector): CompiledSelector {
  const metric = on.metric === undefined ? () => true : compileGlob(on.metric)
  const device = on.device === undefined ? () => true : compileGlob(on.device)
  const type = on.deviceType === undefined ? undefined : compileGlob(on.deviceType)
  const labels = Object.entries(on.label ?? {}).map(([name, pattern]) => ({ name, matches: compileGlob(pattern) }))
  return {
    matchesMetric: metric,
    matchesId: device,
    matchesDevice(id, facts) {
      if (!device(id)) return false
      if (type !== undefined && !type(facts.type(id) ?? '')) return false
      if (labels.length === 0) return true
      const own = facts.labels(id)
      // A missing label equals an empty one (delivery.md, "Notifications").
      return labels.every(({ name, matches }) => matches(Object.hasOwn(own, name) ? own[name]! : ''))
    },
    device: on.device === undefined || isGlob(on.device) ? undefined : on.device,
    metric: on.metric === undefined || isGlob(on.metric) ? undefined : on.metric,
  }
}
