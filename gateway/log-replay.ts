import type { Transition } from './kernel/alarm.ts'
import type { LogEntry, Mark, Times } from './kernel/contracts.ts'
import type { AlarmStage } from './kernel/stage-contracts.ts'
import type { Reading, Series, StoredReading } from './kernel/reading.ts'
import type { Rule } from './kernel/rule.ts'
import type { StageMark } from './stage-marks.ts'
import { isStageMark, rulesAfter } from './stage-marks.ts'

export interface LogReplayOptions {
  /** The times of the last thing that is known to have gone before; needed where the log is entered in its middle. */
  readonly since: Times
  /** The rules that run there. */
  readonly rules: readonly Rule[]
  /** Marks of these kinds are passed over but for their times: other rules are tried on the log. */
  readonly without?: ReadonlySet<StageMark['kind']>
  readonly onTransitions?: (transitions: readonly Transition[]) => void
}

/** Goes through the log again: makes of its entries the calls that were made when they were written, with the same times. */
export interface LogReplay {
  take(entry: LogEntry): void
  /** There is nothing more: the last message is whole. */
  end(): void
  /** Time goes on to this wall time without an entry. */
  advance(wallMs: number): void
  /** Of the last entry. */
  times(): Times
  readings(): number
}

export function createLogReplay(stage: AlarmStage, options: LogReplayOptions): LogReplay {
  const { onTransitions = () => {}, without } = options
  const devices = new Map<string, Map<string, Series>>()
  let seriesCount = 0
  /** Wall time less monotonic time. */
  let offset = options.since.wallMs - options.since.at
  let times = options.since
  let rules = options.rules
  let message: Reading[] = []
  let heard: Times | undefined
  let readings = 0

  function seriesOf(device: string, metric: string): Series {
    let metrics = devices.get(device)
    if (metrics === undefined) devices.set(device, (metrics = new Map()))
    let series = metrics.get(metric)
    if (series === undefined) metrics.set(metric, (series = { id: seriesCount, device, metric, storedId: seriesCount++ }))
    return series
  }

  function evaluate(): void {
    if (message.length === 0) return
    const { receivedAt } = message[0]!
    times = { at: receivedAt - offset, wallMs: receivedAt }
    const transitions = stage.evaluate(message, times)
    message = []
    if (transitions.length > 0) onTransitions(transitions)
  }

  function takeReading(stored: StoredReading): void {
    if (stored.joined !== true) evaluate()
    readings++
    const { device, metric, value, quality, unit, ts, tsGiven, seq, receivedAt, k } = stored
    message.push({ series: seriesOf(device, metric), value, quality, unit, ts, tsGiven, seq, receivedAt, k })
  }

  function takeMark(mark: Mark): void {
    if (!isStageMark(mark)) return
    evaluate()
    if (without !== undefined && mark.kind === 'start') liveOn(mark)
    const { at, wallMs } = mark
    times = { at, wallMs }
    offset = wallMs - at
    const transitions = without?.has(mark.kind) === true ? stage.advance(times) : apply(mark)
    if (transitions.length > 0) onTransitions(transitions)
  }

  /** What of other rules fell due before the process died fired then; of those that ran the log has it. */
  function liveOn({ aliveAt, aliveWallMs }: Extract<StageMark, { kind: 'start' }>): void {
    if (aliveAt === null || aliveWallMs === null || aliveAt <= times.at) return
    const transitions = stage.advance({ at: aliveAt, wallMs: aliveWallMs })
    if (transitions.length > 0) onTransitions(transitions)
  }

  function apply(known: StageMark): readonly Transition[] {
    switch (known.kind) {
      case 'start': {
        const { aliveAt, aliveWallMs } = known
        return stage.resume({ kind: 'start', alive: aliveAt === null || aliveWallMs === null ? null : { at: aliveAt, wallMs: aliveWallMs }, times })
      }
      case 'clock':
      case 'advance':
        return stage.advance(times)
      case 'action': {
        const { kind: _kind, ok: _ok, at: _at, wallMs: _wallMs, ...action } = known
        return stage.act(action, times).transitions
      }
      case 'rules':
        rules = rulesAfter(rules, known)
        return stage.replaceRules(rules, times)
      case 'presence':
        return stage.presence(known.device, known.online, times)
      case 'device':
        return stage.deviceChanged(known.device, known.facts, times)
      case 'technical':
        return stage.technical(known.condition, times)
      case 'heard':
        heard = times
        return []
      case 'snapshot':
        return []
      default:
        return known satisfies never
    }
  }

  return {
    take(entry) {
      if (entry.kind === 'reading') return takeReading(entry.reading)
      if (entry.kind === 'mark') return takeMark(entry.mark)
      if (heard === undefined) return
      const { type, data } = entry.event
      const transitions = stage.hear({ type, data, device: deviceOf(data) }, heard)
      heard = undefined
      if (transitions.length > 0) onTransitions(transitions)
    },
    end: evaluate,
    advance(wallMs) {
      evaluate()
      if (wallMs <= times.wallMs) return
      times = { at: wallMs - offset, wallMs }
      const transitions = stage.advance(times)
      if (transitions.length > 0) onTransitions(transitions)
    },
    times: () => times,
    readings: () => readings,
  }
}

/** The device an application event says it is about. */
export function deviceOf(data: unknown): string | null {
  if (typeof data !== 'object' || data === null || !Object.hasOwn(data, 'device')) return null
  const { device } = data as { device: unknown }
  return typeof device === 'string' && device !== '' ? device : null
}
