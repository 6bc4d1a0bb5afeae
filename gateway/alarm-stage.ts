import { createHash } from 'node:crypto'
import type { Alarms } from './alarms/alarms.ts'
import { alarmSpace, createAlarms } from './alarms/alarms.ts'
import type { Transition } from './kernel/alarm.ts'
import type { StoreWriter, Times } from './kernel/contracts.ts'
import type { LiveAlarmStage } from './kernel/stage-contracts.ts'
import { hashPlain } from './kernel/hash-plain.ts'
import type { Timer } from './kernel/timer-heap.ts'
import { timerOrder } from './kernel/timer-heap.ts'
import type { RuleEngine } from './rules/engine.ts'
import type { SavedState } from './rules/engine-state.ts'
import { createRuleEngine } from './rules/engine.ts'
import type { Kind } from './rules/kind.ts'

export interface AlarmStageOptions {
  /** The table of kinds (rules/kinds.ts). */
  readonly kinds: readonly Kind[]
}

export interface AlarmStageDeps {
  /** For the alarms' rows. */
  readonly state: Pick<StoreWriter, 'put' | 'delete' | 'onDisk'>
}

/** The rules' state and the times it belongs to. */
export type SavedStage = SavedState & Times

type Due = Pick<Timer<unknown>, 'due' | 'rule' | 'key' | 'rank'>

const nothing: readonly Transition[] = []
/** The key of technical alarms of the gateway itself. */
const gatewayKey = 'gateway'

/**
 * Rules and alarms in one stage: what the rules find out goes through the state machine in the same turn. Deterministic:
 * it has no clock but the times it is given. Timers that are due fire before any input, so forgetting `advance` changes nothing.
 */
