import type { Alarm, OperatorAction, OperatorOutcome, Transition } from '../kernel/alarm.ts'
import { isActive } from '../kernel/alarm.ts'
import { eachRow } from '../kernel/all-rows.ts'
import { createCommittedView } from '../kernel/committed-view.ts'
import type { ConditionChange, TechnicalFinding } from '../kernel/condition.ts'
import type { AlarmView, StateWriter, StoreReader, StoreWriter, Times } from '../kernel/contracts.ts'
import type { Labels } from '../kernel/reading.ts'
import type { Rule } from '../kernel/rule.ts'
import type { Timer } from '../kernel/timer-heap.ts'
import type { AlarmRecord, ReadRow } from './alarm-record.ts'
import { alarmOf, createRecord, createRowReader, priorityOf, remainsOf, rowText, shownOf } from './alarm-record.ts'
import { createForgetting } from './forgetting.ts'
import type { CoreEvent } from './machine.ts'
import { clearEvent, step } from './machine.ts'
import { renderMessage } from './message.ts'
import { createOperatorDesk } from './operator-desk.ts'
import { longestShelvingMs } from './shelving.ts'
import { alarmSpace, createSteps } from './steps.ts'
import { isTechnical, technicalRule } from './technical.ts'
import { createWallTimers, shelfRank } from './wall-timers.ts'

export { alarmSpace }

export interface AlarmsDeps {
  readonly state: StateWriter & Pick<StoreWriter, 'onDisk'>
  readonly labelsOf: (device: string) => Labels
  /** Takes each transition, in order, in the turn in which it happens. */
  readonly emit: (transition: Transition) => void
  /** Of more, those that are back to normal are forgotten. */
  readonly mostAlarms?: number
}

/** Alarm instances: one per rule and key. All methods are synchronous; each transition is stored and emitted within. */
export interface Alarms extends AlarmView {
  /** What the table has no row for changes nothing. */
  change(change: ConditionChange): void
  technical(finding: TechnicalFinding, times: Times): void
  act(action: OperatorAction, times: Times): OperatorOutcome
  /**
   * What falls due next by the wall clock: a shelf that ends, a step of escalation, a re-alarm; `due` is wall ms. After a start
   * none before the rules are known: what fell due while the gateway was down is told, and acted on, as they say.
   */
  nextTimer(): Pick<Timer<unknown>, 'due' | 'rule' | 'key' | 'rank'> | undefined
  /** Does exactly that one. */
  fireTimer(times: Times): void
  /**
   * Alarms whose rule is gone, or whose condition or mode changed, retire; of the others times of escalation and re-alarm are
   * worked out anew. Technical rules among these override the built-in ones.
   */
  replaceRules(rules: readonly Rule[], times: Times): void
  retire(of: { rule: string; key: string }, reason: string, times: Times): void
  /** Keys of the alarms of this rule whose condition is true. */
  activeKeys(rule: string): readonly string[]
  /** Alarms whose condition is true, in one order. */
  standing(): readonly Pick<Alarm, 'rule' | 'key' | 'device' | 'metric' | 'level' | 'quality'>[]
  /** The gateway was down and is back with all that it knew: alarms are marked as having come back. */
  cameBack(): void
  /** Reads the alarms, replacing what is in memory. Announces nothing. `restart`: they are marked as having come back; `rules`: those that run, where they are known. */
  restore(store: StoreReader, of: { readonly restart: boolean; readonly rules: readonly Rule[] | undefined }): Promise<void>
  /** All that is stored of them, by id; under no id the numbers of those that were forgotten. */
  rows(): readonly (readonly [string, string])[]
}

