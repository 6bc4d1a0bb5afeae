import type { CellView, Kind } from '../kind.ts'
import { normal, plainLevels, unfit, unknown } from '../kind.ts'
import { compileComparison, limitOfComparison } from './comparison.schema.ts'
import type { NOfMSpec } from './n-of-m.schema.ts'

const fires = 1

/** The last m samples at the most, in the order of their event times; those of one time in the order they came. */
interface Memory {
  readonly times: number[]
  readonly truths: boolean[]
}

/**
 * n of the last m good samples. It does not wait for m: it fires as soon as n are true, and it is normal as soon as so many
 * are false that n cannot be. In between, while fewer than m have been seen, it is unknown.
 */
export const nOfM: Kind = {
  name: 'nOfM',
  compile(rule) {
    const { n, m, comparison } = rule.when.spec as NOfMSpec
    const meets = compileComparison(comparison)
    const limit = limitOfComparison(comparison)
    return {
      ...plainLevels,
      form: 'signal',
      scope: 'series',
      order: 'watermark',
      expires: true,
      startsOver: true,
      create: (): Memory => ({ times: [], truths: [] }),
      clockSet({ times }: Memory, byMs) {
        for (let i = 0; i < times.length; i++) times[i]! += byMs
      },
      judge(sample, { memory: { times, truths } }: CellView<Memory>, { time }) {
        const truth = meets(sample.value)
        if (truth === undefined) return unfit
        let i = times.length
        while (i > 0 && times[i - 1]! > time) i--
        times.splice(i, 0, time)
        truths.splice(i, 0, truth)
        if (times.length > m) {
          times.shift()
          truths.shift()
        }
        let held = 0
        for (const one of truths) if (one) held++
        if (held >= n) return fires
        return held + (m - truths.length) < n ? normal : unknown
      },
      limitOf: (verdict) => (verdict > 0 ? limit : null),
    }
  },
}
