import type { DeviceFacts } from './kernel/contracts.ts'
import type { Rule } from './kernel/rule.ts'
import { compileRule } from './rules/compile-rule.ts'
import { kinds } from './rules/kinds.ts'

/** What of a log rules may have to see. Types and labels of devices change, so that only what ids and metrics rule out is left out. */
export interface Concern {
  readonly series: (name: { readonly device: string; readonly metric: string }) => boolean
  readonly events: boolean
}

export function concernOf(rules: readonly Rule[], devices: Iterable<DeviceFacts>): Concern {
  const runtimes = rules.map((rule) => compileRule(rule, kinds))
  const selectors = runtimes.flatMap(({ inputs }) => inputs.map(({ selector }) => selector))
  const leads = leadsOf(devices)
  return {
    // A lead that is off makes what is measured with it doubtful.
    series: ({ device, metric }) => leads.has(metric) || selectors.some((selector) => selector.matchesMetric(metric) && selector.matchesId(device)),
    events: runtimes.some(({ events }) => events.length > 0),
  }
}

function leadsOf(devices: Iterable<DeviceFacts>): ReadonlySet<string> {
  const leads = new Set<string>()
  for (const { settings } of devices) {
    const metrics = Object.hasOwn(settings, 'metrics') ? settings['metrics'] : undefined
    if (typeof metrics !== 'object' || metrics === null) continue
    for (const { leadOff } of Object.values(metrics) as { leadOff?: unknown }[]) if (typeof leadOff === 'string') leads.add(leadOff)
  }
  return leads
}
