export interface RetainedMessage {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: 0 | 1 | 2
  /** The gateway's own do not count against the limits. */
  readonly own: boolean
}

/** What matches some filters, given out bit by bit; null: nothing yet, look again later. */
export type RetainedScan = Iterator<RetainedMessage | null, void>
