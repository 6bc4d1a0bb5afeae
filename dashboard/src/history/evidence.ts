import type { CloudEvent } from '../../../gateway/kernel/event.ts'
import type { Value } from '../../../gateway/kernel/reading.ts'
import type { Alarm } from '../data/alarm-list.ts'

/** `GET alarms/{id}/evidence`: all there is about one occurrence of an alarm. Lists are oldest first, times ISO 8601. */
export interface Evidence {
  readonly alarm: Alarm
  /** `text` is null where that version is not kept; `assumed`: the journal does not say which version it was. */
  readonly rule: { readonly id: string; readonly version: string | null; readonly revision: number | null; readonly text: string | null; readonly assumed?: true }
  /** That of the alarm first. */
  readonly readings: readonly {
    readonly device: string
    readonly metric: string
    readonly unit: string | null
    readonly from: string
    readonly to: string
    /** `ts` in ms. */
    readonly items: readonly { readonly ts: number; readonly value: Value; readonly quality: string }[]
  }[]
  readonly transitions: readonly CloudEvent[]
  readonly deliveries: readonly CloudEvent[]
  readonly commands: readonly CloudEvent[]
  readonly acknowledgements: readonly Said[]
  readonly comments: readonly Said[]
  readonly truncated?: { readonly journal: boolean; readonly readings: boolean }
}

export interface Said { readonly at: string; readonly by: string | null; readonly note: string | null }
