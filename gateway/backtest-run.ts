import type { LogLine } from './backtest-log.ts'
import { createLogBacktest } from './backtest-log.ts'
import type { Summary } from './backtest-summary.ts'
import type { DeviceFacts, Times } from './kernel/contracts.ts'
import type { Rule } from './kernel/rule.ts'
import { isStageMark } from './stage-marks.ts'
import type { LogFile } from './store/log-file.ts'

export interface LogRunOptions {
  /** Tried instead of those of the log. */
  readonly rules: readonly Rule[] | undefined
  /** Wall ms: [from, to). */
  readonly from: number
  readonly to: number
  /** Told between chunks; false ends it. */
  readonly progress?: (of: { readonly readings: number; readonly share: number; readonly wallMs: number }) => boolean
}

export interface LogRun {
  /** The output, in chunks. */
  lines(): Iterable<readonly LogLine[]>
  /** Once all lines were taken. */
  summary(): Summary
}

/**
 * Goes through the log of a data directory. With the log's own rules it begins at the log's beginning, whatever `from` is, so that windows,
 * delays and alarms are what they were, and shows what lies in the span; other rules begin at `from` with nothing.
 */
export function runOverLog(log: LogFile, { rules, from, to, progress = () => true }: LogRunOptions): LogRun {
  const first = log.firstPosition()
  const last = log.lastPosition()
  const start = rules === undefined || from === -Infinity ? 0 : log.positionAt(from)
  const end = to === Infinity ? last : log.positionAt(to)
  const { since, devices } = start === 0 ? { since: beginning(log), devices: new Map<string, DeviceFacts>() } : standingAt(log, start)
  const test = createLogBacktest({ since, rules, devices })

  function shown(lines: readonly LogLine[]): readonly LogLine[] {
    return lines.length === 0 || (from === -Infinity && to === Infinity) ? lines : lines.filter(({ wallMs }) => wallMs >= from && wallMs < to)
  }

  return {
    *lines() {
      let goesOn = true
      for (const { entries, next } of log.entries({ after: start })) {
        const out: LogLine[] = []
        for (const entry of entries) if (entry.position <= end) for (const line of shown(test.take(entry))) out.push(line)
        if (out.length > 0) yield out
        goesOn = progress({ readings: test.readings(), share: end === start ? 1 : Math.min(1, (next - Math.max(start, first)) / (end - Math.max(start, first))), wallMs: test.wallMs() })
        if (next >= end || !goesOn) break
      }
      const rest = shown(test.end())
      if (rest.length > 0) yield rest
    },
    summary: () => test.summary(),
  }
}

/** The times of the first thing that has any: nothing before it depends on them. */
function beginning(log: LogFile): Times {
  for (const { entries } of log.entries({ marksOnly: true })) {
    for (const entry of entries) if (entry.kind === 'mark' && isStageMark(entry.mark)) return { at: entry.mark.at, wallMs: entry.mark.wallMs }
  }
  return { at: 0, wallMs: 0 }
}

/** What the marks up to a position say of the clock and the devices. */
function standingAt(log: LogFile, position: number): { since: Times; devices: Map<string, DeviceFacts> } {
  const devices = new Map<string, DeviceFacts>()
  let since: Times = { at: 0, wallMs: 0 }
  for (const { entries, next } of log.entries({ marksOnly: true })) {
    for (const entry of entries) {
      if (entry.position > position || entry.kind !== 'mark' || !isStageMark(entry.mark)) continue
      since = { at: entry.mark.at, wallMs: entry.mark.wallMs }
      if (entry.mark.kind === 'device') devices.set(entry.mark.device, entry.mark.facts)
    }
    if (next >= position) break
  }
  return { since, devices }
}
