/** What other rooms need of devices/; the rest of what rooms need of each other is in contracts.ts. */
import type { Transition } from './alarm.ts'
import type { Labels, Reading, Value } from './reading.ts'

export interface Device {
  readonly id: string
  readonly type: string | null
  readonly labels: Labels
  readonly settings: Readonly<Record<string, unknown>>
  readonly status: 'online' | 'offline' | 'unknown'
  readonly firstSeen: number
  readonly lastSeen: number
  readonly metrics: Readonly<Record<string, { readonly value: Value; readonly unit: string | null; readonly ts: number; readonly quality: string }>>
}

export interface DeviceRegistry {
  get(id: string): Device | undefined
  /** In the order of ids, `id > after`. */
  list(query: { after?: string; limit: number }): readonly Device[]
  count(): number
  labels(id: string): Labels
  type(id: string): string | null
  /** Also of a device that has not spoken yet: patterns of the configuration may say something of it. */
  settings(id: string): Readonly<Record<string, unknown>>
  put(id: string, change: { type?: string | null; labels?: Labels; settings?: Readonly<Record<string, unknown>> }): Device
}

/** Called in the turn of the transition, so that what it writes is in the same batch. */
export interface TransitionListener { onTransition(transition: Transition): void }

export interface CommandRequest {
  readonly device: string
  readonly actuator: string
  readonly value: Value
  readonly ttlMs?: number
  /** How long it outranks the alarms; default: its ttl. */
  readonly overrideMs?: number
  readonly by: string
}

export type CommandStatus = 'issued' | 'sent' | 'accepted' | 'executing' | 'done' | 'rejected' | 'expired' | 'failed' | 'superseded'

export interface Command {
  readonly id: string
  readonly seq: number
  readonly device: string
  readonly actuator: string
  readonly value: Value
  readonly issuedAt: string
  readonly ttlMs: number
  /** The alarm id, or `manual:<who>`. */
  readonly cause: string
  readonly status: CommandStatus
  readonly reason: string | null
  readonly tries: number
  readonly changedAt: string
}

export interface CommandDesk extends TransitionListener {
  /** A manual command; in the current batch. */
  request(request: CommandRequest): Command
  get(id: string): Command | undefined
  list(query: { after?: string; limit: number }): readonly Command[]
  /** `devices/{device}/{actuator}/ack` */
  acknowledged(device: string, actuator: string, payload: Uint8Array): { readonly ok: boolean; readonly reason?: string }
  /** The actuator's reported state came in as a reading. */
  reported(reading: Reading): void
  presence(device: string, online: boolean): void
}
