import type { Alarm, CoreState, Level, Overlay, Priority } from '../kernel/alarm.ts'
import { isActive } from '../kernel/alarm.ts'
import { digest } from '../kernel/hash.ts'
import type { Labels, Value } from '../kernel/reading.ts'
import type { Rule } from '../kernel/rule.ts'

/** An alarm in memory. Times are wall ms since 1970. */
export interface AlarmRecord {
  readonly id: string
  readonly key: string
  /** The rule as it is now; of an alarm whose rule is gone, what is left of it. */
  rule: Rule
  device: string | null
  metric: string | null
  state: CoreState
  overlays: readonly Overlay[]
  level: Level
  priority: Priority
  value: Value
  unit: string | null
  limit: number | string | boolean | null
  message: string
  quality: 'good' | 'unknown'
  restored: boolean
  labels: Labels
  occurrence: number
  seq: number
  raisedAt: number | null
  changedAt: number
  acknowledgedAt: number | null
  acknowledgedBy: string | null
  shelvedUntil: number | null
  /** Shelved until the condition ends. */
  oneShot: boolean
  /** While unacknowledged: when it was last announced; escalation counts from there. */
  announcedAt: number | null
  /** Steps of escalation taken since. */
  escalations: number
}

/** As it is stored. `restored` is of this process and is not. */
interface AlarmRow {
  readonly alarm: Omit<Alarm, 'restored' | 'idempotencyKey' | 'shadow'>
  readonly oneShot: boolean
  /** Left out where there are none; rows of versions without escalation have neither. */
  readonly announcedAt?: number
  readonly escalations?: number
  readonly conditionVersion: string
  readonly mode: Rule['mode']
}

const readableLength = 60

/** Readable, and unambiguous by its hash; `[A-Za-z0-9._~-]+`. */
export function alarmId(rule: string, key: string): string {
  const readable = `${rule}~${key}`.replace(/[^A-Za-z0-9._~-]/g, '_').slice(0, readableLength)
  return `${readable}~${digest(rule, key).slice(0, 10)}`
}

export function createRecord(rule: Rule, key: string, of: { device: string | null; metric: string | null; labels: Labels; wallMs: number }): AlarmRecord {
  return {
    id: alarmId(rule.id, key), key, rule, device: of.device, metric: of.metric, state: 'normal', overlays: [],
    level: null, priority: priorityOf(rule, null), value: null, unit: null, limit: null, message: '', quality: 'good', restored: false, labels: of.labels,
    occurrence: 0, seq: 0, raisedAt: null, changedAt: Math.round(of.wallMs), acknowledgedAt: null, acknowledgedBy: null, shelvedUntil: null, oneShot: false,
    announcedAt: null, escalations: 0,
  }
}

const weight: Readonly<Record<Priority, number>> = { low: 0, medium: 1, high: 2 }

/** By level where the rule says so; without a level the highest that it can have. */
export function priorityOf({ priority }: Rule, level: Level): Priority {
  if (typeof priority === 'string') return priority
  if (level !== null) return Object.hasOwn(priority, level) ? priority[level]! : 'medium'
  return Object.values(priority).reduce<Priority>((highest, one) => (weight[one] > weight[highest] ? one : highest), 'low')
}

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())
const msOf = (time: string | null): number | null => (time === null ? null : Date.parse(time))
const keyOf = ({ id, occurrence, seq }: AlarmRecord): string => digest(id, occurrence, seq)

/** The alarm as it stands, for everybody outside. */
export function alarmOf(record: AlarmRecord): Alarm {
  return {
    id: record.id,
    key: record.key,
    class: record.rule.class,
    rule: record.rule.id,
    device: record.device,
    metric: record.metric,
    state: record.state,
    active: isActive(record.state),
    overlays: record.overlays,
    level: record.level,
    priority: record.priority,
    value: record.value,
    unit: record.unit,
    limit: record.limit,
    message: record.message,
    quality: record.quality,
    restored: record.restored,
    labels: record.labels,
    occurrence: record.occurrence,
    seq: record.seq,
    raisedAt: iso(record.raisedAt),
    changedAt: new Date(record.changedAt).toISOString(),
    acknowledgedAt: iso(record.acknowledgedAt),
    acknowledgedBy: record.acknowledgedBy,
    shelvedUntil: iso(record.shelvedUntil),
    idempotencyKey: keyOf(record),
    ...shadowOf(record),
  }
}

