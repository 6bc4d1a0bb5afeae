import type { Kind, SignalCondition, Verdict } from '../kind.ts'
import { normal, plainLevels, unfit } from '../kind.ts'
import { compileComparison } from './comparison.schema.ts'
import type { LevelName, LevelSpec } from './level.schema.ts'

/** Verdicts: how far out, 1 or 2; 2 more on the low side. */
const hi = 1
const hihi = 2
const lo = 3
const lolo = 4
const names: readonly (LevelName | null)[] = [null, 'hi', 'hihi', 'lo', 'lolo']

/** Raises at x ≥ hi, returns at x < hi − hysteresis; lo mirrored. Also `equals`. */
export const level: Kind = {
  name: 'level',
  compile(rule) {
    const spec = rule.when.spec as LevelSpec
    return spec.form === 'limits' ? limits(spec) : equals(spec.equals)
  },
}

function limits({ limits: given, hysteresis }: Extract<LevelSpec, { form: 'limits' }>): SignalCondition {
  // A limit that is not given is one that nothing reaches.
  const high = given.hi ?? Infinity
  const higher = given.hihi ?? Infinity
  const low = given.lo ?? -Infinity
  const lower = given.lolo ?? -Infinity
  // Hysteresis counts only once active, and then for every level up to the active one.
  const stayHigh = high - hysteresis
  const stayHigher = higher - hysteresis
  const stayLow = low + hysteresis
  const stayLower = lower + hysteresis
  const limitOf = [null, given.hi ?? null, given.hihi ?? null, given.lo ?? null, given.lolo ?? null]
  return {
    ...plain,
    judge(sample, { active }) {
      const x = sample.value
      if (typeof x !== 'number' || !Number.isFinite(x)) return unfit
      // The outermost limit crossed wins.
      if (x >= higher) return hihi
      if (x <= lower) return lolo
      switch (active) {
        case normal:
          return x >= high ? hi : x <= low ? lo : normal
        case hihi:
          return x >= stayHigher ? hihi : x >= stayHigh ? hi : x <= low ? lo : normal
        case lolo:
          return x <= stayLower ? lolo : x <= stayLow ? lo : x >= high ? hi : normal
        case hi:
          return x >= stayHigh ? hi : x <= low ? lo : normal
        default:
          return x <= stayLow ? lo : x >= high ? hi : normal
      }
    },
    levelOf: (verdict) => names[verdict] ?? null,
    verdictOf: (name) => Math.max(normal, names.indexOf(name as LevelName | null)),
    limitOf: (verdict) => limitOf[verdict] ?? null,
    isUp,
  }
}

/** Further out, or on the other side: that is a new danger, whatever the distance. */
function isUp(from: Verdict, to: Verdict): boolean {
  return from >= lo !== to >= lo || to > from
}

function equals(wanted: number | boolean | string): SignalCondition {
  const meets = compileComparison({ eq: wanted })
  return {
    ...plain,
    ...plainLevels,
    judge(sample) {
      const is = meets(sample.value)
      if (is === undefined) return unfit
      return is ? hi : normal
    },
    limitOf: (verdict) => (verdict === normal ? null : wanted),
  }
}

const plain = { form: 'signal', scope: 'series', order: 'newest', expires: true, create: () => null } as const
