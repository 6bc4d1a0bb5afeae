import type { Alarm, AlarmEventName, Transition } from '../kernel/alarm.ts'
import type { CommittedView } from '../kernel/committed-view.ts'
import type { StateWriter, Times } from '../kernel/contracts.ts'
import type { AlarmRecord } from './alarm-record.ts'
import { alarmOf, rowText } from './alarm-record.ts'
import type { CoreEvent, OverlayEvent } from './machine.ts'
import { overlayStep, step } from './machine.ts'
import type { WallTimers } from './wall-timers.ts'

export const alarmSpace = 'alarm'

/** When, who did it and what they wrote; why. */
export interface Circumstances { readonly times: Times; readonly by?: string; readonly note?: string; readonly reason?: string; readonly levelUp?: boolean }

export interface StepsDeps {
  readonly state: StateWriter
  readonly view: CommittedView<Alarm>
  readonly timers: WallTimers
  readonly emit: (transition: Transition) => void
}

/** Takes alarms through the table: what comes of it is numbered, stored, shown once it is on disk, and emitted. */
export interface Steps {
  /** Gives the reason where the table refuses: then nothing changed. */
  readonly apply: (alarm: AlarmRecord, event: CoreEvent, circumstances: Circumstances) => string | undefined
  readonly overlay: (alarm: AlarmRecord, event: OverlayEvent, circumstances: Circumstances) => string | undefined
  readonly record: (alarm: AlarmRecord, event: AlarmEventName, circumstances: Circumstances & { readonly from: AlarmRecord['state'] }) => void
  /** Without a transition: it is only that the row says something else. */
  readonly save: (alarm: AlarmRecord) => void
}

export function createSteps({ state, view, timers, emit }: StepsDeps): Steps {
  function save(alarm: AlarmRecord): void {
    state.put(alarmSpace, alarm.id, rowText(alarm))
  }

  const record: Steps['record'] = (alarm, event, { from, times, by, note, reason, levelUp = false }) => {
    const wallMs = Math.round(times.wallMs)
    // A refusal changes nothing, and is itself no step of the alarm.
    const stored = event !== 'rejected'
    if (stored) {
      alarm.seq++
      alarm.changedAt = wallMs
      save(alarm)
    }
    const shown = alarmOf(alarm)
    if (stored) view.stage(shown)
    emit({
      event, from, alarm: shown, rule: alarm.rule, at: times.at, wallMs, levelUp,
      ...(by === undefined ? {} : { by }), ...(note === undefined ? {} : { note }), ...(reason === undefined ? {} : { reason }),
    })
  }

  /** From here on escalation counts. */
  function announced(alarm: AlarmRecord, times: Times): void {
    alarm.announcedAt = Math.round(times.wallMs)
    alarm.escalations = 0
  }

  function follow(alarm: AlarmRecord, event: CoreEvent, { from, times, by }: Circumstances & { readonly from: AlarmRecord['state'] }): void {
    if (event === 'escalate') alarm.escalations++
    else if (alarm.state !== 'unacked') {
      alarm.announcedAt = null
      alarm.escalations = 0
    } else if (from !== 'unacked') {
      announced(alarm, times)
      alarm.acknowledgedAt = null
      alarm.acknowledgedBy = null
    }
    if (event === 'ack') {
      alarm.acknowledgedAt = Math.round(times.wallMs)
      alarm.acknowledgedBy = by ?? null
    }
  }

  return {
    record,
    save,
    apply(alarm, event, circumstances) {
      const from = alarm.state
      const next = step(from, event, alarm.overlays.length > 0)
      if (!next.ok) return next.reason
      // Nothing to tell is nothing that happened.
      if (next.emits.length === 0) return undefined
      alarm.state = next.next
      if (next.counts) {
        alarm.occurrence++
        alarm.raisedAt = Math.round(circumstances.times.wallMs)
      }
      follow(alarm, event, { from, ...circumstances })
      timers.look(alarm)
      for (const name of next.emits) record(alarm, name, { from, ...circumstances })
      return undefined
    },
    overlay(alarm, event, circumstances) {
      const next = overlayStep(alarm, event)
      if (!next.ok) return next.reason
      alarm.overlays = next.overlays
      if (!alarm.overlays.includes('shelved')) {
        alarm.shelvedUntil = null
        alarm.oneShot = false
      }
      if (next.emits.includes('raised')) announced(alarm, circumstances.times)
      timers.look(alarm)
      for (const name of next.emits) record(alarm, name, { from: alarm.state, ...circumstances })
      return undefined
    },
  }
}
