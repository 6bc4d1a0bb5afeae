import fc from 'fast-check'
import type { Alarm, AlarmEventName, CoreState, Overlay, Priority } from '../../gateway/kernel/alarm.ts'
import type { CloudEvent } from '../../gateway/kernel/event.ts'
import type { CoreEvent, OverlayEvent } from '../../gateway/alarms/machine.ts'
import { overlayStep, step } from '../../gateway/alarms/machine.ts'
import { anAlarm } from './desks.ts'

export const journalStartMs = Date.UTC(2026, 0, 1)

const iso = (ms: number): string => new Date(ms).toISOString()

export interface JournalLine extends Omit<Partial<Alarm>, 'shadow'> {
  readonly event: AlarmEventName
  /** Seconds after the journal's start. */
  readonly s: number
  readonly from?: CoreState
  readonly shadow?: boolean
  readonly levelUp?: boolean
  readonly by?: string | null
  readonly note?: string | null
  readonly reason?: string
  readonly ruleVersion?: string
}

/** The event of an alarm as the journal has it. What a line does not say is that of an alarm that was just raised. */
export function journalEvent({ s, event, from = 'normal', shadow, levelUp, by = null, note = null, reason, ruleVersion = 'v1', ...alarm }: JournalLine): CloudEvent {
  const time = iso(journalStartMs + s * 1_000)
  const whole = anAlarm({ raisedAt: time, changedAt: time, id: `${alarm.rule ?? 'hr-high'}.${alarm.key ?? 'bed-1'}`, ...alarm })
  return {
    specversion: '1.0', id: `${whole.id}/${s}/${event}`, type: `limen.alarm.${event}`, source: 'test', subject: whole.key, time,
    data: { ...whole, from, event, by, note, ...(reason === undefined ? {} : { reason }), ruleVersion, ...(shadow === true ? { shadow } : {}), ...(levelUp === true ? { levelUp } : {}) },
  }
}

/** `limen.delivery.delivered`, so many seconds after what it tells. */
export function deliveredEvent(of: { readonly s: number; readonly tookS: number; readonly event?: AlarmEventName; readonly alarm?: string }): CloudEvent {
  const { s, tookS, event = 'raised', alarm = 'hr-high.bed-1' } = of
  return {
    specversion: '1.0', id: `delivered ${s}`, type: 'limen.delivery.delivered', source: 'test', subject: 'bed-1', time: iso(journalStartMs + s * 1_000),
    data: { target: 'nurse-call', alarm, event: `limen.alarm.${event}`, eventTime: iso(journalStartMs + (s - tookS) * 1_000), device: 'bed-1', attempts: 1, answer: null, idempotencyKey: 'k' },
  }
}

interface Life { id: string; rule: string; key: string; state: CoreState; overlays: readonly Overlay[]; raisedAt: number | null; occurrence: number; priority: Priority }

export interface Journal {
  readonly events: readonly CloudEvent[]
  /** How the alarms stand at its end. */
  readonly alarms: readonly Alarm[]
}

const oftenMoves = ['true', 'clear', 'clear-auto', 'level-up', 'ack', 'realarm'] as const satisfies readonly CoreEvent[]
const seldomMoves = ['clear-latch', 'level-down', 'reset', 'escalate', 'retire'] as const satisfies readonly CoreEvent[]
const overlayMoves = ['shelve', 'unshelve', 'unshelve', 'suppress', 'unsuppress', 'unsuppress'] as const satisfies readonly OverlayEvent[]
/** Storms, with minutes to days of silence between them. */
const silences = fc.oneof({ weight: 40, arbitrary: fc.constantFrom(0, 1, 1, 2, 10, 30) }, { weight: 1, arbitrary: fc.constantFrom(300, 1_200, 40_000, 100_000, 100_000) })

/** A journal as the state machine itself would write it, of a few alarms. */
export const someJournal: fc.Arbitrary<Journal> = fc.array(
  fc.record({
    alarm: fc.integer({ min: 0, max: 12 }).map((n) => n % 7),
    move: fc.oneof({ weight: 20, arbitrary: fc.constantFrom(...oftenMoves) }, { weight: 3, arbitrary: fc.constantFrom(...seldomMoves) }, { weight: 1, arbitrary: fc.constantFrom(...overlayMoves) }),
    gapS: silences,
    priority: fc.constantFrom<Priority>('low', 'medium', 'high'),
    shadow: fc.boolean(),
    tookS: fc.option(fc.integer({ min: 0, max: 30 })),
  }),
  { maxLength: 800, size: 'max' },
).map((moves) => {
  const lives = new Map<number, Life>()
  const events: CloudEvent[] = []
  let s = 0
  for (const { alarm, move, gapS, priority, tookS } of moves) {
    s += gapS
    const rule = `rule-${alarm % 3}`
    const key = `bed-${alarm}`
    const life: Life = lives.get(alarm) ?? { id: `${rule}.${key}`, rule, key, state: 'normal', overlays: [], raisedAt: null, occurrence: 0, priority }
    lives.set(alarm, life)
    // The sixth is a shadow rule's.
    const shadow = alarm === 6
    const tell = (event: AlarmEventName, from: CoreState, levelUp = false): void => {
      const { raisedAt, ...now } = life
      events.push(journalEvent({ s, event, from, shadow, levelUp, ...now, active: isActive(now.state), raisedAt: raisedAt === null ? null : iso(raisedAt) }))
    }
    if (move === 'shelve' || move === 'unshelve' || move === 'suppress' || move === 'unsuppress') {
      // Of two steps the journal does not say what overlays were before (docs/decisions/kpis.md): one that is put on again, and a
      // retirement under one.
      if (move === 'shelve' && life.overlays.includes('shelved')) continue
      if (move === 'suppress' && life.overlays.includes('suppressed')) continue
      const next = overlayStep(life, move)
      if (!next.ok) continue
      life.overlays = next.overlays
      for (const event of next.emits) tell(event, life.state)
      continue
    }
    if (move === 'retire' && life.overlays.length > 0) continue
    const { state: from } = life
    const next = step(from, move, life.overlays.length > 0)
    if (!next.ok) continue
    life.state = next.next
    if (next.counts) {
      life.occurrence++
      life.raisedAt = journalStartMs + s * 1_000
      life.priority = priority
    }
    for (const event of next.emits) tell(event, from, move === 'level-up')
    if (tookS !== null && next.emits.includes('raised')) events.push(deliveredEvent({ s, tookS: Math.min(tookS, s), alarm: life.id }))
  }
  const alarms = [...lives].filter(([n]) => n !== 6).map(([, { raisedAt, ...life }]) => anAlarm({ ...life, active: isActive(life.state), raisedAt: raisedAt === null ? null : iso(raisedAt) }))
  return { events, alarms }
})

function isActive(state: CoreState): boolean {
  return state === 'unacked' || state === 'acked'
}
