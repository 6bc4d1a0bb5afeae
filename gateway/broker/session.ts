import type { Duplex } from 'node:stream'
import type { Principal } from '../kernel/principal.ts'
import { encodeTopicLevel } from '../kernel/topic.ts'
import type { AedesClient, Will } from './aedes-client.ts'
import type { Done } from './done.ts'
import type { Remembered } from './inbound-memory.ts'
import type { RetainedScan } from './retained-message.ts'

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

/** One message owed to one session at QoS 1 or 2, until it is acknowledged. */
export interface Owed {
  /** Order within the session. */
  readonly seq: number
  /** Given when the message is owed and stored with it: a redelivery after a crash carries the same id [MQTT-4.4.0-1]. */
  messageId: number
  readonly topic: string
  readonly topicBytes: Uint8Array
  readonly payload: Uint8Array
  readonly qos: 1 | 2
  readonly retain: boolean
  /** `released`: PUBREC came, PUBREL is what is owed. */
  state: 'waiting' | 'sent' | 'released'
  /** It may have been handed over before. */
  dup: boolean
  /** What it comes from is on disk. */
  committed: boolean
  /** Has a row of its own. */
  readonly durable: boolean
  /** Wall ms; never handed over after it. */
  readonly expiresAt: number | undefined
  /** As aedes names a message; only where it was queued through the persistence interface. */
  readonly origin: { readonly brokerId: string; readonly brokerCounter: number } | undefined
}

/** A QoS 2 packet id a client has used and not released. */
export interface Incoming {
  /** Of topic and payload: another message under an id that was never released is a new one (the client lost its memory). */
  readonly hash: number
  committed: boolean
  /** Copies that wait for the first one's commit. */
  waiters: Done[] | null
  /** PUBRELs that wait for the deletion's commit. */
  releasing: Done[] | null
}

export interface Subscription {
  readonly session: Session
  readonly filter: string
  readonly qos: 0 | 1 | 2
  /** What MQTT 5 adds to a subscription; kept as it came. */
  readonly options: SubscriptionOptions | undefined
  /** On disk, or of a session that is never there. */
  committed: boolean
}

export interface SubscriptionOptions {
  readonly rh?: number
  readonly rap?: boolean
  readonly nl?: boolean
  readonly subscriptionIdentifier?: number
}

export interface SubscriptionRequest {
  readonly filter: string
  readonly qos: 0 | 1 | 2
  readonly options?: SubscriptionOptions | undefined
}

/** What the broker keeps of a client: for as long as it is connected, or (`kept`, clean session = 0) until it is given up. */
export interface Session {
  readonly id: string
  /** The id as it begins the keys of this session's rows. */
  readonly row: string
  readonly kept: boolean
  principal: Principal
  /** False once it was given up: nothing more is stored for it. */
  alive: boolean
  /** Nobody was connected to it yet. */
  fresh: boolean
  link: Link | null
  /** Wall ms since when nobody is connected. */
  offlineSinceMs: number
  readonly subscriptions: Map<string, Subscription>
  /** All that is owed, in order. */
  readonly owed: Map<number, Owed>
  readonly byMessageId: Map<number, Owed>
  owedBytes: number
  /** Not handed over on this connection yet, in order, from `nextWaiting` on. */
  waiting: Owed[]
  nextWaiting: number
  inFlight: number
  nextMessageId: number
  nextSeq: number
  /** Retained messages a new subscription still has to get. */
  scans: { readonly messages: RetainedScan; readonly qos: 0 | 1 | 2 }[]
  readonly incoming: Map<number, Incoming>
}

export function createSession(id: string, kept: boolean, principal: Principal): Session {
  return {
    id,
    row: encodeTopicLevel(id),
    kept,
    principal,
    alive: true,
    fresh: true,
    link: null,
    offlineSinceMs: 0,
    subscriptions: new Map(),
    owed: new Map(),
    byMessageId: new Map(),
    owedBytes: 0,
    waiting: [],
    nextWaiting: 0,
    inFlight: 0,
    nextMessageId: 1,
    nextSeq: 1,
    scans: [],
    incoming: new Map(),
  }
}

/** The key of a row of this session; keys of one session lie together. */
export function rowKey(session: Session, rest: string): string {
  return `${session.row}/${rest}`
}

/** Sixteen digits, so that the order of keys is the order of numbers. */
export function queueKey(session: Session, seq: number): string {
  return rowKey(session, String(seq).padStart(16, '0'))
}

/** The client id and the rest of a row's key. */
export function splitRowKey(key: string): { clientId: string; rest: string } {
  const end = key.indexOf('/')
  return { clientId: decodeURIComponent(key.slice(0, end)), rest: key.slice(end + 1) }
}
