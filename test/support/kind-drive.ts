import { formatProblem } from '../../gateway/kernel/problem.ts'
import type { Reading, Value } from '../../gateway/kernel/reading.ts'
import type { Rule } from '../../gateway/kernel/rule.ts'
import type { CellView, Moment, Shown, SignalCondition, Verdict } from '../../gateway/rules/kind.ts'
import { normal, unfit, unknown } from '../../gateway/rules/kind.ts'
import { kinds } from '../../gateway/rules/kinds.ts'
import { readRules } from '../../gateway/rules/load.ts'
import { kindSchemas } from '../../gateway/rules/schemas.ts'
import { createWatermark, moveWatermark, takeTime } from '../../gateway/rules/watermark.ts'

/** What was said, and when (monotonic ms). `late`: it was not asked. */
export interface Said {
  readonly at: number
  readonly verdict: Verdict | 'late'
  /** What an alarm would show, where that is not the sample. */
  readonly value: Value | undefined
}

export interface Sample {
  readonly value: Value
  /** Event time; left out: that of receipt. */
  readonly time?: number
  readonly quality?: Reading['quality']
  readonly unit?: string
}

/** One condition over one signal, driven as the engine does: order of samples, deadlines before inputs, the level it is at. */
export interface KindDrive {
  /** Gives what the sample made it say. What deadlines before it said is in `said`. */
  sample(at: number, sample: Sample | Value): Verdict | 'late'
  /** Lets time pass. */
  until(at: number): void
  /** The wall clock is set by so much. */
  setClock(byMs: number): void
  /** Everything so far; what deadlines said only where it was something new. */
  said(): readonly Said[]
  readonly cell: CellView
  readonly condition: SignalCondition
  shown(): Shown | undefined
  /** Saves and loads the memory, by way of a copy as a snapshot makes it. */
  saveAndLoad(): void
  /** Saved form of the memory. */
  saved(): unknown
}

/** `when` as in a rule file: `rate: { … }`. Monotonic time is wall time less `wallOffset`. */
export function driveKind(when: string, wallOffset = 0): KindDrive {
  const { rules, problems } = readRules(`- { id: r, on: { metric: m }, when: { ${when} } }`, 'rules.yaml', { kinds: kindSchemas, targets: new Set() })
  const [rule] = rules
  if (rule === undefined || problems.length > 0) throw new Error(problems.map(formatProblem).join('\n'))
  return driveRule(rule, wallOffset)
}

/** One cell of the rule; `for` and the rest of what stands beside `when` is not looked at. */
export function driveRule(rule: Rule, wallStart = 0): KindDrive {
  let wallOffset = wallStart
  const compiled = kinds.find(({ name }) => name === rule.when.kind)!.compile(rule)
  if (compiled.form !== 'signal') throw new Error(`${rule.when.kind} is about several signals`)
  const condition: SignalCondition = compiled
  const watermark = condition.order === 'watermark' ? createWatermark() : null
  const cell: { -readonly [K in keyof CellView]: CellView[K] } = { key: 'd', device: 'd', active: normal, deadline: Infinity, memory: condition.create(), watermark }
  const said: Said[] = []
  let newest = -Infinity

  function say(at: number, verdict: Verdict | 'late', always: boolean): void {
    if (verdict !== unknown && verdict !== 'late') cell.active = verdict
    const value = condition.shown?.(cell)?.value
    const before = said.at(-1)
    if (always || before?.verdict !== verdict || before.value !== value) said.push({ at, verdict, value })
  }

  function until(at: number): void {
    for (let steps = 0; cell.deadline <= at; steps++) {
      if (steps > 100_000) throw new Error(`its deadlines do not come to an end at ${at}`)
      const due = cell.deadline
      cell.deadline = Infinity
      say(due, condition.check!(cell, { at: due, wallMs: due + wallOffset, time: due + wallOffset }), false)
    }
  }

  function sample(at: number, given: Sample | Value): Verdict | 'late' {
    until(at)
    const { value, time = at + wallOffset, quality = 'good', unit } = typeof given === 'object' && given !== null ? given : { value: given }
    const moment: Moment = { at, wallMs: at + wallOffset, time }
    const reading: Reading = {
      series: { id: 0, device: 'd', metric: 'm', storedId: 0 }, value, quality, unit, ts: time, tsGiven: true, seq: undefined, receivedAt: moment.wallMs, k: 0,
    }
    const isLate = watermark !== null ? !takeTime(watermark, time, at) : condition.order === 'newest' && time < newest
    if (!isLate) newest = time
    const judged = isLate ? 'late' : quality === 'bad' && condition.order !== 'any' ? unknown : condition.judge(reading, cell, moment)
    // To whoever asks what is true, a wrong type is one more way not to know.
    const verdict = judged === unfit ? unknown : judged
    say(at, verdict, true)
    // What it had more to say of this moment.
    until(at)
    return verdict
  }

  return {
    sample,
    until,
    setClock(byMs) {
      wallOffset += byMs
      newest += byMs
      if (watermark !== null) moveWatermark(watermark, byMs)
      condition.clockSet?.(cell.memory, byMs)
    },
    said: () => said,
    cell,
    shown: () => condition.shown?.(cell),
    condition,
    saveAndLoad() {
      const copy = structuredClone(condition.save?.(cell.memory) ?? cell.memory)
      cell.memory = condition.load?.(copy) ?? copy
    },
    saved: () => structuredClone(condition.save?.(cell.memory) ?? cell.memory),
  }
}
