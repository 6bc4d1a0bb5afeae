import { uniform } from './random.ts'
import { isInside, stretchAround } from './stretches.ts'
import type { Stretch } from './stretches.ts'

/** What goes wrong with a device for a while, besides its signals. */
export const faultKinds = ['drop-out', 'offline', 'flat', 'clock-skew', 'duplicates', 'spikes'] as const
export type FaultKind = (typeof faultKinds)[number]

export interface FaultPlan {
  readonly seed: number
  readonly device: string
  /** Which fault comes first. */
  readonly index: number
  readonly firstAtMs: number
  /** Kinds that can happen to this device; empty: none ever. */
  readonly kinds: readonly FaultKind[]
  /** The channel that drop-outs, flat lines and spikes befall; undefined: all of them. */
  readonly channel?: string
}

/** What a channel must do at a moment. */
export interface Disturbance {
  readonly silent: boolean
  /** Read the signal as it was then. */
  readonly frozenAtMs: number | undefined
  /** Add the channel's spike to this one sample. */
  readonly spike: boolean
  /** Send the message a second time, with the same `ts` and `seq`. */
  readonly resend: boolean
  /** What the device's clock is wrong by. */
  readonly skewMs: number
}

export const undisturbed: Disturbance = { silent: false, frozenAtMs: undefined, spike: false, resend: false, skewMs: 0 }

const cycleMs = 240_000
const lastsMs = [15_000, 30_000] as const

/** The fault of the cycle around `tMs`. Pure. */
function faultAround(plan: FaultPlan, tMs: number): Stretch<FaultKind> | undefined {
  return stretchAround({ ...plan, key: `${plan.device}:fault`, cycleMs, lastsMs }, tMs)
}

/** Is the device off the network? */
export function isOffline(plan: FaultPlan, tMs: number): boolean {
  const fault = faultAround(plan, tMs)
  return fault?.kind === 'offline' && isInside(fault, tMs)
}

/** What befalls one sample of one channel. */
export function disturbance(plan: FaultPlan, channel: string, tMs: number): Disturbance {
  const fault = faultAround(plan, tMs)
  if (fault === undefined || !isInside(fault, tMs)) return undisturbed
  const hit = plan.channel === undefined || plan.channel === channel
  const chance = uniform(plan.seed, `${plan.device}:${channel}:${Math.round(tMs)}`)
  switch (fault.kind) {
    case 'offline':
      return { ...undisturbed, silent: true }
    case 'drop-out':
      return { ...undisturbed, silent: hit }
    case 'flat':
      return { ...undisturbed, frozenAtMs: hit ? fault.fromMs : undefined }
    case 'clock-skew':
      // more than a minute: rules then go by the time of receipt
      return { ...undisturbed, skewMs: uniform(plan.seed, `${plan.device}:skew:${fault.fromMs}`) < 0.5 ? -95_000 : 130_000 }
    case 'duplicates':
      return { ...undisturbed, resend: chance < 0.4 }
    case 'spikes':
      return { ...undisturbed, spike: hit && chance < 0.2 }
    default:
      return fault.kind satisfies never
  }
}
