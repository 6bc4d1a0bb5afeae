import type { FaultPlan } from './faults.ts'

/** What a device may report (interface.md, "MQTT topics"). */
export type Value = number | boolean | string

/** State of the device's actuators, as signals may depend on it: a fan cools the room it is in. */
export interface ActuatorStates { get(actuator: string): { readonly value: Value; readonly sinceMs: number } | undefined }

/**
 * Something a device measures. `read` is a pure function of the time since the start and of what its actuators do.
 * A single value goes to `devices/{device}/{name}`; several go as one object to `devices/{device}`.
 */
export interface Channel {
  /** The metric, or a name for the group. */
  readonly name: string
  readonly everyMs: number
  readonly unit?: string
  readonly read: (tMs: number, actuators: ActuatorStates) => Value | Readonly<Record<string, unknown>>
  /** Is added to a number that is hit by a spike. */
  readonly spike?: number
  /** Only when it has changed; and once in so long, so that silence can be told from sameness. */
  readonly onChange?: { readonly atLeastEveryMs: number }
}

/** Something a device does when told. */
export interface ActuatorSpec {
  readonly name: string
  readonly initial: Value
  readonly kind: 'switch' | 'number'
  /** From `accepted` to `done`. */
  readonly takesMs: number
}

export interface SimulatedDevice {
  readonly id: string
  /** Client id of its connection: its own, or that of a hub that speaks for several. */
  readonly connection: string
  readonly channels: readonly Channel[]
  readonly actuators: readonly ActuatorSpec[]
  readonly faults: FaultPlan
}

export interface ScenarioOptions {
  readonly seed: number
  /** How many of what the scenario counts: beds, rooms, fridges, devices. */
  readonly count: number
  /** Are devices to have faults? */
  readonly faults: boolean
}

export interface Scenario {
  readonly name: string
  readonly defaultCount: number
  /** What `--devices` counts. */
  readonly counts: string
  /** Readings a second, unless asked otherwise; undefined: each device at its natural pace. */
  readonly defaultRate?: number
  devices(options: ScenarioOptions): readonly SimulatedDevice[]
}

export function noFaults(seed: number, device: string): FaultPlan {
  return { seed, device, index: 0, firstAtMs: 0, kinds: [] }
}

/** To so many decimals, as a display shows it. */
export function rounded(value: number, decimals: number): number {
  return Number(value.toFixed(decimals))
}
