import { createAlarmStage } from './alarm-stage.ts'
import { nowhere } from './backtest-lines.ts'
import { createSummary } from './backtest-summary.ts'
import type { Transition } from './kernel/alarm.ts'
import type { BacktestSummary, LogLine } from './kernel/backtest.ts'
import type { DeviceFacts, LogEntry, Times } from './kernel/contracts.ts'
import type { Rule } from './kernel/rule.ts'
import type { LogReplay } from './log-replay.ts'
import { createLogReplay } from './log-replay.ts'
import { outputLine } from './replay-lines.ts'
import { kinds } from './rules/kinds.ts'
import { isStageMark } from './stage-marks.ts'
import type { StageMark } from './stage-marks.ts'

export interface LogBacktest {
  /** False: it is of a time after the span, and nothing that follows counts. */
  take(entry: LogEntry): boolean
  /** There is nothing more; `goesOnUntil`: but time went on, up to this wall time. */
  end(goesOnUntil?: number): void
  /** What was found since this was last asked. */
  lines(): readonly LogLine[]
  summary(): BacktestSummary
  /** Within the span. */
  readings(): number
  /** Event time of the earliest of them, none before `from`. */
  firstReadingMs(): number | undefined
  /** Of the last entry. */
  wallMs(): number
  /** Rules that threw, with the reason. */
  faulty(): ReadonlyMap<string, string>
}

export interface LogBacktestOptions {
  /** The times where the log is entered. */
  readonly since: Times
  /** Instead of those of the log. An alarm that they have up already at `from` is told as raised there. */
  readonly rules?: readonly Rule[] | undefined
  /** Those of the log that run there, where it does not say which. */
  readonly running?: readonly Rule[]
  /** Of the rules given only: nothing of what operators did about other alarms, nothing of the gateway's own conditions and of sensors. */
  readonly alone?: boolean
  /** What is known there: of devices, and which are offline. */
  readonly devices?: ReadonlyMap<string, DeviceFacts>
  readonly offline?: ReadonlySet<string>
  /** Wall ms, [from, to): what is told and counted. */
  readonly from: number
  readonly to: number
}

const nothing: readonly LogLine[] = []
const others: ReadonlySet<StageMark['kind']> = new Set(['rules'])
const othersAndActs: ReadonlySet<StageMark['kind']> = new Set(['rules', 'action', 'technical'])
const activeStates: ReadonlySet<string> = new Set(['unacked', 'acked'])

/**
 * The live engine over the gateway's own log. Without `rules` those of the log run, edits and all, and the outcome is that of the
 * gateway itself; with them, these are tried instead.
 */
export function createLogBacktest({ since, rules, running = [], alone = false, devices = new Map(), offline = new Set(), from, to }: LogBacktestOptions): LogBacktest {
  const stage = createAlarmStage({ kinds }, { state: nowhere })
  const summary = createSummary()
  const own = alone ? new Set(rules?.map(({ id }) => id)) : undefined
  /** What rules that are tried have up before the span begins. */
  let standing: Map<string, LogLine> | undefined = rules === undefined ? undefined : new Map()
  let before: { readonly readings: number; readonly late: number } | undefined
  let firstMs: number | undefined
  let out: LogLine[] = []

  const replay: LogReplay = createLogReplay(stage, { since, rules: running, onTransitions: tell, ...(rules === undefined ? {} : { without: alone ? othersAndActs : others }) })
  if (rules !== undefined || running.length > 0) tell(stage.replaceRules(rules ?? running, since))
  for (const [device, facts] of devices) tell(stage.deviceChanged(device, facts, since))
  for (const device of offline) tell(stage.presence(device, false, since))

  function tell(transitions: readonly Transition[]): void {
    for (const transition of transitions) {
      if (own !== undefined && !own.has(transition.alarm.rule)) continue
      const line = { ...outputLine(transition), wallMs: transition.wallMs }
      if (line.wallMs < from) stand(line)
      else if (line.wallMs < to) {
        beginSpan()
        show(line)
      }
    }
  }

  function show(line: LogLine): void {
    summary.count(line)
    out.push(line)
  }

  function stand(line: LogLine): void {
    if (standing === undefined) return
    const name = `${line.rule}\0${line.key}`
    if (!activeStates.has(line.to)) standing.delete(name)
    else standing.set(name, standing.has(name) ? { ...line, at: standing.get(name)!.at, wallMs: standing.get(name)!.wallMs } : line)
  }

  /** What is up already, as raised at the beginning. */
  function beginSpan(): void {
    if (standing === undefined) return
    for (const line of standing.values()) {
      show({ ...line, at: line.at + (from - line.wallMs), wallMs: from, from: 'normal', event: 'raised', reason: `up since ${new Date(line.wallMs).toISOString()}` })
    }
    standing = undefined
  }

  function timeOf(entry: LogEntry): number | undefined {
    if (entry.kind === 'reading') return entry.reading.receivedAt
    return entry.kind === 'mark' && isStageMark(entry.mark) ? entry.mark.wallMs : undefined
  }

  const counts = (): { readings: number; late: number } => ({ readings: replay.readings(), late: stage.lateReadings() })

  return {
    take(entry) {
      const time = timeOf(entry)
      if (time !== undefined) {
        if (time >= to) return false
        if (before === undefined && time >= from) before = counts()
        if (entry.kind === 'reading' && time >= from) firstMs = Math.min(firstMs ?? Infinity, Math.max(entry.reading.ts, from))
      }
      replay.take(entry)
      return true
    },
    end(goesOnUntil) {
      replay.end()
      if (goesOnUntil !== undefined) replay.advance(goesOnUntil)
      beginSpan()
    },
    lines() {
      if (out.length === 0) return nothing
      const lines = out
      out = []
      return lines
    },
    summary() {
      const now = counts()
      const { readings, late } = before ?? now
      return summary.close({ readings: now.readings - readings, late: now.late - late, duplicates: 0, stateHash: stage.stateHash() })
    },
    readings: () => replay.readings() - (before?.readings ?? replay.readings()),
    firstReadingMs: () => firstMs,
    wallMs: () => replay.times().wallMs,
    faulty: () => stage.faulty(),
  }
}
