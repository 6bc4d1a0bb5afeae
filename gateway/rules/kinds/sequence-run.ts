import type { SequenceSpec } from './sequence.schema.ts'

/** What one message was, for a sequence: the steps it meets, as bits. */
export interface Happening {
  /** Event time, wall ms. */
  readonly time: number
  /** Messages are counted: of two at one time the earlier came first. */
  readonly n: number
  readonly steps: number
}

/** How far a sequence has come, in the order of event times. Plain data. */
export interface Run {
  /** Of each step that is not negated: when the newest attempt that has come so far began; null: none has. */
  readonly began: (number | null)[]
  /** All but the negated steps at the end are done: when that attempt began. The oldest stays. */
  pending: number | null
}

/** The steps of a sequence, made ready. */
export interface Plan {
  readonly withinMs: number
  /** Bits: of each step that is not negated its own, and the negated ones between it and the next. */
  readonly stages: readonly { readonly step: number; readonly not: number }[]
  /** Bits of the negated steps at the end; 0: there are none. */
  readonly ending: number
}

export function planOf({ steps, withinMs }: Pick<SequenceSpec, 'steps' | 'withinMs'>): Plan {
  const stages: { step: number; not: number }[] = []
  for (const [i, { negated }] of steps.entries()) {
    if (negated) stages.at(-1)!.not |= 1 << i
    else stages.push({ step: 1 << i, not: 0 })
  }
  return { withinMs, stages, ending: stages.at(-1)!.not }
}

export function createRun({ stages }: Plan): Run {
  return { began: stages.map(() => null), pending: null }
}

/** Takes the next happening; true: with it the last step is done, and the next attempt begins anew. */
export function step(run: Run, { stages, withinMs, ending }: Plan, { time, steps }: Happening): boolean {
  const { began } = run
  const last = stages.length - 1
  // Before the first that had a time of its own nothing was put in order: what happened earlier ends and follows nothing.
  if ((steps & ending) !== 0 && !(run.pending !== null && time < run.pending)) run.pending = null
  // From the last to the first: one message is one step at most.
  for (let i = last; i >= 0; i--) {
    const { step: own, not } = stages[i]!
    // A negated step ends what waits for the next; that one itself, in the same message, was taken before.
    if ((steps & not) !== 0) began[i] = null
    if ((steps & own) === 0) continue
    const begun = i === 0 ? time : began[i - 1]!
    if (begun === null || time < begun || time - begun > withinMs) continue
    if (i < last) began[i] = begun
    else {
      began.fill(null)
      // What completes one attempt may begin the next.
      if (last > 0 && (steps & stages[0]!.step) !== 0) began[0] = time
      if (ending === 0) return true
      run.pending ??= begun
      return false
    }
  }
  return false
}

/** When the time is up for what only waits for its end; Infinity: nothing does. */
export function dueOf({ pending }: Run, { withinMs }: Plan): number {
  return pending === null ? Infinity : pending + withinMs
}

export function copyRun({ began, pending }: Run): Run {
  return { began: [...began], pending }
}

/** The newest beginning there is, -Infinity: none. */
export function newestOf({ began, pending }: Run): number {
  return Math.max(...began.map((begun) => begun ?? -Infinity), pending ?? -Infinity)
}

export function shiftRun(run: Run, byMs: number): void {
  for (const [i, begun] of run.began.entries()) if (begun !== null) run.began[i] = begun + byMs
  if (run.pending !== null) run.pending += byMs
}
