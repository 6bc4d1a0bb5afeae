import type { Shown, Verdict } from '../kind.ts'
import { normal, unknown } from '../kind.ts'
import type { Comparison } from './comparison.schema.ts'
import { compileComparison, relaxed } from './comparison.schema.ts'

const fires = 1

/** What a number that was worked out says; null is unknown. Hysteresis counts only once active. */
export function verdictsOf(comparison: Comparison, hysteresis: number): (value: number | null, active: Verdict) => Verdict {
  const raises = compileComparison(comparison)
  const stays = compileComparison(relaxed(comparison, hysteresis))
  return (value, active) => {
    if (value === null) return unknown
    return (active === normal ? raises : stays)(value) === true ? fires : normal
  }
}

/** It as an alarm shows it; messages give six digits of it. */
export function shownNumber(value: number | null): Shown {
  return value === null ? { value } : { value, text: String(Number(value.toPrecision(6))) }
}