export function createAlarmStage(options: AlarmStageOptions, deps: AlarmStageDeps): LiveAlarmStage<SavedStage> {
  let out: Transition[] | undefined
  let alarms: Alarms
  /** While the log is read again the rules' state is made anew; the alarms have theirs in rows, and nobody is told twice. */
  let recalling = false
  /** Alarms came back and the rules' state did not. */
  let unadopted = false
  const engine: RuleEngine = createRuleEngine({
    kinds: options.kinds,
    sink: {
      change(change) {
        if (!recalling) alarms.change(change)
      },
      technical(finding, times) {
        if (!recalling) alarms.technical(finding, times)
      },
    },
  })
  alarms = createAlarms({
    state: deps.state,
    labelsOf: (device) => engine.labels(device),
    emit(transition) {
      if (out === undefined) out = [transition]
      else out.push(transition)
    },
  })
  /** The latest times given; monotonic time does not go back. */
  let now: Times = { at: 0, wallMs: 0 }
  let fired = 0

  function take(): readonly Transition[] {
    const taken = out
    out = undefined
    return taken ?? nothing
  }

  /** Monotonic time of a wall time. What fell due while the gateway was down, by a step of the clock or by an edit is due when that happened: not before `since`. */
  const monotonic = (wallMs: number, since: number): number => Math.max(wallMs - (now.wallMs - now.at), since)

  /** The next of all timers that are due by now, and when it fell due. */
  function nextOf(times: Times, since: number): { at: number; fire: (times: Times) => void } | undefined {
    let best: Due | undefined
    let bestAt = Infinity
    let bestFire: ((times: Times) => void) | undefined
    const consider = (due: Due | undefined, at: number, fire: (times: Times) => void): void => {
      if (due === undefined || at > times.at) return
      if (at > bestAt || (at === bestAt && timerOrder(best!, due) <= 0)) return
      best = due
      bestAt = at
      bestFire = fire
    }
    const timer = engine.nextTimer()
    if (timer !== undefined) consider(timer, timer.due, (t) => engine.fire(t))
    const gate = engine.nextGate()
    if (gate !== undefined) consider(gate, monotonic(gate.due, since), (t) => engine.fireGate(t))
    const expiry = recalling ? undefined : alarms.nextTimer()
    if (expiry !== undefined) {
      consider(expiry, monotonic(expiry.due, since), (t) => {
        fired++
        alarms.fireTimer(t)
      })
    }
    return bestFire === undefined ? undefined : { at: bestAt, fire: bestFire }
  }

  /** Fires what is due at or before `times`, in the order of time; of rule and key at the same time. */
  function enter(times: Times): void {
    const stepped = times.wallMs - times.at !== now.wallMs - now.at
    const since = stepped ? times.at : now.at
    now = times
    if (stepped) engine.clockStepped(times)
    for (let next = nextOf(times, since); next !== undefined; next = nextOf(times, since)) next.fire({ at: next.at, wallMs: times.wallMs - (times.at - next.at) })
  }

  function isDue({ at, wallMs }: Times): boolean {
    if (wallMs - at !== now.wallMs - now.at) return true
    const timer = engine.nextTimer()
    if (timer !== undefined && timer.due <= at) return true
    const gate = engine.nextGate()
    if (gate !== undefined && gate.due <= wallMs) return true
    const expiry = alarms.nextTimer()
    return expiry !== undefined && expiry.due <= wallMs
  }

  /** What a room is told of is taken in the order of time; while the log is read again alarms are not asked. */
  function through(times: Times, work: () => void): readonly Transition[] {
    enter(times)
    work()
    return take()
  }

  return {
    async restore({ store, saved, recall, resume }) {
      recalling = true
      try {
        engine.load(saved)
        now = saved === undefined ? resume.times : { at: saved.at, wallMs: saved.wallMs }
        await recall?.()
      } finally {
        recalling = false
        engine.renumbered()
      }
      await alarms.restore(store, { restart: resume.kind === 'start', rules: saved === undefined && recall === undefined ? undefined : engine.rules() })
      out = undefined
      unadopted = saved === undefined && recall === undefined
    },
    evaluate(readings, times) {
      if (isDue(times)) enter(times)
      now = times
      engine.evaluate(readings, times)
      return out === undefined ? nothing : take()
    },
    hear: (event, times) => through(times, () => engine.hear(event, times)),
    advance: (times) => through(times, () => {}),
    nextDue() {
      let due = engine.nextTimer()?.due ?? Infinity
      const gate = engine.nextGate()
      if (gate !== undefined) due = Math.min(due, monotonic(gate.due, now.at))
      const expiry = alarms.nextTimer()
      if (expiry !== undefined) due = Math.min(due, monotonic(expiry.due, now.at))
      return due
    },
    firings: () => fired + engine.firings(),
    act(action, times) {
      enter(times)
      if (recalling) return { ok: false, code: 'NOT_FOUND', reason: '', transitions: nothing }
      const outcome = alarms.act(action, times)
      return { ...outcome, transitions: take() }
    },
    replaceRules: (rules, times) => through(times, () => {
      const inOrder = [...rules].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
      if (!recalling) alarms.replaceRules(inOrder, times)
      engine.replaceRules(inOrder, times)
      if (recalling || !unadopted) return
      unadopted = false
      const standing = alarms.standing()
      for (const dropped of engine.adopt(standing, times)) alarms.retire(dropped, 'no rule concerns it any more', times)
    }),
    presence: (device, online, times) => through(times, () => engine.presence(device, online, times)),
    deviceChanged: (device, facts, times) => through(times, () => {
      for (const dropped of engine.device(device, facts, times)) if (!recalling) alarms.retire(dropped, 'the rule no longer concerns this device', times)
    }),
    factsOf: (device) => engine.facts(device),
    technical: ({ rule, active, message, key = gatewayKey, device = null, value = null }, times) => through(times, () => {
      if (!recalling) alarms.technical({ rule, key, device, metric: null, active, message, value }, times)
    }),
    resume: (resume) => {
      // The clock went on while nobody looked.
      now = resume.times
      if (!recalling) alarms.cameBack()
      engine.resume(resume)
      return through(resume.times, () => {})
    },
    times: () => now,
    rules: () => engine.rules(),
    save: () => ({ ...engine.save(), ...now }),
    needsHeartbeat: () => engine.countsUpTime(),
    faulty: () => engine.faulty(),
    lateReadings: () => engine.lateReadings(),
    eventsPassedOver: () => engine.eventsPassedOver(),
    stateHash() {
      const { run: _run, at: _at, wallMs: _wallMs, ...state } = engine.save()
      const hash = createHash('sha256')
      hashPlain(hash, state)
      for (const row of alarms.rows().map(([key, text]) => JSON.stringify([alarmSpace, key, text])).sort()) hash.update(`${row}\n`)
      return hash.digest('hex').slice(0, 32)
    },
    get: (id) => alarms.get(id),
    list: () => alarms.list(),
  }
}
