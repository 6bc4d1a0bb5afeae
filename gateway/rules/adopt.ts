import type { Times } from '../kernel/contracts.ts'
import type { Bindings } from './bindings.ts'
import type { RuleRuntime } from './cell.ts'
import { ownUnknown, restored, told } from './cell.ts'
import type { Cells } from './cells.ts'
import type { FactTable } from './facts.ts'
import { normal } from './kind.ts'
import { leadOff, outOfRange, stuck } from './sensors.ts'

/** An alarm that came back without the rules' own state. */
export interface Standing {
  readonly rule: string
  readonly key: string
  readonly device: string | null
  readonly metric: string | null
  readonly level: string | null
  readonly quality: 'good' | 'unknown'
}

export interface AdoptParts {
  readonly runtimes: ReadonlyMap<string, RuleRuntime>
  readonly cells: Cells
  readonly bindings: Bindings
  readonly facts: FactTable
  readonly times: Times
}

/** What the alarm says is the state from now on. False: nothing can say so any more, and nothing would ever end it. */
export function adopt(alarm: Standing, parts: AdoptParts): boolean {
  return alarm.rule.startsWith('technical.') ? adoptFinding(alarm, parts) : adoptCell(alarm, parts)
}

/** Its condition is true until a sample says otherwise. */
function adoptCell({ rule, key, device, metric, level, quality }: Standing, { runtimes, cells, bindings, facts, times: { at } }: AdoptParts): boolean {
  const runtime = runtimes.get(rule)
  if (runtime === undefined || (device !== null && runtime.rule.key === 'device' && !concernsDevice(runtime, device, facts))) return false
  const cell = bindings.cell(runtime, { key, device: runtime.rule.key === 'device' ? device : null, metric }, at)
  cell.active = runtime.condition.verdictOf(level)
  if (cell.active === normal) return false
  cell.flags |= restored | told | (quality === 'unknown' ? ownUnknown : 0)
  if (runtime.condition.form === 'joint') runtime.condition.stays?.(cell, at)
  cells.follow(cell)
  return true
}

function concernsDevice({ inputs, events, hears }: RuleRuntime, device: string, facts: FactTable): boolean {
  return inputs.some(({ selector }) => selector.matchesDevice(device, facts)) || (events.length > 0 && hears(device, facts))
}

/** What was found of a series, a device or a rule. The gateway's own are told anew by whoever finds them. */
function adoptFinding({ rule, key, device, metric }: Standing, { runtimes, bindings, facts, times: { at } }: AdoptParts): boolean {
  switch (rule) {
    case 'technical.stale': {
      const series = device === null || metric === null ? undefined : bindings.ensure(device, metric, at)
      if (series !== undefined) series.stale = true
      return series !== undefined
    }
    case 'technical.range':
    case 'technical.flat':
    case 'technical.lead-off': {
      const series = device === null || metric === null ? undefined : bindings.ensure(device, metric, at)
      const sensor = series?.sensor ?? null
      const isLookedAt = sensor !== null && (rule === 'technical.flat' ? sensor.flat !== null : rule === 'technical.lead-off' ? sensor.leadOff !== undefined : sensor.min > -Infinity || sensor.max < Infinity)
      if (isLookedAt) series!.faults |= rule === 'technical.flat' ? stuck : rule === 'technical.lead-off' ? leadOff : outOfRange
      return isLookedAt
    }
    case 'technical.offline':
      facts.setOffline(key, at)
      return true
    case 'technical.clock-suspect':
      facts.setSuspect(key, true)
      return true
    case 'technical.rule':
      return runtimes.get(key)?.fault !== undefined
    default:
      return true
  }
}
