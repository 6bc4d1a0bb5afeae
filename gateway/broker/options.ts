/** Bounds of everything a client can make grow. Each has a stated policy for what is beyond it; each refusal is counted. */
export interface BrokerLimits {
  /** Connections at once, TCP and WebSocket together; more are closed at once. */
  readonly maxConnections: number
  /** From the open socket to the whole CONNECT; then it is closed. */
  readonly connectTimeoutMs: number
  /** Longest CONNECT packet; longer ones close the connection before a byte of them is kept. */
  readonly connectPacketBytes: number
  /** Longest client id in characters; longer: CONNACK 2. */
  readonly maxClientIdLength: number
  /** Most levels of a topic or filter; more close the connection. */
  readonly maxTopicLevels: number
  /** Of one session; more are refused with 0x80. */
  readonly maxSubscriptionsPerSession: number
  /** Kept sessions (clean session = 0); with more, a new one gets CONNACK 3. */
  readonly maxSessions: number
  /** A kept session nobody came back to for so long is given up, with all it was owed. */
  readonly sessionExpiryMs: number
  /** Messages owed to one session; the newest are dropped. */
  readonly maxQueuedMessages: number
  readonly maxQueuedBytes: number
  /** The same over all sessions. */
  readonly maxQueuedMessagesTotal: number
  readonly maxQueuedBytesTotal: number
  /** QoS 1 and 2 messages on their way to one client without its acknowledgement; further ones wait. */
  readonly maxInFlight: number
  /** Retained messages of clients; beyond it a new one is delivered but not retained. The gateway's own do not count. */
  readonly maxRetained: number
  readonly maxRetainedBytes: number
  /** QoS 2 packet ids of all sessions that wait for PUBREL; beyond it the publisher is closed. */
  readonly maxIncomingTotal: number
  /** Bytes waiting for one client to take them; beyond it QoS 0 messages to it are dropped. */
  readonly maxBufferedBytes: number
  /** A client that takes nothing for so long while bytes wait for it is cut (looked at once a second). */
  readonly stallTimeoutMs: number
  /** Messages and bytes of one connection that wait for the commit before no more is read from it. */
  readonly maxPendingMessages: number
  readonly maxPendingBytes: number
}

export const defaultLimits: BrokerLimits = {
  maxConnections: 10_000,
  connectTimeoutMs: 10_000,
  connectPacketBytes: 4_096,
  maxClientIdLength: 256,
  maxTopicLevels: 64,
  maxSubscriptionsPerSession: 1_000,
  maxSessions: 10_000,
  sessionExpiryMs: 7 * 86_400_000,
  maxQueuedMessages: 10_000,
  maxQueuedBytes: 8 * 1024 ** 2,
  maxQueuedMessagesTotal: 200_000,
  maxQueuedBytesTotal: 64 * 1024 ** 2,
  maxInFlight: 1_000,
  maxRetained: 100_000,
  maxRetainedBytes: 64 * 1024 ** 2,
  maxIncomingTotal: 500_000,
  maxBufferedBytes: 4 * 1024 ** 2,
  stallTimeoutMs: 8_500,
  maxPendingMessages: 1_000,
  maxPendingBytes: 256 * 1024,
}

export interface BrokerOptions {
  readonly host: string
  /** 0 takes a free port. */
  readonly port: number
  /** Longest packet after CONNECT, fixed header not counted; longer ones close the connection. */
  readonly maxPacketSizeBytes: number
  /** Ask nobody on loopback for a login (`auth.loopback: trusted` and both listeners on loopback). */
  readonly loopbackTrusted: boolean
  readonly limits?: Partial<BrokerLimits>
}
