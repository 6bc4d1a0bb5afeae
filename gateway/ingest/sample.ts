import type { Quality, Value } from '../kernel/reading.ts'

/** One value as a codec read it; what the device did not say is undefined. */
export interface Sample {
  readonly metric: string
  readonly value: Value
  readonly quality: Quality
  readonly unit: string | undefined
  readonly ts: number | undefined
  readonly seq: number | undefined
}

/** Why something could not be read; the label `reason` of `limen_readings_rejected_total`. */
export type RejectionReason =
  | 'not-utf8' | 'not-json' | 'not-an-object' | 'bad-ts' | 'bad-seq' | 'bad-value' | 'bad-metric'
  | 'too-deep' | 'too-many-metrics' | 'too-long' | 'bad-status' | 'bad-ack' | 'bad-command' | 'bad-event' | 'series-limit' | 'device-limit'

export interface Fault {
  readonly reason: RejectionReason
  /** Where in the payload (a member's dotted name, an element's index), and what would be right. */
  readonly detail: string
}

/** What a payload held. Good samples stand beside faults: one bad member loses nothing else. */
export interface Decoded {
  /** Each inner list is one message: its readings are applied together. */
  readonly messages: readonly (readonly Sample[])[]
  readonly faults: readonly Fault[]
}

/**
 * Turns a payload into samples. Never throws. `metric` is the topic's, where the topic names one.
 * Add a codec: one file in codecs/, one line in codecs.ts, one folder of cases.
 */
export interface Codec {
  readonly name: string
  decode(payload: Uint8Array, metric: string | undefined): Decoded
}

const noFaults: readonly Fault[] = []
const noMessages: readonly (readonly Sample[])[] = []

export function good(samples: readonly Sample[]): Decoded {
  return { messages: [samples], faults: noFaults }
}

export function bad(reason: RejectionReason, detail: string): Decoded {
  return { messages: noMessages, faults: [{ reason, detail }] }
}

/** Limits on what one message may hold. */
export const maxMetricsPerMessage = 1_000
export const maxMessagesPerBatch = 10_000
export const maxTextLength = 4_096
export const maxNameLength = 256
export const maxDepth = 16
