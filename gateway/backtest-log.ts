import { createAlarmStage } from './alarm-stage.ts'
import type { Summary } from './backtest-summary.ts'
import { createSummary } from './backtest-summary.ts'
import { nowhere } from './backtest-lines.ts'
import type { DeviceFacts, LogEntry, Times } from './kernel/contracts.ts'
import type { Rule } from './kernel/rule.ts'
import type { LogReplay } from './log-replay.ts'
import { createLogReplay } from './log-replay.ts'
import type { OutputLine } from './replay-lines.ts'
import { outputLine } from './replay-lines.ts'
import { kinds } from './rules/kinds.ts'

/** A line of output over the gateway's own log: with its wall time, since `at` is of the gateway's own making. */
export type LogLine = OutputLine & { readonly wallMs: number }

export interface LogBacktest {
  take(entry: LogEntry): readonly LogLine[]
  /** There is nothing more. */
  end(): readonly LogLine[]
  summary(): Summary
  readings(): number
  /** Of the last entry. */
  wallMs(): number
}

export interface LogBacktestOptions {
  readonly since: Times
  readonly rules?: readonly Rule[] | undefined
  /** What is known of devices there. */
  readonly devices?: ReadonlyMap<string, DeviceFacts>
}

/**
 * The live engine over the gateway's own log. Without `rules` those of the log run, edits and all, and the outcome is that of the
 * gateway itself; with them, these are tried instead. `since`: the times where the log is entered.
 */
export function createLogBacktest({ since, rules, devices = new Map() }: LogBacktestOptions): LogBacktest {
  const stage = createAlarmStage({ kinds }, { state: nowhere })
  const summary = createSummary()
  let out: LogLine[] = []
  const replay: LogReplay = createLogReplay(stage, {
    since,
    rules: [],
    keepRules: rules !== undefined,
    onTransitions(transitions) {
      for (const transition of transitions) {
        const line = { ...outputLine(transition), wallMs: transition.wallMs }
        summary.count(line)
        out.push(line)
      }
    },
  })
  if (rules !== undefined) stage.replaceRules(rules, since)
  for (const [device, facts] of devices) stage.deviceChanged(device, facts, since)

  function taken(): readonly LogLine[] {
    if (out.length === 0) return out
    const lines = out
    out = []
    return lines
  }

  return {
    take(entry) {
      replay.take(entry)
      return taken()
    },
    end() {
      replay.end()
      return taken()
    },
    summary: () => summary.close({ readings: replay.readings(), duplicates: 0, late: stage.lateReadings(), stateHash: stage.stateHash() }),
    readings: () => replay.readings(),
    wallMs: () => replay.times().wallMs,
  }
}
