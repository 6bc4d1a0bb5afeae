import { isFault, readTs } from './ingest/fields.ts'
import type { OperatorVerb, Transition } from './kernel/alarm.ts'
import type { BacktestLine } from './kernel/backtest.ts'
import type { DeviceFacts, Resume, Times } from './kernel/contracts.ts'
import type { AlarmStage } from './kernel/stage-contracts.ts'
import { LimenError } from './kernel/errors.ts'
import { deviceOf } from './log-replay.ts'
import type { ReadingLine } from './replay-readings.ts'
import { createReplayReadings, isName } from './replay-readings.ts'

/** One line of a backtest's input (interface.md, "Backtest input and output"). It comes from outside: nothing of it is certain but that it is an object. */
export interface InputLine extends ReadingLine {
  readonly at: number
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

export interface ReplayDeps {
  /** The stage as it is now; another one after a restart. */
  readonly stage: () => AlarmStage
  /** Kills the stage and brings it back from what it stored; gives what that entailed. Left out: it lives on with all that it knows. */
  readonly restart?: (resume: Extract<Resume, { kind: 'start' }>) => Promise<readonly Transition[]>
  /** What the configuration says of a device. */
  readonly factsOf?: (device: string) => DeviceFacts
}

export interface Replay {
  /** Takes one line; `at` must not fall. Throws BAD_INPUT on a line that cannot be read. A promise only where the line is a restart. */
  line(line: InputLine): readonly BacktestLine[] | Promise<readonly BacktestLine[]>
  /** A device of the configuration is known from the beginning, seen or not. */
  meet(device: string, at: number): readonly BacktestLine[]
  counts(): { readonly readings: number; readonly duplicates: number }
}

const verbs: Readonly<Record<string, OperatorVerb>> = {
  ack: 'ack', reset: 'reset', shelve: 'shelve', unshelve: 'unshelve', suppress: 'suppress', unsuppress: 'unsuppress',
  outOfService: 'out-of-service', returnToService: 'return-to-service', comment: 'comment',
}
/** One of these says what a line is. */
const signs = ['metric', 'values', 'event', 'do', 'restart', 'wallClockStepMs'] as const
/** Beyond it there are no dates. */
const latestMs = 8.6e15
const noFacts: DeviceFacts = { type: null, labels: {}, settings: {} }
const nothing: readonly BacktestLine[] = []

/**
 * Runs input lines through the stage with a virtual clock: wall time is `at` plus all steps of the clock so far. While the gateway is
 * down monotonic time stands still for the stage, as it does in life; the lines count it through.
 */
export function createReplay(deps: ReplayDeps): Replay {
  const readings = createReplayReadings()
  let stepMs = 0
  let downMs = 0
  let lastAt = -Infinity
  let downUntil = -Infinity

  const timesAt = (at: number): Times => ({ at: at - downMs, wallMs: at + stepMs })

  /** A device that is new is known before its first reading is evaluated. */
  function meet(device: unknown, times: Times): readonly Transition[] {
    if (!isName(device)) throw bad(`device: ${JSON.stringify(device)} is no name`, 'write e.g. "device":"bed-1"')
    const facts = deps.factsOf?.(device) ?? noFacts
    readings.meet(device, facts)
    return deps.stage().deviceChanged(device, facts, times)
  }

  function take(line: InputLine, times: Times): readonly Transition[] {
    const met = readings.knows(line.device!) ? [] : meet(line.device, times)
    const fresh = readings.of(line, times, line.at)
    const told = fresh.length === 0 ? deps.stage().advance(times) : deps.stage().evaluate(fresh, times)
    return met.length === 0 ? told : [...met, ...told]
  }

  function act(line: InputLine, times: Times): readonly Transition[] {
    const verb = Object.hasOwn(verbs, String(line.do)) ? verbs[line.do!] : undefined
    const key = line.key ?? line.device
    if (verb === undefined) throw bad(`do: ${JSON.stringify(line.do)} is none of ${Object.keys(verbs).join(', ')}`)
    if (!isName(line.rule) || !isName(key)) throw bad('an operator line needs `rule` and `device` or `key`', 'write e.g. {"at":5000,"do":"ack","rule":"spo2-low","device":"bed-1"}')
    const { note, oneShot, occurrence } = line
    const outcome = deps.stage().act({
      verb, rule: line.rule, key, by: text(line.by, 'by') ?? 'operator',
      ...(note === undefined ? {} : { note: text(note, 'note')! }), ...(line.until === undefined ? {} : { until: timeOf(line.until) }),
      ...(oneShot === undefined ? {} : { oneShot: flag(oneShot, 'oneShot') }), ...(occurrence === undefined ? {} : { occurrence: number(occurrence, 'occurrence') }),
    }, times)
    return outcome.transitions
  }

  async function restart(at: number, lineDownMs: number): Promise<readonly BacktestLine[]> {
    const alive = timesAt(at)
    downUntil = at + lineDownMs
    downMs += lineDownMs
    const resume = { kind: 'start', alive, times: timesAt(downUntil) } as const
    return shown(deps.restart === undefined ? deps.stage().resume(resume) : await deps.restart(resume))
  }

  const shown = (transitions: readonly Transition[]): readonly BacktestLine[] =>
    transitions.length === 0 ? nothing : transitions.map((one) => (downMs === 0 ? outputLine(one) : { ...outputLine(one), at: one.at + downMs }))

  /** What is no reading. */
  function other(line: InputLine, times: Times): readonly BacktestLine[] | Promise<readonly BacktestLine[]> {
    const said = signs.filter((name) => line[name] !== undefined)
    if (said.length > 1) throw bad(`the line says ${said.map((name) => `\`${name}\``).join(' and ')} at once`, 'write a line for each')
    const [what] = said
    switch (what) {
      case 'do':
        return shown(act(line, times))
      case 'event':
        if (!isName(line.event)) throw bad(`event: ${JSON.stringify(line.event)} is no type of an event`, 'write e.g. "event":"login.failed"')
        return shown(deps.stage().hear({ type: line.event, data: line.data, device: deviceOf(line.data) }, times))
      case 'restart': {
        const down = number(line.restart?.downMs, 'restart.downMs')
        if (down < 0) throw bad('restart.downMs is less than 0')
        within(line.at + down, line.at + down + stepMs)
        const fired = shown(deps.stage().advance(times))
        return restart(line.at, down).then((after) => [...fired, ...after])
      }
      case 'wallClockStepMs': {
        const fired = shown(deps.stage().advance(times))
        const step = number(line.wallClockStepMs, 'wallClockStepMs')
        within(line.at, line.at + stepMs + step)
        stepMs += step
        return [...fired, ...shown(deps.stage().advance(timesAt(line.at)))]
      }
      case 'metric':
      case 'values':
        throw bad('the reading has no `device`', 'write e.g. "device":"bed-1"')
      case undefined: {
        const [unknown] = Object.keys(line).filter((name) => name !== 'at')
        if (unknown === 'device') throw bad('the line names a device and says nothing of it', 'write "metric" and "value", or "values"')
        if (unknown !== undefined) throw bad(`\`${unknown.slice(0, 40)}\` says nothing here`, `a line has one of ${signs.join(', ')}, or \`at\` alone`)
        return shown(deps.stage().advance(times))
      }
      default:
        return what satisfies never
    }
  }

  return {
    line(given) {
      const line = isReading(given) ? given : withoutNulls(given)
      const { at } = line
      if (typeof at !== 'number' || !Number.isFinite(at)) throw bad(at === undefined ? 'the line has no `at`' : `\`at\` is ${JSON.stringify(at)}`, 'write milliseconds, e.g. "at":1500')
      if (at < downUntil) throw bad(`at ${at} the gateway is down until ${downUntil}`, 'leave out what nobody took in')
      if (at < lastAt) throw bad(`at ${at} comes after ${lastAt}`, 'lines stand in rising order of `at`; a device’s own time is `ts`')
      lastAt = at
      const times = timesAt(at)
      within(at, times.wallMs)
      if (line.metric !== undefined && line.values !== undefined) throw bad('the line says `metric` and `values` at once', 'write a line for each')
      if (line.device !== undefined && line.do === undefined && (line.metric !== undefined || line.values !== undefined)) return shown(take(line, times))
      return other(line, times)
    },
    meet: (device, at) => shown(meet(device, timesAt(at))),
    counts: () => readings.counts(),
  }
}

