import type { Duplex } from 'node:stream'
import type { Principal } from '../kernel/principal.ts'
import type { AedesClient, Will } from './aedes-client.ts'
import type { Remembered } from './inbound-memory.ts'
import type { Session } from './session.ts'

export type Done = (error?: Error | null) => void

/** A message of this connection on its way to the disk. What came after it and needs no commit of its own is acknowledged after it [MQTT-4.6.0-2]. */
export interface Taken {
  followers: Done[] | null
}

/** One open connection, from the socket's accept to its close. */
export interface Link {
  readonly conn: Duplex
  /** Of the peer, for logs and the login throttle. */
  readonly address: string
  readonly client: AedesClient
  /** Known before CONNECT: a WebSocket of a logged-in browser. */
  readonly presetPrincipal: Principal | null
  principal: Principal | null
  /** Since the client is registered. */
  session: Session | null
  /** CONNACK is out: messages may be handed over. */
  ready: boolean
  corked: boolean
  /** One and a half times what CONNECT said; 0: none. */
  keepAliveMs: number
  /** Monotonic ms of the last bytes read. */
  heardMs: number
  connectWill: Will | null
  willFired: boolean
  /** The broker made the client id up: nobody can come back with it. */
  anonymous: boolean
  /** Waiting for the commit. */
  pendingMessages: number
  pendingBytes: number
  last: Taken | null
  /** Monotonic ms since when bytes wait and none were taken; 0: nothing waits. */
  stalledSinceMs: number
  /** A kept session came back and has sent nothing new yet: it may be resending with DUP=0. */
  maybeResending: boolean
  /** Acknowledged, but the PUBACK was not yet seen to leave. */
  readonly unflushed: Remembered[]
}
