import type { Alarm, AlarmEventName, OperatorAction, OperatorOutcome, Transition } from '../kernel/alarm.ts'
import { allRows } from '../kernel/all-rows.ts'
import { createCommittedView } from '../kernel/committed-view.ts'
import type { ConditionChange, TechnicalFinding } from '../kernel/condition.ts'
import type { AlarmView, StateWriter, StoreReader, StoreWriter, Times } from '../kernel/contracts.ts'
import type { Labels } from '../kernel/reading.ts'
import type { Rule } from '../kernel/rule.ts'
import type { Timer } from '../kernel/timer-heap.ts'
import { createTimerHeap } from '../kernel/timer-heap.ts'
import type { AlarmRecord } from './alarm-record.ts'
import { alarmOf, createRecord, priorityOf, recordOf, rowText } from './alarm-record.ts'
import type { CoreEvent, OverlayEvent } from './machine.ts'
import { clearEvent, overlayStep, step } from './machine.ts'
import { renderMessage } from './message.ts'
import { createOperatorDesk } from './operator-desk.ts'
import { longestShelvingMs } from './shelving.ts'
import { isTechnical, technicalRule } from './technical.ts'

export const alarmSpace = 'alarm'

export interface AlarmsDeps {
  readonly state: StateWriter & Pick<StoreWriter, 'onDisk'>
  readonly labelsOf: (device: string) => Labels
  /** Takes each transition, in order, in the turn in which it happens. */
  readonly emit: (transition: Transition) => void
}

/** Who did it and what they wrote; for a refusal, why. */
export interface Circumstances { readonly by?: string; readonly note?: string; readonly reason?: string; readonly levelUp?: boolean }

/** Alarm instances: one per rule and key. All methods are synchronous; each transition is stored and emitted within. */
export interface Alarms extends AlarmView {
  change(change: ConditionChange): void
  technical(finding: TechnicalFinding, times: Times): void
  act(action: OperatorAction, times: Times): OperatorOutcome
  /** The next overlay that expires; `due` is wall time. */
  nextExpiry(): Pick<Timer<unknown>, 'due' | 'rule' | 'key' | 'rank'> | undefined
  /** Ends exactly that one. */
  expire(times: Times): void
  /** Alarms whose rule is gone, or whose condition or mode changed, retire; technical rules among these override the built-in ones. */
  replaceRules(rules: readonly Rule[], times: Times): void
  retire(of: { rule: string; key: string }, reason: string, times: Times): void
  /** Keys of the alarms of this rule whose condition is true. */
  activeKeys(rule: string): readonly string[]
  /** Reads the alarms, replacing what is in memory. Announces nothing. `restart`: they are marked as having come back. */
  restore(store: StoreReader, restart: boolean): Promise<void>
  rows(): readonly (readonly [string, string])[]
}

