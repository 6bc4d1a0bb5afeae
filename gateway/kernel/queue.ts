/** How a bounded queue stands: for the alarm that says that it is full, or soon will be. */
export interface QueueState {
  /** The same from look to look. */
  readonly id: string
  /** For people, as a sentence begins: `The queue of MQTT session display-1`. */
  readonly name: string
  /** How full it is, 0 to 1: the fuller of what is bounded (items, bytes). */
  readonly share: number
  /** What found no room, so far. */
  readonly dropped: number
  /** What a person can do about it. */
  readonly remedy: string
}
