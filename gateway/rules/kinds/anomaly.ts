import type { CellView, Kind } from '../kind.ts'
import { normal, plainLevels, unfit, unknown } from '../kind.ts'
import { numberOf } from '../window/fold.ts'
import type { AnomalySpec } from './anomaly.schema.ts'

const fires = 1

/** What has been learned. */
interface Memory {
  /** Samples learned from. */
  count: number
  mean: number
  variance: number
}

/**
 * How far a sample is from an exponentially weighted mean, in its standard deviations, by the model before the sample. It
 * learns from what is not unusual only: neither while active, nor from a sample that fires. So a fault does not become the
 * rule, and the alarm returns when the value comes back to what was learned before.
 */
export const anomaly: Kind = {
  name: 'anomaly',
  compile(rule) {
    const { alpha, z, hysteresis, warmup, sigmaFloor, direction } = rule.when.spec as AnomalySpec

    function learn(memory: Memory, x: number): void {
      memory.count++
      // The first samples weigh alike, or the very first would for long weigh most.
      const weight = Math.max(alpha, 1 / memory.count)
      const distance = x - memory.mean
      memory.mean += weight * distance
      memory.variance = (1 - weight) * (memory.variance + weight * distance * distance)
    }

    return {
      ...plainLevels,
      form: 'signal',
      scope: 'series',
      order: 'newest',
      expires: true,
      create: (): Memory => ({ count: 0, mean: 0, variance: 0 }),
      judge(sample, { memory, active }: CellView<Memory>) {
        const x = numberOf(sample.value)
        if (x === undefined) return unfit
        if (memory.count < warmup) {
          learn(memory, x)
          return unknown
        }
        const distance = x - memory.mean
        const off = direction === 'both' ? Math.abs(distance) : direction === 'above' ? distance : -distance
        const sigma = Math.max(Math.sqrt(memory.variance), sigmaFloor)
        if (off >= (active === normal ? z : z - hysteresis) * sigma) return fires
        if (active === normal) learn(memory, x)
        return normal
      },
      // It moves with what is learned.
      limitOf: () => null,
    }
  },
}
