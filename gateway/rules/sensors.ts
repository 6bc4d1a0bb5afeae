import type { ConditionSink } from '../kernel/condition.ts'
import type { Times } from '../kernel/contracts.ts'
import type { Reading } from '../kernel/reading.ts'
import type { SensorCheck, SeriesState } from './cell.ts'
import type { FactTable } from './facts.ts'

/** Bits of SeriesState.faults. */
export const outOfRange = 1

/** Sensors and clocks that cannot be right: technical alarms of their own. */
export interface Sensors {
  checkOf(device: string, metric: string): SensorCheck | null
  /** A good sample of a series with a check: is it to be believed? */
  take(series: SeriesState, reading: Reading, times: Times): boolean
  /** A reading came with a time of its own that is, or is not, too far from its receipt. */
  clock(device: string, suspect: boolean, times: Times): void
}

export function createSensors({ facts, sink }: { readonly facts: FactTable; readonly sink: ConditionSink }): Sensors {
  return {
    checkOf(device, metric) {
      const { metrics } = facts.get(device).settings
      if (typeof metrics !== 'object' || metrics === null || !Object.hasOwn(metrics, metric)) return null
      const { min = -Infinity, max = Infinity } = (metrics as Record<string, Partial<SensorCheck>>)[metric]!
      return min === -Infinity && max === Infinity ? null : { min, max }
    },
    take(series, { value }, times) {
      const { device, metric } = series
      const { min, max } = series.sensor!
      const inside = typeof value !== 'number' || (value >= min && value <= max)
      if (inside === ((series.faults & outOfRange) === 0)) return inside
      series.faults ^= outOfRange
      const message = inside ? `${metric} of ${device} is plausible again` : `${metric} of ${device} is ${String(value)}, outside ${min}…${max}: no value a sensor can give`
      sink.technical({ rule: 'technical.range', key: `${device}.${metric}`, device, metric, active: !inside, message, value }, times)
      return inside
    },
    clock(device, suspect, times) {
      if (facts.isSuspect(device) === suspect) return
      facts.setSuspect(device, suspect)
      const message = suspect ? `the clock of ${device} is more than a minute off; its readings count by the time of receipt` : `the clock of ${device} is right again`
      sink.technical({ rule: 'technical.clock-suspect', key: device, device, metric: null, active: suspect, message }, times)
    },
  }
}
