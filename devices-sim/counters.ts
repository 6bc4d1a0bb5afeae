/** What the simulator has done so far; written by links and runners, read by the progress line. */
export interface Counters {
  /** Readings and states handed to a connection. */
  sent: number
  /** … of which the gateway has acknowledged. */
  acknowledged: number
  /** Commands taken and answered for good (done, rejected, expired). */
  commandsReceived: number
  commandsAnswered: number
  /** Messages given up: a full buffer while the gateway was away, or refused. */
  dropped: number
  errors: number
  connected: number
  connections: number
  reconnects: number
}

export function createCounters(): Counters {
  return { sent: 0, acknowledged: 0, commandsReceived: 0, commandsAnswered: 0, dropped: 0, errors: 0, connected: 0, connections: 0, reconnects: 0 }
}
