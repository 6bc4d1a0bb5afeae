import type { AlarmEventName, CoreState, Overlay } from '../kernel/alarm.ts'

/**
 * What can happen to the core state. A clear comes in four forms, by the rule: `latch` holds the alarm until it is reset,
 * `auto` means that nobody need acknowledge it; latch wins over auto. `gated`: the schedule ends the announcement, whatever the rule.
 */
export type CoreEvent =
  | 'true' | 'clear' | 'clear-auto' | 'clear-latch' | 'clear-latch-auto' | 'gated' | 'level-up' | 'level-down'
  | 'ack' | 'reset' | 'escalate' | 'realarm' | 'retire'

export const coreEvents = [
  'true', 'clear', 'clear-auto', 'clear-latch', 'clear-latch-auto', 'gated', 'level-up', 'level-down', 'ack', 'reset', 'escalate', 'realarm', 'retire',
] as const satisfies readonly CoreEvent[]

/** A row of the table: the next state and what is emitted, or why it is refused with words of its own. */
export interface Row {
  readonly next: CoreState
  readonly emits: readonly AlarmEventName[]
  /** A new episode begins. */
  readonly counts?: true
}
export interface Refusal { readonly refused: string }

const retire: Row = { next: 'normal', emits: ['retired'] }
const stillActive: Refusal = { refused: 'still active' }

/** ISA-18.2, core state × event. What is not here is refused with no change. */
export const coreTable: Readonly<Record<CoreState, Readonly<Partial<Record<CoreEvent, Row | Refusal>>>>> = {
  normal: {
    true: { next: 'unacked', emits: ['raised'], counts: true },
    ack: { next: 'normal', emits: [] },
    retire,
  },
  unacked: {
    ack: { next: 'acked', emits: ['acked'] },
    clear: { next: 'rtn-unacked', emits: ['returned'] },
    'clear-auto': { next: 'normal', emits: ['cleared'] },
    'clear-latch': { next: 'latched-unacked', emits: ['latched'] },
    'clear-latch-auto': { next: 'latched-acked', emits: ['latched'] },
    gated: { next: 'normal', emits: ['cleared'] },
    escalate: { next: 'unacked', emits: ['escalated'] },
    'level-up': { next: 'unacked', emits: ['level-changed'] },
    'level-down': { next: 'unacked', emits: ['level-changed'] },
    reset: stillActive,
    retire,
  },
  acked: {
    ack: { next: 'acked', emits: [] },
    clear: { next: 'normal', emits: ['cleared'] },
    'clear-auto': { next: 'normal', emits: ['cleared'] },
    'clear-latch': { next: 'latched-acked', emits: ['latched'] },
    'clear-latch-auto': { next: 'latched-acked', emits: ['latched'] },
    gated: { next: 'normal', emits: ['cleared'] },
    'level-up': { next: 'unacked', emits: ['level-changed'] },
    'level-down': { next: 'acked', emits: ['level-changed'] },
    realarm: { next: 'unacked', emits: ['realarmed'] },
    reset: stillActive,
    retire,
  },
  'rtn-unacked': {
    ack: { next: 'normal', emits: ['acked', 'cleared'] },
    true: { next: 'unacked', emits: ['reraised'], counts: true },
    retire,
  },
  'latched-unacked': {
    ack: { next: 'latched-acked', emits: ['acked'] },
    reset: { next: 'rtn-unacked', emits: ['reset'] },
    true: { next: 'unacked', emits: ['reraised'], counts: true },
    retire,
  },
  'latched-acked': {
    reset: { next: 'normal', emits: ['reset', 'cleared'] },
    true: { next: 'unacked', emits: ['reraised'], counts: true },
    retire,
  },
}

/** While overlaid the core rows apply, but a clear waits for nobody, and all is emitted as `tracked`. */
export const overlaidClears: Readonly<Partial<Record<CoreState, Readonly<Partial<Record<CoreEvent, CoreState>>>>>> = {
  unacked: { clear: 'normal' },
}

/** Events that are told as they are, overlaid or not. */
const alwaysTold: ReadonlySet<CoreEvent> = new Set<CoreEvent>(['retire'])

export type Step =
  | { readonly ok: true; readonly next: CoreState; readonly emits: readonly AlarmEventName[]; readonly counts: boolean }
  | { readonly ok: false; readonly reason: string }

/** The table, with the overlays' effect on it. */
export function step(state: CoreState, event: CoreEvent, overlaid: boolean): Step {
  const row = coreTable[state][event]
  if (row === undefined) return { ok: false, reason: `${wordOf(event)} is not possible while the alarm is ${state}` }
  if ('refused' in row) return { ok: false, reason: row.refused }
  const counts = row.counts === true
  if (!overlaid || alwaysTold.has(event)) return { ok: true, next: row.next, emits: row.emits, counts }
  return { ok: true, next: overlaidClears[state]?.[event] ?? row.next, emits: row.emits.length === 0 ? [] : ['tracked'], counts }
}

function wordOf(event: CoreEvent): string {
  return event.startsWith('clear') ? 'a clear' : event === 'true' ? 'a raise' : event
}

/** What the condition's end is called for a rule. */
export function clearEvent(rule: { readonly latch: boolean; readonly ack: 'required' | 'auto' }): CoreEvent {
  if (rule.latch) return rule.ack === 'auto' ? 'clear-latch-auto' : 'clear-latch'
  return rule.ack === 'auto' ? 'clear-auto' : 'clear'
}

export type OverlayEvent = 'shelve' | 'unshelve' | 'suppress' | 'unsuppress' | 'out-of-service' | 'return-to-service'

/** Overlays are independent of the core state: any of them can be put on in any state, and again; only what is on can be taken off. */
export const overlayTable: Readonly<Record<OverlayEvent, { readonly overlay: Overlay; readonly on: boolean; readonly emits: AlarmEventName }>> = {
  shelve: { overlay: 'shelved', on: true, emits: 'shelved' },
  unshelve: { overlay: 'shelved', on: false, emits: 'unshelved' },
  suppress: { overlay: 'suppressed', on: true, emits: 'suppressed' },
  unsuppress: { overlay: 'suppressed', on: false, emits: 'unsuppressed' },
  'out-of-service': { overlay: 'out-of-service', on: true, emits: 'out-of-service' },
  'return-to-service': { overlay: 'out-of-service', on: false, emits: 'returned-to-service' },
}

/** The overlays in the order in which they hide the core state. */
export const overlayOrder: readonly Overlay[] = ['out-of-service', 'suppressed', 'shelved']

export type OverlayStep =
  | { readonly ok: true; readonly overlays: readonly Overlay[]; readonly emits: readonly AlarmEventName[] }
  | { readonly ok: false; readonly reason: string }

/** `raised` follows where the last overlay goes and the condition is true, unless it was acknowledged and never cleared since: then the state is `acked`. */
export function overlayStep(now: { readonly overlays: readonly Overlay[]; readonly state: CoreState }, event: OverlayEvent): OverlayStep {
  const { overlay, on, emits } = overlayTable[event]
  const has = now.overlays.includes(overlay)
  if (!on && !has) return { ok: false, reason: `the alarm is not ${overlay}` }
  const overlays = overlayOrder.filter((one) => (one === overlay ? on : now.overlays.includes(one)))
  const uncovered = !on && overlays.length === 0 && now.state === 'unacked'
  return { ok: true, overlays, emits: uncovered ? [emits, 'raised'] : [emits] }
}