export function createAlarms(deps: AlarmsDeps): Alarms {
  const { emit, state } = deps
  const view = createCommittedView<Alarm>(state.onDisk, { sorted: true })
  const records = new Map<string, AlarmRecord>()
  const byId = new Map<string, AlarmRecord>()
  const timers = createWallTimers()
  const forgetting = createForgetting(state, deps.mostAlarms)
  const { apply, overlay, record, save } = createSteps({ state, view, timers, emit })
  let rules = new Map<string, Rule>()
  const technicals = new Map<string, Rule>()
  /** False after a start until the rules were given. */
  let rulesKnown = true

  const nameOf = (rule: string, key: string): string => `${rule}\0${key}`

  function add(alarm: AlarmRecord): AlarmRecord {
    records.set(nameOf(alarm.rule.id, alarm.key), alarm)
    byId.set(alarm.id, alarm)
    return alarm
  }

  function remove(alarm: AlarmRecord): void {
    records.delete(nameOf(alarm.rule.id, alarm.key))
    byId.delete(alarm.id)
  }

  function find(rule: Rule, key: string, of: { device: string | null; metric: string | null; wallMs: number }): AlarmRecord {
    const known = records.get(nameOf(rule.id, key))
    if (known !== undefined) return known
    const labels = of.device === null ? {} : deps.labelsOf(of.device)
    const alarm = add({ ...createRecord(rule, key, { ...of, labels }), ...forgetting.last() })
    for (const gone of forgetting.due(records, alarm)) {
      remove(gone)
      state.delete(alarmSpace, gone.id)
      view.drop(gone.id)
    }
    return alarm
  }

  /** What the alarm says of the sample that changed it. */
  function describe(alarm: AlarmRecord, told: Pick<ConditionChange, 'device' | 'metric' | 'level' | 'limit' | 'value' | 'valueText' | 'unit' | 'quality'>, message: string): void {
    alarm.device = told.device ?? alarm.device
    alarm.metric = told.metric ?? alarm.metric
    alarm.level = told.level
    alarm.limit = told.limit
    alarm.value = told.value
    alarm.unit = told.unit
    alarm.quality = told.quality
    alarm.priority = priorityOf(alarm.rule, told.level)
    alarm.labels = alarm.device === null ? {} : deps.labelsOf(alarm.device)
    alarm.message = renderMessage(message, { ...alarm, value: told.valueText ?? told.value, rule: alarm.rule.id })
  }

  /** An alarm that has become a high one is not hidden longer than a high one may be. */
  function shortenShelving(alarm: AlarmRecord, wallMs: number): void {
    if (alarm.shelvedUntil === null) return
    alarm.shelvedUntil = Math.min(alarm.shelvedUntil, Math.round(wallMs) + longestShelvingMs(alarm.priority))
  }

  function rises(alarm: AlarmRecord, event: CoreEvent, told: ConditionChange): void {
    describe(alarm, told, alarm.rule.message)
    shortenShelving(alarm, told.times.wallMs)
    apply(alarm, event, { times: told.times, levelUp: event === 'level-up' })
  }

  function ends(alarm: AlarmRecord, event: CoreEvent, { times, reason }: { readonly times: Times; readonly reason?: string }): void {
    apply(alarm, event, { times, ...(reason === undefined ? {} : { reason }) })
    if (alarm.oneShot) overlay(alarm, 'unshelve', { times, reason: 'one-shot' })
  }

  function change(told: ConditionChange): void {
    const { kind, rule, key, times } = told
    const known = records.get(nameOf(rule.id, key))
    if (known === undefined && kind !== 'true') return
    const alarm = known ?? find(rule, key, { device: told.device, metric: told.metric, wallMs: times.wallMs })
    switch (kind) {
      case 'true':
      case 'level':
      case 'false':
      case 'gated': {
        const event = kind === 'level' ? (told.levelUp ? 'level-up' : 'level-down') : kind === 'false' ? clearEvent(rule) : kind
        if (!step(alarm.state, event, alarm.overlays.length > 0).ok) return
        alarm.rule = rule
        alarm.restored = false
        if (kind === 'true' || kind === 'level') return rises(alarm, event, told)
        // Level, limit and message stay those of the episode: who was told of it is told of its end in the same words.
        alarm.value = told.value
        alarm.unit = told.unit ?? alarm.unit
        alarm.quality = told.quality
        return ends(alarm, event, { times, ...(kind === 'gated' ? { reason: 'schedule' } : {}) })
      }
      case 'quality':
        if (alarm.quality === told.quality || alarm.state === 'normal') return
        alarm.quality = told.quality
        return record(alarm, 'quality-changed', { from: alarm.state, times })
      case 'seen':
        if (!alarm.restored) return
        alarm.restored = false
        return view.stage(alarmOf(alarm))
      default:
        kind satisfies never
    }
  }

  function technical(finding: TechnicalFinding, times: Times): void {
    const known = records.get(nameOf(finding.rule, finding.key))
    if (known === undefined ? !finding.active : isActive(known.state) === finding.active) return
    const rule = technicalRule(finding.rule, technicals.get(finding.rule))
    if (rule.mode === 'off' && finding.active) return
    const alarm = known ?? find(rule, finding.key, { ...finding, wallMs: times.wallMs })
    alarm.rule = rule
    alarm.restored = false
    if (!finding.active) return ends(alarm, clearEvent(rule), { times })
    const { device, metric, value = null } = finding
    describe(alarm, { device, metric, level: null, limit: null, value, unit: null, quality: 'good' }, rule.message)
    // The gateway's own words, which are no template, unless the site has others.
    if (rule.message === '') alarm.message = finding.message
    shortenShelving(alarm, times.wallMs)
    apply(alarm, 'true', { times })
  }

  function retireRecord(alarm: AlarmRecord, reason: string, times: Times): void {
    const { state: from } = alarm
    if (from === 'normal' && alarm.overlays.length === 0) return
    alarm.overlays = []
    alarm.shelvedUntil = null
    alarm.oneShot = false
    apply(alarm, 'retire', { times, reason })
  }

  /** What the gateway finds is found once, when it begins: an alarm that ends since its mode changed begins anew in the other. */
  function beginAnew(alarm: AlarmRecord, times: Times): void {
    const { rule } = alarm
    alarm.priority = priorityOf(rule, null)
    if (rule.message !== '') alarm.message = renderMessage(rule.message, { ...alarm, rule: rule.id })
    apply(alarm, 'true', { times })
  }

  /** The rule this alarm is of, as the rules now say; undefined: there is none. */
  function createLookup(): (alarm: AlarmRecord) => Rule | undefined {
    const made = new Map<string, Rule>()
    return ({ rule: { id, class: kind } }) => {
      if (kind !== 'technical') return rules.get(id)
      let rule = made.get(id)
      if (rule === undefined) made.set(id, (rule = technicalRule(id, technicals.get(id))))
      return rule
    }
  }

  function know(given: readonly Rule[]): void {
    technicals.clear()
    rules = new Map()
    rulesKnown = true
    for (const rule of given) {
      if (isTechnical(rule.id)) technicals.set(rule.id, rule)
      else if (rule.mode !== 'off') rules.set(rule.id, rule)
    }
  }

  const forgotten = (): readonly (readonly [string, string])[] => {
    const row = forgetting.row()
    return row === undefined ? [] : [['', row]]
  }

  const isSame = (now: Rule | undefined, { rule }: AlarmRecord): now is Rule => now !== undefined && now.conditionVersion === rule.conditionVersion && now.mode === rule.mode

  const desk = createOperatorDesk({
    find: (action) => {
      if (action.id !== undefined) return byId.get(action.id)
      const { rule: id = '', key = '' } = action
      const rule = rules.get(id)
      // An alarm can be shelved before it was ever raised.
      return records.get(nameOf(id, key)) ?? (rule === undefined || key === '' ? undefined : { rule, key })
    },
    create: ({ rule, key }, times) => find(rule, key, { device: rule.key === 'device' ? key : null, metric: null, wallMs: times.wallMs }),
    discard: remove,
    apply,
    overlay,
    record,
  })

  return {
    change,
    technical,
    act: (action, times) => desk.act(action, times),
    nextTimer: () => (rulesKnown ? timers.next() : undefined),
    fireTimer(times) {
      const timer = timers.next()
      if (timer === undefined) return
      const { owner: alarm, rank } = timer
      if (rank === shelfRank) overlay(alarm, 'unshelve', { times, reason: 'expired' })
      else if (alarm.state === 'acked') apply(alarm, 'realarm', { times })
      else apply(alarm, 'escalate', { times, reason: `step ${alarm.escalations + 1} of ${alarm.rule.escalateMs.length}` })
    },
    replaceRules(given, times) {
      know(given)
      const lookUp = createLookup()
      // In one order, however they came to be here: what retires is told in that.
      for (const alarm of [...records.values()].sort((a, b) => (a.id < b.id ? -1 : 1))) {
        const now = lookUp(alarm)
        const same = isSame(now, alarm)
        const anew = now?.class === 'technical' && now.mode !== 'off' && isActive(alarm.state)
        // Told by the rule under which it was raised: whoever heard of the alarm hears of its end.
        if (!same) retireRecord(alarm, now === undefined ? 'rule removed' : 'rule changed', times)
        alarm.rule = now ?? remainsOf(alarm)
        if (!same && anew) beginAnew(alarm, times)
        timers.look(alarm)
        if (!same && now !== undefined) save(alarm)
      }
    },
    retire({ rule, key }, reason, times) {
      const alarm = records.get(nameOf(rule, key))
      if (alarm !== undefined) retireRecord(alarm, reason, times)
    },
    activeKeys: (rule) => [...records.values()].flatMap((alarm) => (isActive(alarm.state) && alarm.rule.id === rule ? [alarm.key] : [])),
    standing: () => [...records.values()].sort((a, b) => (a.id < b.id ? -1 : 1)).flatMap(({ state: core, rule, key, device, metric, level, quality }) => (isActive(core) ? [{ rule: rule.id, key, device, metric, level, quality }] : [])),
    cameBack() {
      for (const alarm of records.values()) if (alarm.state !== 'normal') alarm.restored = true
    },
    async restore(store, { restart, rules: running }) {
      await forgetting.restore(store)
      const found: ReadRow[] = []
      const read = createRowReader()
      await eachRow(store, alarmSpace, (_, text) => void found.push(read(text)))
      const before = new Map(byId)
      records.clear()
      byId.clear()
      timers.clear()
      if (running !== undefined) know(running)
      else if (restart) rulesKnown = false
      const lookUp = createLookup()
      for (const { record: alarm } of found) {
        const now = lookUp(alarm)
        if (isSame(now, alarm)) alarm.rule = now
        if (!restart) alarm.restored = before.get(alarm.id)?.restored ?? false
        add(alarm)
        timers.look(alarm)
      }
      view.replace(found.map(shownOf))
    },
    rows: () => [...[...byId.values()].map((alarm) => [alarm.id, rowText(alarm)] as const), ...forgotten()],
    get: (id) => view.get(id),
    list: () => view.list(),
  }
}
