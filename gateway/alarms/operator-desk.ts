import type { AlarmEventName, OperatorAction, OperatorOutcome } from '../kernel/alarm.ts'
import type { Times } from '../kernel/contracts.ts'
import type { Rule } from '../kernel/rule.ts'
import type { AlarmRecord } from './alarm-record.ts'
import { alarmOf } from './alarm-record.ts'
import type { CoreEvent, OverlayEvent } from './machine.ts'
import { shelvingTerm } from './shelving.ts'

type With = { readonly times: Times; readonly by?: string; readonly note?: string; readonly reason?: string }

/** A rule and key of which no alarm was ever raised. */
export interface Unraised { readonly rule: Rule; readonly key: string }

export interface OperatorDeskDeps {
  readonly find: (action: OperatorAction) => AlarmRecord | Unraised | undefined
  readonly create: (of: Unraised, times: Times) => AlarmRecord
  /** Nothing came of it: as if it had never been made. */
  readonly discard: (alarm: AlarmRecord) => void
  /** Both give the reason where the table refuses. */
  readonly apply: (alarm: AlarmRecord, event: CoreEvent, circumstances: With) => string | undefined
  readonly overlay: (alarm: AlarmRecord, event: OverlayEvent, circumstances: With) => string | undefined
  readonly record: (alarm: AlarmRecord, event: AlarmEventName, circumstances: With & { from: AlarmRecord['state'] }) => void
}

type RefusalCode = 'CONFLICT' | 'BAD_INPUT'
type Refusal = { readonly code: RefusalCode; readonly reason: string }

/** What operators ask of alarms. A refusal changes nothing, and is itself recorded. Transitions are emitted, not returned. */
export function createOperatorDesk(deps: OperatorDeskDeps): { act(action: OperatorAction, times: Times): OperatorOutcome } {
  function perform(alarm: AlarmRecord, action: OperatorAction, circumstances: With): Refusal | undefined {
    const conflict = (reason: string | undefined): Refusal | undefined => (reason === undefined ? undefined : { code: 'CONFLICT', reason })
    const { verb, occurrence } = action
    switch (verb) {
      case 'ack':
      case 'reset':
        if (occurrence !== undefined && occurrence !== alarm.occurrence) return conflict(`conflict: occurrence ${occurrence} is not the current one (${alarm.occurrence})`)
        return conflict(deps.apply(alarm, verb, circumstances))
      case 'shelve':
        return shelve(alarm, action, circumstances)
      case 'out-of-service':
        if (blank(action.note)) return { code: 'BAD_INPUT', reason: 'taking an alarm out of service needs a reason: write it in `note`' }
        return conflict(deps.overlay(alarm, verb, circumstances))
      case 'unshelve':
      case 'suppress':
      case 'unsuppress':
      case 'return-to-service':
        return conflict(deps.overlay(alarm, verb, circumstances))
      case 'comment':
        if (blank(action.note)) return { code: 'BAD_INPUT', reason: 'a comment needs a text: write it in `note`' }
        deps.record(alarm, 'commented', { ...circumstances, from: alarm.state })
        return undefined
      default:
        return verb satisfies never
    }
  }

  function shelve(alarm: AlarmRecord, action: OperatorAction, circumstances: With): Refusal | undefined {
    const term = shelvingTerm(action, alarm.priority, circumstances.times.wallMs)
    if (!term.ok) return term
    alarm.shelvedUntil = term.until
    alarm.oneShot = term.oneShot
    const reason = deps.overlay(alarm, 'shelve', circumstances)
    return reason === undefined ? undefined : { code: 'CONFLICT', reason }
  }

  return {
    act(action, times) {
      const found = deps.find(action)
      if (found === undefined) return { ok: false, code: 'NOT_FOUND', reason: 'there is no such alarm', transitions: [] }
      const alarm = 'id' in found ? found : deps.create(found, times)
      const circumstances: With = { times, by: action.by, ...(action.note === undefined ? {} : { note: action.note }) }
      const refusal = perform(alarm, action, circumstances)
      if (alarm.seq === 0) deps.discard(alarm)
      if (refusal === undefined) return { ok: true, alarm: alarmOf(alarm), transitions: [] }
      deps.record(alarm, 'rejected', { ...circumstances, from: alarm.state, reason: refusal.reason })
      return { ok: false, ...refusal, transitions: [] }
    },
  }
}

function blank(text: string | undefined): boolean {
  return text === undefined || text.trim() === ''
}