/** For certain: most lines are readings, and cost no more than that. */
function isReading({ device, metric, values, do: verb }: InputLine): boolean {
  return typeof device === 'string' && verb === undefined && (metric === undefined ? typeof values === 'object' && values !== null : typeof metric === 'string' && values === undefined)
}

/** A table that was written as lines has every member in each. Only the value of a reading may be null. */
function withoutNulls(line: InputLine): InputLine {
  if (!Object.values(line).includes(null)) return line
  return Object.fromEntries(Object.entries(line).filter(([name, said]) => said !== null || name === 'at' || (name === 'value' && typeof line.metric === 'string'))) as unknown as InputLine
}

export function outputLine({ at, event, from, alarm, reason }: Transition): BacktestLine {
  return {
    at, rule: alarm.rule, key: alarm.key, device: alarm.device, from, to: alarm.state, event, level: alarm.level, value: alarm.value,
    overlays: alarm.overlays, quality: alarm.quality, occurrence: alarm.occurrence, reason: reason ?? null,
  }
}

function within(at: number, wallMs: number): void {
  if (Math.abs(at) > latestMs || Math.abs(wallMs) > latestMs) throw bad(`the time would be ${Math.abs(at) > latestMs ? at : wallMs} ms, and there are no dates so far out`, 'write milliseconds, e.g. "at":1500')
}

function bad(message: string, remedy?: string): LimenError {
  return new LimenError('BAD_INPUT', message, remedy === undefined ? {} : { remedy })
}

function number(given: unknown, name: string): number {
  if (typeof given === 'number' && Number.isFinite(given)) return given
  throw bad(`${name}: ${JSON.stringify(given)} is no number`)
}

function flag(given: unknown, name: string): boolean {
  if (typeof given === 'boolean') return given
  throw bad(`${name}: ${JSON.stringify(given)} is neither true nor false`)
}

function text(given: unknown, name: string): string | undefined {
  if (given === undefined || typeof given === 'string') return given
  throw bad(`${name}: ${JSON.stringify(given)} is no text`)
}

function timeOf(given: number | string): number {
  if (typeof given === 'number') return number(given, 'until')
  const ms = readTs(given)
  if (ms === undefined || isFault(ms)) throw bad(`until: ${JSON.stringify(given)} is no time`, 'write milliseconds since 1970 or ISO 8601')
  return ms
}
