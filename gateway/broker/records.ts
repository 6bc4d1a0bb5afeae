import type { Principal } from '../kernel/principal.ts'
import type { Owed, SubscriptionRequest } from './session.ts'
import type { Will } from './aedes-client.ts'

/**
 * How the broker's rows look in the store. Queue and retained rows are bytes (they hold payloads):
 * a flags byte, for a queue row the packet id and the length-prefixed topic, then the payload.
 * Session and will rows are JSON; a subscription's value is its QoS; an incoming row's the hash of its message.
 */
const flagRetain = 4
const flagDup = 8
const flagReleased = 16

export function encodeOwed(owed: Owed): Buffer {
  const released = owed.state === 'released'
  // A released message is only its packet id: the payload was taken over by the client.
  const topic = released ? new Uint8Array(0) : owed.topicBytes
  const payload = released ? new Uint8Array(0) : owed.payload
  const row = Buffer.alloc(5 + topic.length + payload.length)
  row[0] = owed.qos | (owed.retain ? flagRetain : 0) | (owed.dup ? flagDup : 0) | (released ? flagReleased : 0)
  row.writeUInt16BE(owed.messageId, 1)
  row.writeUInt16BE(topic.length, 3)
  row.set(topic, 5)
  row.set(payload, 5 + topic.length)
  return row
}

export function decodeOwed(row: Uint8Array, seq: number): Owed {
  const bytes = Buffer.from(row.buffer, row.byteOffset, row.length)
  const flags = bytes[0]!
  const topicEnd = 5 + bytes.readUInt16BE(3)
  const released = (flags & flagReleased) !== 0
  return {
    seq,
    messageId: bytes.readUInt16BE(1),
    topic: bytes.toString('utf8', 5, topicEnd),
    topicBytes: bytes.subarray(5, topicEnd),
    payload: bytes.subarray(topicEnd),
    qos: (flags & 3) === 2 ? 2 : 1,
    retain: (flags & flagRetain) !== 0,
    state: released ? 'released' : 'waiting',
    dup: (flags & flagDup) !== 0,
    committed: true,
    durable: true,
    expiresAt: undefined,
    origin: undefined,
  }
}

export function encodeRetained(qos: 0 | 1 | 2, payload: Uint8Array): Buffer {
  const row = Buffer.alloc(1 + payload.length)
  row[0] = qos
  row.set(payload, 1)
  return row
}

export function decodeRetained(row: Uint8Array): { qos: 0 | 1 | 2; payload: Buffer } {
  const qos = row[0]!
  return { qos: qos === 2 ? 2 : qos === 1 ? 1 : 0, payload: Buffer.from(row.buffer, row.byteOffset + 1, row.length - 1) }
}

export interface SessionRow {
  readonly principal: Principal
  /** Wall ms; 0: connected when it was written. */
  readonly offlineSinceMs: number
}

export function encodeSession(row: SessionRow): string {
  return JSON.stringify(row)
}

export function decodeSession(text: string): SessionRow {
  return JSON.parse(text) as SessionRow
}

/** The QoS alone, as MQTT 3.1.1 knows no more of a subscription. */
export function encodeSubscription({ qos, options }: SubscriptionRequest): string {
  return options === undefined ? String(qos) : JSON.stringify({ qos, options })
}

export function decodeSubscription(text: string): Omit<SubscriptionRequest, 'filter'> {
  const row = JSON.parse(text) as 0 | 1 | 2 | Omit<SubscriptionRequest, 'filter'>
  return typeof row === 'number' ? { qos: row } : row
}

export interface WillRow extends Will {
  readonly principal: Principal
  /** The start of the gateway it was left in. */
  readonly brokerId: string
}

export function encodeWill(will: WillRow): string {
  return JSON.stringify({ ...will, payload: will.payload.toString('base64') })
}

export function decodeWill(text: string): WillRow {
  const row = JSON.parse(text) as Omit<WillRow, 'payload'> & { payload: string }
  return { ...row, payload: Buffer.from(row.payload, 'base64') }
}

/** Rows come back as bytes or text whichever they were written as; a text row is read as text. */
export function asText(value: string | Uint8Array): string {
  return typeof value === 'string' ? value : Buffer.from(value).toString('utf8')
}

export function asBytes(value: string | Uint8Array): Uint8Array {
  return typeof value === 'string' ? Buffer.from(value) : value
}
