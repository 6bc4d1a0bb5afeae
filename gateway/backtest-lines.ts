import { createAlarmStage } from './alarm-stage.ts'
import type { BacktestLine, BacktestSummary } from './kernel/backtest.ts'
import type { DeviceFacts } from './kernel/contracts.ts'
import type { Rule } from './kernel/rule.ts'
import { createSummary } from './backtest-summary.ts'
import type { InputLine } from './replay-lines.ts'
import { createReplay, outputLine } from './replay-lines.ts'
import { kinds } from './rules/kinds.ts'

/** What of the state a backtest keeps: nothing, it is all in memory. */
export const nowhere = { put() {}, delete() {}, onDisk() {} } as const

export interface LinesBacktest {
  /** Takes one line; gives what it entails. A promise only where it is a restart. Throws BAD_INPUT. */
  line(line: InputLine): readonly BacktestLine[] | Promise<readonly BacktestLine[]>
  summary(): BacktestSummary
  readings(): number
}

const nothing: readonly BacktestLine[] = []

/** What is tried, and on which site. */
export interface LinesOptions {
  readonly rules: readonly Rule[]
  /** Devices that are known from the beginning: absence counts them though they were never seen. */
  readonly devices?: readonly string[]
  readonly factsOf?: (device: string) => DeviceFacts
}

/** The live engine with a virtual clock, over recorded input. */
export function createLinesBacktest({ rules, devices = [], factsOf }: LinesOptions): LinesBacktest {
  const stage = createAlarmStage({ kinds }, { state: nowhere })
  const summary = createSummary()
  const replay = createReplay({ stage: () => stage, ...(factsOf === undefined ? {} : { factsOf }) })
  let begun = false

  function counted(lines: readonly BacktestLine[]): readonly BacktestLine[] {
    for (const line of lines) summary.count(line)
    return lines
  }

  /** The rules are there from the first line on; one that cannot be carried out says so at once. */
  function begin(at: number): readonly BacktestLine[] {
    begun = true
    return [...devices.flatMap((device) => replay.meet(device, at)), ...stage.replaceRules(rules, { at, wallMs: at }).map(outputLine)]
  }

  return {
    line(line) {
      const first = begun || !Number.isFinite(line.at) ? nothing : begin(line.at)
      const out = replay.line(line)
      if (out instanceof Promise) return out.then((lines) => counted([...first, ...lines]))
      return first.length + out.length === 0 ? nothing : counted(first.length === 0 ? out : [...first, ...out])
    },
    summary: () => summary.close({ ...replay.counts(), late: stage.lateReadings(), stateHash: stage.stateHash() }),
    readings: () => replay.counts().readings,
  }
}
