import { devicesAt, rulesAt } from './backtest-known.ts'
import { createLogBacktest } from './backtest-log.ts'
import { warmUpMs } from './backtest-warm-up.ts'
import type { BacktestSummary, LogLine } from './kernel/backtest.ts'
import type { ConfiguredDevices } from './kernel/configured-devices.ts'
import type { DeviceFacts, Times } from './kernel/contracts.ts'
import type { Rule } from './kernel/rule.ts'
import { isStageMark } from './stage-marks.ts'
import type { LogFile, LogPlace } from './store/log-file.ts'
import type { SeriesName } from './store/row.ts'

export interface LogRunOptions {
  /** Tried instead of those of the log. */
  readonly rules: readonly Rule[] | undefined
  /** Wall ms: [from, to). */
  readonly from: number
  readonly to: number
  /** What the configuration says of devices. */
  readonly configured: ConfiguredDevices
  /** Of the rules given only, and quickly: what does not concern them is not read, and devices are taken to be at the beginning what they are now. */
  readonly alone?: {
    readonly series: (name: SeriesName) => boolean
    readonly events: boolean
    /** The gateway lives: its time went on to this wall time. */
    readonly nowMs: number
  } | undefined
}

export interface LogRun {
  /** The output, in chunks, some of them empty. */
  lines(): Iterable<readonly LogLine[]>
  /** Once all lines were taken, or of what was taken until then. */
  summary(): BacktestSummary
  readings(): number
  /** Event time of the earliest of them, none before `from`. */
  firstReadingMs(): number | undefined
  /** How much of the whole is done. */
  share(): number
  /** Wall time that was reached; `to` (or the log's end) once all is done. */
  wallMs(): number
  /** Rules that threw, with the reason. */
  faulty(): ReadonlyMap<string, string>
  /** Wall time where the log begins, if retention took what was before: what windows, delays and alarms were then is not known. */
  readonly beginsAt: number | undefined
}

interface Entrance {
  readonly position: number
  readonly since: Times
  /** Those that run there, where the log's own run and it does not say which. */
  readonly running?: readonly Rule[]
  readonly devices?: ReadonlyMap<string, DeviceFacts>
  readonly offline?: ReadonlySet<string>
  readonly beginsAt?: number
}

/** What was received before the span's end may have been committed so much later. */
const commitMs = 5_000
const noSeries = { series: () => false, events: false }

/**
 * Goes through the log of a data directory. With the log's own rules it begins at the log's beginning, whatever `from` is, so that windows,
 * delays and alarms are what they were, and shows what lies in the span; other rules begin some time before `from`, so that their windows are full.
 */
export function runOverLog(log: LogFile, options: LogRunOptions): LogRun {
  const { rules, from, to, alone } = options
  const last = log.lastPosition()
  const start = entrance(log, options)
  const end = to === Infinity ? last : alone === undefined ? log.positionAt(to, 'last') : log.placeAt(to, 'last').position
  const upTo = to === Infinity ? last : alone === undefined ? log.positionAt(to + commitMs, 'last') : log.placeAt(to + commitMs, 'last').position
  const test = createLogBacktest({ ...start, rules, alone: alone !== undefined, from, to })
  let [reached, isDone] = [start.position, false]

  /** Up to when time went on, as far as that is known, after the last entry that counts. */
  function goesOnUntil(): number | undefined {
    if (to === Infinity) return undefined
    for (const { entries } of log.entries({ after: reached, ...noSeries })) {
      for (const entry of entries) {
        if (entry.kind !== 'mark' || !isStageMark(entry.mark)) continue
        // While it was down no time passed.
        return entry.mark.kind === 'start' ? Math.min(to, entry.mark.aliveWallMs ?? -Infinity) : to
      }
      break
    }
    return reached < last ? to : alone === undefined ? undefined : Math.min(to, alone.nowMs)
  }

  return {
    *lines() {
      const query = alone === undefined ? {} : { series: alone.series, events: alone.events }
      all: for (const { entries, next } of log.entries({ after: start.position, upTo, ...query })) {
        for (const entry of entries) {
          if (!test.take(entry) && entry.position > end) break all
          reached = entry.position
        }
        reached = Math.max(reached, Math.min(next, end))
        yield test.lines()
      }
      test.end(goesOnUntil())
      isDone = true
      yield test.lines()
    },
    summary: () => test.summary(),
    readings: () => test.readings(),
    firstReadingMs: () => test.firstReadingMs(),
    share: () => (end <= start.position ? 1 : Math.min(1, (reached - start.position) / (end - start.position))),
    wallMs: () => (isDone && to < Infinity ? to : test.wallMs()),
    faulty: () => test.faulty(),
    beginsAt: start.beginsAt,
  }
}

function entrance(log: LogFile, { from, rules, alone, configured }: LogRunOptions): Entrance {
  const warmFrom = rules === undefined ? -Infinity : from - warmUpMs(rules)
  const { isWhole, ...first } = log.beginning()
  if (warmFrom <= first.wallMs) return isWhole ? { position: 0, since: firstTimes(log) } : enteredAt(log, { place: first, rules, configured })
  if (alone === undefined) return standingAt(log, log.positionAt(warmFrom, 'first'), isWhole ? new Map() : devicesAt(log, first.wallMs, configured))
  const { position, ...since } = log.placeAt(warmFrom, 'first')
  return { position, since, devices: devicesAt(log, warmFrom, configured) }
}

/** Retention took what was before: rules and devices are not in the log any more. */
function enteredAt(log: LogFile, { place: { position, ...since }, rules, configured }: { readonly place: LogPlace; readonly rules: readonly Rule[] | undefined; readonly configured: ConfiguredDevices }): Entrance {
  return { position, since, ...(rules === undefined ? { running: rulesAt(log, since.wallMs) } : {}), devices: devicesAt(log, since.wallMs, configured), beginsAt: since.wallMs }
}

/** The times of the first thing that has any: nothing before it depends on them. */
function firstTimes(log: LogFile): Times {
  for (const { entries } of log.entries(noSeries)) {
    for (const entry of entries) if (entry.kind === 'mark' && isStageMark(entry.mark)) return { at: entry.mark.at, wallMs: entry.mark.wallMs }
  }
  return { at: 0, wallMs: 0 }
}

/** What the marks up to a position say of the clock and the devices; `known`: those that were there before. */
function standingAt(log: LogFile, position: number, known: ReadonlyMap<string, DeviceFacts>): Entrance {
  const devices = new Map(known)
  const offline = new Set<string>()
  let since: Times | undefined
  for (const { entries } of log.entries({ upTo: position, ...noSeries })) {
    for (const entry of entries) {
      if (entry.kind !== 'mark' || !isStageMark(entry.mark)) continue
      const { mark } = entry
      since = { at: mark.at, wallMs: mark.wallMs }
      if (mark.kind === 'device') devices.set(mark.device, mark.facts)
      else if (mark.kind === 'presence' && !mark.online) offline.add(mark.device)
      else if (mark.kind === 'presence') offline.delete(mark.device)
    }
  }
  return { position, since: since ?? firstTimes(log), devices, offline }
}
