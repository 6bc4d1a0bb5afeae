import type { OperatorVerb, Transition } from './kernel/alarm.ts'
import type { LiveAlarmStage, Resume, Times } from './kernel/contracts.ts'
import { LimenError } from './kernel/errors.ts'
import type { Quality, Reading, Series, Value } from './kernel/reading.ts'

/** One line of a backtest's input (interface.md, "Backtest input and output"). */
export interface InputLine {
  readonly at: number
  readonly device?: string
  readonly metric?: string
  readonly value?: unknown
  readonly values?: Readonly<Record<string, unknown>>
  readonly ts?: number | string
  readonly seq?: number
  readonly event?: string
  readonly data?: unknown
  readonly do?: string
  readonly rule?: string
  readonly key?: string
  readonly occurrence?: number
  readonly by?: string
  readonly note?: string
  readonly until?: number | string
  readonly oneShot?: boolean
  readonly restart?: { readonly downMs: number }
  readonly wallClockStepMs?: number
}

/** One line of its output. */
export interface OutputLine {
  readonly at: number
  readonly rule: string
  readonly key: string
  readonly device: string | null
  readonly from: string
  readonly to: string
  readonly event: string
  readonly level: string | null
  readonly value: Value
  readonly overlays: readonly string[]
  readonly quality: string
  readonly occurrence: number
  readonly reason: string | null
}

export interface ReplayDeps {
  /** The stage as it is now; another one after a restart. */
  readonly stage: () => LiveAlarmStage
  /** Kills the stage and brings it back from what it stored, its rules included; gives what that entailed. */
  readonly restart: (resume: Resume) => Promise<readonly Transition[]>
  /** Is this a redelivered reading? Remembers it if not. */
  readonly isDuplicate: (reading: Reading) => boolean
  /** A reading is about to be evaluated. */
  readonly seen?: (reading: Reading) => void
}

export interface Replay {
  /** Takes one line; `at` must not fall. Throws BAD_INPUT on a line that cannot be read. */
  line(line: InputLine): Promise<readonly OutputLine[]>
  counts(): { readonly readings: number; readonly duplicates: number }
}

const verbs: Readonly<Record<string, OperatorVerb>> = {
  ack: 'ack', reset: 'reset', shelve: 'shelve', unshelve: 'unshelve', suppress: 'suppress', unsuppress: 'unsuppress',
  outOfService: 'out-of-service', returnToService: 'return-to-service', comment: 'comment',
}

/** Runs input lines through the stage with a virtual clock: wall time is `at` plus all steps of the clock so far. */
export function createReplay(deps: ReplayDeps): Replay {
  const series = new Map<string, Series>()
  let stepMs = 0
  let readings = 0
  let duplicates = 0
  let downUntil = -Infinity

  function seriesOf(device: string, metric: string): Series {
    const name = `${device}\0${metric}`
    let one = series.get(name)
    if (one === undefined) series.set(name, (one = { id: series.size, device, metric, storedId: series.size }))
    return one
  }

  function reading(line: InputLine, { metric, given, times }: { metric: string; given: unknown; times: Times }): Reading {
    const { value, quality } = valueOf(given)
    const ts = line.ts === undefined ? times.wallMs : timeOf(line.ts, 'ts')
    return {
      series: seriesOf(line.device!, metric), value, quality, unit: undefined, ts, tsGiven: line.ts !== undefined, seq: line.seq, receivedAt: times.wallMs, k: 0,
    }
  }

  function take(line: InputLine, values: readonly (readonly [string, unknown])[], times: Times): readonly Transition[] {
    const fresh = []
    for (const [metric, given] of values) {
      const one = reading(line, { metric, given, times })
      if (deps.isDuplicate(one)) duplicates++
      else fresh.push(one)
    }
    readings += fresh.length
    for (const one of fresh) deps.seen?.(one)
    return deps.stage().evaluate(fresh, times)
  }

  function act(line: InputLine, times: Times): readonly Transition[] {
    const verb = Object.hasOwn(verbs, line.do!) ? verbs[line.do!] : undefined
    const key = line.key ?? line.device
    if (verb === undefined) throw new LimenError('BAD_INPUT', `do: ${JSON.stringify(line.do)} is none of ${Object.keys(verbs).join(', ')}`)
    if (line.rule === undefined || key === undefined) throw new LimenError('BAD_INPUT', 'an operator line needs `rule` and `device` or `key`')
    const outcome = deps.stage().act({
      verb, rule: line.rule, key, by: line.by ?? 'operator',
      ...(line.note === undefined ? {} : { note: line.note }), ...(line.until === undefined ? {} : { until: timeOf(line.until, 'until') }),
      ...(line.oneShot === undefined ? {} : { oneShot: line.oneShot }), ...(line.occurrence === undefined ? {} : { occurrence: line.occurrence }),
    }, times)
    return outcome.transitions
  }

  async function restart(downMs: number, alive: Times): Promise<readonly Transition[]> {
    const times = { at: alive.at + downMs, wallMs: alive.wallMs + downMs }
    downUntil = times.at
    const retired = await deps.restart({ kind: 'start', alive, times })
    return [...retired, ...deps.stage().advance(times)]
  }

  return {
    async line(line) {
      if (line.at < downUntil) throw new LimenError('BAD_INPUT', `at ${line.at} the gateway is down until ${downUntil}`)
      const before: Times = { at: line.at, wallMs: line.at + stepMs }
      const fired = deps.stage().advance(before)
      if (line.wallClockStepMs !== undefined) stepMs += line.wallClockStepMs
      const times: Times = { at: line.at, wallMs: line.at + stepMs }
      const device = line.device ?? ''
      let transitions: readonly Transition[] = []
      if (line.restart !== undefined) transitions = await restart(line.restart.downMs, times)
      else if (line.do !== undefined) transitions = act(line, times)
      else if (device !== '' && line.values !== undefined) transitions = take(line, Object.entries(line.values), times)
      else if (device !== '' && line.metric !== undefined) transitions = take(line, [[line.metric, line.value]], times)
      else transitions = deps.stage().advance(times)
      return [...fired, ...transitions].map(outputLine)
    },
    counts: () => ({ readings, duplicates }),
  }
}

export function outputLine({ at, event, from, alarm, reason }: Transition): OutputLine {
  return {
    at, rule: alarm.rule, key: alarm.key, device: alarm.device, from, to: alarm.state, event, level: alarm.level, value: alarm.value,
    overlays: alarm.overlays, quality: alarm.quality, occurrence: alarm.occurrence, reason: reason ?? null,
  }
}

function timeOf(given: number | string, name: string): number {
  const ms = typeof given === 'number' ? given : Date.parse(given)
  if (!Number.isFinite(ms)) throw new LimenError('BAD_INPUT', `${name}: ${JSON.stringify(given)} is no time`)
  return ms
}

/** JSON knows neither NaN nor infinities; they come as texts, and anything that is no scalar has bad quality. */
function valueOf(given: unknown): { value: Value; quality: Quality } {
  switch (typeof given) {
    case 'number':
    case 'boolean':
      return { value: given, quality: 'good' }
    case 'string':
      return given === 'NaN' || given === 'Infinity' || given === '-Infinity' ? { value: given, quality: 'bad' } : { value: given, quality: 'good' }
    default:
      return given === null || given === undefined ? { value: null, quality: 'good' } : { value: JSON.stringify(given), quality: 'bad' }
  }
}