export function createAlarms(deps: AlarmsDeps): Alarms {
  const { emit, state } = deps
  const view = createCommittedView<Alarm>(state.onDisk, { sorted: true })
  const records = new Map<string, AlarmRecord>()
  const byId = new Map<string, AlarmRecord>()
  const expiries = createTimerHeap<AlarmRecord>()
  const expiryOf = new Map<string, Timer<AlarmRecord>>()
  let rules = new Map<string, Rule>()
  const technicals = new Map<string, Rule>()

  const nameOf = (rule: string, key: string): string => `${rule}\0${key}`

  function add(alarm: AlarmRecord): AlarmRecord {
    records.set(nameOf(alarm.rule.id, alarm.key), alarm)
    byId.set(alarm.id, alarm)
    return alarm
  }

  function find(rule: Rule, key: string, of: { device: string | null; metric: string | null; wallMs: number }): AlarmRecord {
    const labels = of.device === null ? {} : deps.labelsOf(of.device)
    return records.get(nameOf(rule.id, key)) ?? add(createRecord(rule, key, { ...of, labels }))
  }

  /** What a step comes to: numbered, stored, shown once it is on disk, emitted. */
  function record(alarm: AlarmRecord, event: AlarmEventName, taken: { from: AlarmRecord['state']; times: Times } & Circumstances): void {
    const { from, times, by, note, reason, levelUp = false } = taken
    const wallMs = Math.round(times.wallMs)
    if (event !== 'rejected') {
      alarm.seq++
      alarm.changedAt = wallMs
    }
    const shown = alarmOf(alarm)
    if (event !== 'rejected') {
      state.put(alarmSpace, alarm.id, rowText(alarm))
      view.stage(shown)
    }
    emit({
      event, from, alarm: shown, rule: alarm.rule, at: times.at, wallMs, levelUp,
      ...(by === undefined ? {} : { by }), ...(note === undefined ? {} : { note }), ...(reason === undefined ? {} : { reason }),
    })
  }

  /** Takes a core event through the table; gives the reason where it is refused. */
  function apply(alarm: AlarmRecord, event: CoreEvent, { times, ...circumstances }: { times: Times } & Circumstances): string | undefined {
    const from = alarm.state
    const next = step(from, event, alarm.overlays.length > 0)
    if (!next.ok) return next.reason
    alarm.state = next.next
    if (next.counts) {
      alarm.occurrence++
      alarm.raisedAt = Math.round(times.wallMs)
    }
    if (next.counts || (next.next === 'unacked' && from === 'acked')) {
      alarm.acknowledgedAt = null
      alarm.acknowledgedBy = null
    }
    if (event === 'ack' && next.emits.length > 0) {
      alarm.acknowledgedAt = Math.round(times.wallMs)
      alarm.acknowledgedBy = circumstances.by ?? null
    }
    for (const name of next.emits) record(alarm, name, { from, times, ...circumstances })
    return undefined
  }

  function overlay(alarm: AlarmRecord, event: OverlayEvent, { times, ...circumstances }: { times: Times } & Circumstances): string | undefined {
    const next = overlayStep(alarm, event)
    if (!next.ok) return next.reason
    alarm.overlays = next.overlays
    if (!alarm.overlays.includes('shelved')) {
      alarm.shelvedUntil = null
      alarm.oneShot = false
    }
    setExpiry(alarm)
    for (const name of next.emits) record(alarm, name, { from: alarm.state, times, ...circumstances })
    return undefined
  }

  function setExpiry(alarm: AlarmRecord): void {
    let timer = expiryOf.get(alarm.id)
    if (alarm.shelvedUntil === null) {
      if (timer !== undefined) expiries.stop(timer)
      expiryOf.delete(alarm.id)
      return
    }
    if (timer === undefined) expiryOf.set(alarm.id, (timer = expiries.create({ owner: alarm, rule: alarm.rule.id, key: alarm.key, rank: 0 })))
    expiries.set(timer, alarm.shelvedUntil)
  }

  /** What the alarm says of the sample that changed it. */
  function describe(alarm: AlarmRecord, told: Omit<ConditionChange, 'kind' | 'times' | 'levelUp' | 'key' | 'rule'>, message: string): void {
    alarm.device = told.device ?? alarm.device
    alarm.metric = told.metric ?? alarm.metric
    alarm.level = told.level
    alarm.limit = told.limit
    alarm.value = told.value
    alarm.unit = told.unit
    alarm.quality = told.quality
    alarm.priority = priorityOf(alarm.rule, told.level)
    alarm.labels = alarm.device === null ? {} : deps.labelsOf(alarm.device)
    alarm.message = renderMessage(message, { ...alarm, rule: alarm.rule.id })
  }

  /** An alarm that has become a high one is not hidden longer than a high one may be. */
  function shortenShelving(alarm: AlarmRecord, wallMs: number): void {
    const latest = Math.round(wallMs) + longestShelvingMs(alarm.priority)
    if (alarm.shelvedUntil === null || alarm.shelvedUntil <= latest) return
    alarm.shelvedUntil = latest
    setExpiry(alarm)
  }

  function ends(alarm: AlarmRecord, times: Times): void {
    alarm.active = false
    apply(alarm, clearEvent(alarm.rule), { times })
    if (alarm.oneShot) overlay(alarm, 'unshelve', { times, reason: 'one-shot' })
  }

  function change(told: ConditionChange): void {
    const { rule, key, times } = told
    const known = records.get(nameOf(rule.id, key))
    if (known === undefined && told.kind !== 'true') return
    const alarm = known ?? find(rule, key, { device: told.device, metric: told.metric, wallMs: times.wallMs })
    alarm.rule = rule
    switch (told.kind) {
      case 'true':
        alarm.active = true
        alarm.restored = false
        describe(alarm, told, rule.message)
        shortenShelving(alarm, times.wallMs)
        apply(alarm, 'true', { times })
        return
      case 'level':
        alarm.restored = false
        describe(alarm, told, rule.message)
        shortenShelving(alarm, times.wallMs)
        apply(alarm, told.levelUp ? 'level-up' : 'level-down', { times, levelUp: told.levelUp })
        return
      case 'false':
        alarm.restored = false
        // Level, limit and message stay those of the episode: who was told of it is told of its end in the same words.
        alarm.value = told.value
        alarm.unit = told.unit ?? alarm.unit
        alarm.quality = told.quality
        return ends(alarm, times)
      case 'quality':
        if (alarm.quality === told.quality || alarm.state === 'normal') return
        alarm.quality = told.quality
        record(alarm, 'quality-changed', { from: alarm.state, times })
        return
      case 'seen':
        alarm.restored = false
        view.stage(alarmOf(alarm))
        return
      default:
        told.kind satisfies never
    }
  }

  function technical(finding: TechnicalFinding, times: Times): void {
    const known = records.get(nameOf(finding.rule, finding.key))
    if (known === undefined ? !finding.active : known.active === finding.active) return
    const own = technicals.get(finding.rule)
    const rule = technicalRule(finding.rule, own)
    if (rule.mode === 'off' && finding.active) return
    const alarm = known ?? find(rule, finding.key, { ...finding, wallMs: times.wallMs })
    alarm.rule = rule
    alarm.active = finding.active
    alarm.restored = false
    if (!finding.active) return ends(alarm, times)
    const { device, metric, value = null } = finding
    describe(alarm, { device, metric, level: null, limit: null, value, unit: null, quality: 'good' }, rule.message)
    // The gateway's own words, which are no template, unless the site has others.
    if (rule.message === '') alarm.message = finding.message
    apply(alarm, 'true', { times })
  }

  function retireRecord(alarm: AlarmRecord, reason: string, times: Times): void {
    alarm.active = false
    const { state: from } = alarm
    if (from === 'normal' && alarm.overlays.length === 0) return
    alarm.overlays = []
    alarm.shelvedUntil = null
    alarm.oneShot = false
    setExpiry(alarm)
    apply(alarm, 'retire', { times, reason })
  }

  const desk = createOperatorDesk({
    find: (action) => {
      if (action.id !== undefined) return byId.get(action.id)
      const { rule: id = '', key = '' } = action
      const rule = rules.get(id)
      // An alarm can be shelved before it was ever raised.
      return records.get(nameOf(id, key)) ?? (rule === undefined || key === '' ? undefined : { rule, key })
    },
    create: ({ rule, key }, times) => find(rule, key, { device: rule.key === 'device' ? key : null, metric: null, wallMs: times.wallMs }),
    discard: (alarm) => {
      records.delete(nameOf(alarm.rule.id, alarm.key))
      byId.delete(alarm.id)
    },
    apply,
    overlay,
    record,
  })

  return {
    change,
    technical,
    act: (action, times) => desk.act(action, times),
    nextExpiry: () => expiries.peek(),
    expire(times) {
      const timer = expiries.peek()
      if (timer !== undefined) overlay(timer.owner, 'unshelve', { times, reason: 'expired' })
    },
    replaceRules(given, times) {
      technicals.clear()
      rules = new Map()
      for (const rule of given) {
        if (isTechnical(rule.id)) technicals.set(rule.id, rule)
        else if (rule.mode !== 'off') rules.set(rule.id, rule)
      }
      for (const alarm of records.values()) {
        const { rule } = alarm
        const now = rule.class === 'technical' ? technicalRule(rule.id, technicals.get(rule.id)) : rules.get(rule.id)
        const same = now !== undefined && now.conditionVersion === rule.conditionVersion && now.mode === rule.mode
        // Told by the rule under which it was raised: whoever heard of the alarm hears of its end.
        if (!same) retireRecord(alarm, now === undefined ? 'rule removed' : 'rule changed', times)
        if (now === undefined) continue
        alarm.rule = now
        if (!same) state.put(alarmSpace, alarm.id, rowText(alarm))
      }
    },
    retire({ rule, key }, reason, times) {
      const alarm = records.get(nameOf(rule, key))
      if (alarm !== undefined) retireRecord(alarm, reason, times)
    },
    activeKeys: (rule) => [...records.values()].flatMap((alarm) => (alarm.active && alarm.rule.id === rule ? [alarm.key] : [])),
    async restore(store, restart) {
      const found: AlarmRecord[] = []
      for await (const [, text] of allRows(store, alarmSpace)) found.push(recordOf(text))
      const before = new Map(byId)
      records.clear()
      byId.clear()
      expiries.clear()
      expiryOf.clear()
      for (const alarm of found) {
        const now = alarm.rule.class === 'technical' ? technicalRule(alarm.rule.id, technicals.get(alarm.rule.id)) : rules.get(alarm.rule.id)
        if (now !== undefined && now.conditionVersion === alarm.rule.conditionVersion && now.mode === alarm.rule.mode) alarm.rule = now
        if (!restart) alarm.restored = before.get(alarm.id)?.restored ?? false
        add(alarm)
        setExpiry(alarm)
      }
      view.replace([...byId.values()].map(alarmOf))
    },
    rows: () => [...byId.values()].map((alarm) => [alarm.id, rowText(alarm)] as const),
    get: (id) => view.get(id),
    list: () => view.list(),
  }
}

