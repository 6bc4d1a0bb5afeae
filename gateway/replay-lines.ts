import type { OperatorVerb, Transition } from './kernel/alarm.ts'
import type { DeviceFacts, Resume, Times } from './kernel/contracts.ts'
import type { AlarmStage } from './kernel/stage-contracts.ts'
import { LimenError } from './kernel/errors.ts'
import type { Quality, Reading, Series, Value } from './kernel/reading.ts'
import { deviceOf } from './log-replay.ts'

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
  readonly stage: () => AlarmStage
  /** Kills the stage and brings it back from what it stored; gives what that entailed. Left out: it lives on with all that it knows. */
  readonly restart?: (resume: Extract<Resume, { kind: 'start' }>) => Promise<readonly Transition[]>
  /** Is this a redelivered reading? Remembers it if not. */
  readonly isDuplicate: (reading: Reading) => boolean
  /** What the configuration says of a device. */
  readonly factsOf?: (device: string) => DeviceFacts
}

export interface Replay {
  /** Takes one line; `at` must not fall. Throws BAD_INPUT on a line that cannot be read. A promise only where the line is a restart. */
  line(line: InputLine): readonly OutputLine[] | Promise<readonly OutputLine[]>
  counts(): { readonly readings: number; readonly duplicates: number }
}

const verbs: Readonly<Record<string, OperatorVerb>> = {
  ack: 'ack', reset: 'reset', shelve: 'shelve', unshelve: 'unshelve', suppress: 'suppress', unsuppress: 'unsuppress',
  outOfService: 'out-of-service', returnToService: 'return-to-service', comment: 'comment',
}
const noFacts: DeviceFacts = { type: null, labels: {}, settings: {} }
const nothing: readonly OutputLine[] = []

/**
 * Runs input lines through the stage with a virtual clock: wall time is `at` plus all steps of the clock so far. While the gateway is
 * down monotonic time stands still for the stage, as it does in life; the lines count it through.
 */
export function createReplay(deps: ReplayDeps): Replay {
  const series = new Map<string, Map<string, Series>>()
  let seriesCount = 0
  let stepMs = 0
  let downMs = 0
  let readings = 0
  let duplicates = 0
  let lastAt = -Infinity
  let downUntil = -Infinity

  const timesAt = (at: number): Times => ({ at: at - downMs, wallMs: at + stepMs })

  /** A device that is new is known before its first reading is evaluated. */
  function meet(device: string, times: Times): readonly Transition[] {
    if (series.has(device)) return []
    series.set(device, new Map())
    return deps.stage().deviceChanged(device, deps.factsOf?.(device) ?? noFacts, times)
  }

  function seriesOf(device: string, metric: string): Series {
    const metrics = series.get(device)!
    let one = metrics.get(metric)
    if (one === undefined) metrics.set(metric, (one = { id: seriesCount, device, metric, storedId: seriesCount++ }))
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
    const met = meet(line.device!, times)
    const fresh = []
    for (const [metric, given] of values) {
      const one = reading(line, { metric, given, times })
      if (deps.isDuplicate(one)) duplicates++
      else fresh.push(one)
    }
    readings += fresh.length
    const told = fresh.length === 0 ? deps.stage().advance(times) : deps.stage().evaluate(fresh, times)
    return met.length === 0 ? told : [...met, ...told]
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

  async function restart(at: number, lineDownMs: number): Promise<readonly OutputLine[]> {
    const alive = timesAt(at)
    downUntil = at + lineDownMs
    downMs += lineDownMs
    const resume = { kind: 'start', alive, times: timesAt(downUntil) } as const
    return shown(deps.restart === undefined ? deps.stage().resume(resume) : await deps.restart(resume))
  }

  const shown = (transitions: readonly Transition[]): readonly OutputLine[] =>
    transitions.length === 0 ? nothing : transitions.map((one) => (downMs === 0 ? outputLine(one) : { ...outputLine(one), at: one.at + downMs }))

  return {
    line(line) {
      if (typeof line.at !== 'number' || !Number.isFinite(line.at)) throw new LimenError('BAD_INPUT', `\`at\` is ${JSON.stringify(line.at)}; milliseconds are wanted`)
      if (line.at < downUntil) throw new LimenError('BAD_INPUT', `at ${line.at} the gateway is down until ${downUntil}`)
      if (line.at < lastAt) throw new LimenError('BAD_INPUT', `at ${line.at} comes after ${lastAt}; lines stand in rising order`)
      lastAt = line.at
      const times = timesAt(line.at)
      if (line.device !== undefined && line.do === undefined) {
        if (line.metric !== undefined) return shown(take(line, [[line.metric, line.value]], times))
        if (line.values !== undefined) return shown(take(line, Object.entries(line.values), times))
      }
      if (line.do !== undefined) return shown(act(line, times))
      if (line.event !== undefined) return shown(deps.stage().hear({ type: line.event, data: line.data, device: deviceOf(line.data) }, times))
      const fired = shown(deps.stage().advance(times))
      if (line.restart !== undefined) return restart(line.at, line.restart.downMs).then((after) => [...fired, ...after])
      if (line.wallClockStepMs === undefined) return fired
      stepMs += line.wallClockStepMs
      return [...fired, ...shown(deps.stage().advance(timesAt(line.at)))]
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
