import type { Priority } from './priority.ts'

/**
 * The gateway's own alarms (rules-and-alarms.md "Technical alarms"): `ack: auto`, priority low for a sensor,
 * medium for a device, high for the gateway. A rule with one of these ids overrides priority, ack, latch,
 * realarm, escalate, message, then and mode.
 */
export const technicalRules: Readonly<Record<`technical.${string}`, { readonly priority: Priority; readonly about: 'sensor' | 'device' | 'gateway' }>> = {
  'technical.stale': { priority: 'low', about: 'sensor' },
  'technical.flat': { priority: 'low', about: 'sensor' },
  'technical.range': { priority: 'low', about: 'sensor' },
  'technical.lead-off': { priority: 'low', about: 'sensor' },
  'technical.offline': { priority: 'medium', about: 'device' },
  'technical.clock-suspect': { priority: 'medium', about: 'device' },
  'technical.command': { priority: 'medium', about: 'device' },
  'technical.rule': { priority: 'high', about: 'gateway' },
  'technical.rules': { priority: 'high', about: 'gateway' },
  'technical.disk': { priority: 'high', about: 'gateway' },
  'technical.queue': { priority: 'high', about: 'gateway' },
  'technical.commit': { priority: 'high', about: 'gateway' },
  'technical.influx': { priority: 'high', about: 'gateway' },
  'technical.delivery': { priority: 'high', about: 'gateway' },
  'technical.dead-letters': { priority: 'high', about: 'gateway' },
  'technical.flows': { priority: 'high', about: 'gateway' },
}