const shadowOf = ({ rule }: AlarmRecord): Pick<Alarm, 'shadow'> => (rule.mode === 'shadow' ? { shadow: true } : {})

export function rowText(record: AlarmRecord): string {
  const { restored: _restored, idempotencyKey: _key, shadow: _shadow, ...alarm } = alarmOf(record)
  const { oneShot, announcedAt, escalations, rule: { conditionVersion, mode } } = record
  const row: AlarmRow = {
    alarm, oneShot, ...(announcedAt === null ? {} : { announcedAt }), ...(escalations === 0 ? {} : { escalations }), conditionVersion, mode,
  }
  return JSON.stringify(row)
}

/** An alarm that came back, and what its row says of it for everybody outside. */
export interface ReadRow { readonly record: AlarmRecord; readonly stored: AlarmRow['alarm'] }

/** Reads rows. Until the rules are known the rule of an alarm is what is left of it: one for all of the same rule, so that 100,000 alarms cost no 100,000 rules. */
export function createRowReader(): (text: string | Uint8Array) => ReadRow {
  const left = new Map<string, Rule>()

  function ruleOf(alarm: AlarmRow['alarm'], of: Pick<AlarmRow, 'conditionVersion' | 'mode'>): Rule {
    const name = `${of.mode} ${of.conditionVersion} ${alarm.rule}`
    let rule = left.get(name)
    if (rule === undefined) left.set(name, (rule = remains(alarm, of)))
    return rule
  }

  return (text) => {
    const { alarm, oneShot, announcedAt, escalations = 0, conditionVersion, mode } = JSON.parse(typeof text === 'string' ? text : Buffer.from(text).toString('utf8')) as AlarmRow
    const raisedAt = msOf(alarm.raisedAt)
    const record: AlarmRecord = {
      id: alarm.id, key: alarm.key, rule: ruleOf(alarm, { conditionVersion, mode }), device: alarm.device, metric: alarm.metric, state: alarm.state,
      overlays: alarm.overlays, level: alarm.level, priority: alarm.priority, value: alarm.value, unit: alarm.unit,
      limit: alarm.limit, message: alarm.message, quality: alarm.quality, restored: alarm.state !== 'normal', labels: alarm.labels,
      occurrence: alarm.occurrence, seq: alarm.seq, raisedAt, changedAt: Date.parse(alarm.changedAt),
      acknowledgedAt: msOf(alarm.acknowledgedAt), acknowledgedBy: alarm.acknowledgedBy, shelvedUntil: msOf(alarm.shelvedUntil), oneShot,
      announcedAt: announcedAt ?? (alarm.state === 'unacked' ? raisedAt : null), escalations,
    }
    return { record, stored: alarm }
  }
}

/** `alarmOf` of a record that has just been read: of the row's own object, which nobody else has. */
export function shownOf({ record, stored }: ReadRow): Alarm {
  return Object.assign(stored, { restored: record.restored, idempotencyKey: keyOf(record) }, shadowOf(record))
}

/** Of a rule that is gone what its alarm knows, in this life as in the next. */
export function remainsOf({ rule }: AlarmRecord): Rule {
  return remains({ rule: rule.id, class: rule.class }, rule)
}

function remains(alarm: Pick<AlarmRow['alarm'], 'rule' | 'class'>, { conditionVersion, mode }: Pick<AlarmRow, 'conditionVersion' | 'mode'>): Rule {
  return {
    id: alarm.rule, class: alarm.class, on: {}, when: { kind: 'gone', spec: null }, forMs: 0, clearForMs: 0, staleMs: undefined, unit: undefined, priority: 'medium',
    latch: false, ack: 'required', key: 'device', schedule: undefined, realarmMs: undefined, escalateMs: [], message: '', then: [], mode,
    source: { file: '', line: 0 }, version: '', conditionVersion,
  }
}
