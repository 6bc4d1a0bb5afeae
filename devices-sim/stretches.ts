import { between, smooth, uniform } from './random.ts'

/** A span of simulated time in which something is different. Milliseconds since the start. */
export interface Stretch<K extends string> { readonly kind: K; readonly fromMs: number; readonly toMs: number }

export interface StretchPlan<K extends string> {
  readonly seed: number
  /** Whose: makes the plans of two devices different. */
  readonly key: string
  /** What can happen; in the first cycle device `index` gets kind `index`, so that a short look shows them all. */
  readonly kinds: readonly K[]
  readonly index: number
  /** One stretch in each cycle. */
  readonly cycleMs: number
  /** When it begins in the first cycle, and how long stretches last. */
  readonly firstAtMs: number
  readonly lastsMs: readonly [shortest: number, longest: number]
}

/** The stretch of the cycle in which `tMs` lies, whether or not `tMs` is inside it. Pure. */
export function stretchAround<K extends string>(plan: StretchPlan<K>, tMs: number): Stretch<K> | undefined {
  if (plan.kinds.length === 0) return undefined
  const cycle = Math.max(0, Math.floor(tMs / plan.cycleMs))
  const key = `${plan.key}:${cycle}`
  const lasts = between(plan.seed, `${key}:lasts`, plan.lastsMs)
  const first = cycle === 0
  const index = first ? plan.index % plan.kinds.length : Math.floor(uniform(plan.seed, `${key}:kind`) * plan.kinds.length)
  const offset = first ? Math.min(plan.firstAtMs, plan.cycleMs - lasts) : uniform(plan.seed, `${key}:at`) * (plan.cycleMs - lasts)
  const fromMs = cycle * plan.cycleMs + Math.max(0, offset)
  return { kind: plan.kinds[index]!, fromMs, toMs: fromMs + lasts }
}

/** How strong it is at `tMs`, 0 to 1: comes and goes over `rampMs`. */
export function strength(stretch: Stretch<string> | undefined, tMs: number, rampMs: number): number {
  if (stretch === undefined) return 0
  return Math.min(smooth((tMs - stretch.fromMs) / rampMs), smooth((stretch.toMs - tMs) / rampMs))
}

export function isInside(stretch: Stretch<string> | undefined, tMs: number): boolean {
  return stretch !== undefined && tMs >= stretch.fromMs && tMs < stretch.toMs
}
