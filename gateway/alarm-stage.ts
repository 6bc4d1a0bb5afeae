import { createHash } from 'node:crypto'
import type { Alarms } from './alarms/alarms.ts'
import { alarmSpace, createAlarms } from './alarms/alarms.ts'
import type { Transition } from './kernel/alarm.ts'
import type { LiveAlarmStage, StoreReader, StoreWriter, Times } from './kernel/contracts.ts'
import { timerOrder } from './kernel/timer-heap.ts'
import type { KnownDevices } from './rules/bindings.ts'
import type { RuleEngine } from './rules/engine.ts'
import { createRuleEngine } from './rules/engine.ts'
import type { Kind } from './rules/kind.ts'
import { readState } from './rules/recovery.ts'
import { ruleSpace } from './rules/state-rows.ts'

export interface AlarmStageOptions {
  /** The table of kinds (rules/kinds.ts). */
  readonly kinds: readonly Kind[]
}

export interface AlarmStageDeps {
  readonly state: Pick<StoreWriter, 'put' | 'delete' | 'onDisk'>
  /** Must be restored before the stage is: the rules count devices that are known, heard of or not. */
  readonly devices: KnownDevices
}

const nothing: readonly Transition[] = []
/** The key of technical alarms of the gateway itself. */
const gatewayKey = 'gateway'

/**
 * Rules and alarms in one stage: what the rules find out goes through the state machine in the same turn. Deterministic:
 * it has no clock but the times it is given. Timers that are due fire before any input, so forgetting `advance` changes nothing.
 */
export function createAlarmStage(options: AlarmStageOptions, deps: AlarmStageDeps): LiveAlarmStage {
  let out: Transition[] | undefined
  let alarms: Alarms
  const engine: RuleEngine = createRuleEngine({
    kinds: options.kinds,
    devices: deps.devices,
    state: deps.state,
    sink: { change: (change) => alarms.change(change), technical: (finding, times) => alarms.technical(finding, times) },
  })
  alarms = createAlarms({
    state: deps.state,
    labelsOf: (device) => deps.devices.labels(device),
    emit(transition) {
      if (out === undefined) out = [transition]
      else out.push(transition)
    },
  })
  /** The latest time given; monotonic time does not go back. */
  let now: Times = { at: 0, wallMs: 0 }

  function take(): readonly Transition[] {
    const taken = out
    out = undefined
    return taken ?? nothing
  }

  /** Fires what is due at or before `times`, in the order of time; of rule and key at the same time. */
  function fireDue(times: Times): void {
    for (;;) {
      const timer = engine.nextTimer()
      const expiry = alarms.nextExpiry()
      const timerAt = timer !== undefined && timer.due <= times.at ? timer.due : Infinity
      // Expiry is a wall time: what fell due while the gateway was down, or by a step of the clock, is due now.
      const expiryAt = expiry !== undefined && expiry.due <= times.wallMs ? Math.max(now.at, times.at - (times.wallMs - expiry.due)) : Infinity
      if (timerAt === Infinity && expiryAt === Infinity) break
      if (timerAt < expiryAt || (timerAt === expiryAt && timerOrder(timer!, expiry!) < 0)) engine.fire(moment(timerAt, times))
      else alarms.expire(moment(expiryAt, times))
    }
    now = times
  }

  function isDue(times: Times): boolean {
    const timer = engine.nextTimer()
    if (timer !== undefined && timer.due <= times.at) return true
    const expiry = alarms.nextExpiry()
    return expiry !== undefined && expiry.due <= times.wallMs
  }

  function enter(times: Times): void {
    retireOrphans(times)
    if (isDue(times)) fireDue(times)
    now = times
  }

  /** Alarms that came back with conditions that are no more. */
  function retireOrphans(times: Times): void {
    for (const orphan of engine.takeOrphans()) alarms.retire(orphan, 'no rule concerns it any more', times)
  }

  return {
    async restore(store: StoreReader, resume = { kind: 'start', alive: null, times: { at: 0, wallMs: 0 } }) {
      const state = await readState(store)
      await alarms.restore(store, resume.kind === 'start')
      out = undefined
      engine.restore(state, resume)
      now = resume.times
    },
    evaluate(readings, times) {
      if (isDue(times)) fireDue(times)
      now = times
      engine.evaluate(readings, times)
      return out === undefined ? nothing : take()
    },
    advance(times) {
      enter(times)
      return take()
    },
    nextDue() {
      const timer = engine.nextTimer()?.due ?? Infinity
      const expiry = alarms.nextExpiry()
      return expiry === undefined ? timer : Math.min(timer, Math.max(now.at, now.at + (expiry.due - now.wallMs)))
    },
    act(action, times) {
      enter(times)
      const outcome = alarms.act(action, times)
      return { ...outcome, transitions: take() }
    },
    replaceRules(rules, times) {
      enter(times)
      alarms.replaceRules(rules, times)
      engine.replaceRules(rules, times)
      retireOrphans(times)
      mend(times)
      return take()
    },
    presence(device, online, times) {
      enter(times)
      engine.presence(device, online, times)
      return take()
    },
    devicesChanged(device, times) {
      enter(times)
      for (const dropped of engine.devicesChanged(device, times)) alarms.retire(dropped, 'the rule no longer concerns this device', times)
      return take()
    },
    technical({ rule, active, message, key = gatewayKey, device = null, value = null }, times) {
      enter(times)
      alarms.technical({ rule, key, device, metric: null, active, message, value }, times)
      return take()
    },
    needsHeartbeat: () => engine.runningDelays() > 0,
    faulty: () => engine.faulty(),
    lateReadings: () => engine.lateReadings(),
    stateHash() {
      const rows = [
        ...engine.rows().map(([key, text]) => [ruleSpace, key, text] as const),
        ...alarms.rows().map(([key, text]) => [alarmSpace, key, text] as const),
      ]
      const hash = createHash('sha256')
      for (const row of rows.map((each) => JSON.stringify(each)).sort()) hash.update(`${row}\n`)
      return hash.digest('hex').slice(0, 32)
    },
    get: (id) => alarms.get(id),
    list: () => alarms.list(),
  }

  /** Rules that were faulty and are not any more, or are gone. */
  function mend(times: Times): void {
    const faulty = engine.faulty()
    for (const key of alarms.activeKeys('technical.rule')) {
      if (key === gatewayKey || faulty.has(key)) continue
      alarms.technical({ rule: 'technical.rule', key, device: null, metric: null, active: false, message: `rule ${key} is evaluated again` }, times)
    }
  }
}

function moment(at: number, times: Times): Times {
  return { at, wallMs: times.wallMs - (times.at - at) }
}
