import type { Duplex } from 'node:stream'

export interface PublishFrame {
  readonly topicBytes: Uint8Array
  readonly payload: Uint8Array
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
  readonly dup: boolean
  /** Ignored with QoS 0. */
  readonly messageId: number
}

/**
 * A whole PUBLISH in one buffer, so that one encoding serves all receivers of QoS 0 and one write hands it over
 * (aedes' writer takes five writes a packet).
 */
export function encodePublish(frame: PublishFrame): Buffer {
  const { topicBytes, payload, qos } = frame
  const length = 2 + topicBytes.length + (qos > 0 ? 2 : 0) + payload.length
  const lengthBytes = length < 128 ? 1 : length < 16_384 ? 2 : length < 2_097_152 ? 3 : 4
  const bytes = Buffer.allocUnsafe(1 + lengthBytes + length)
  bytes[0] = 0x30 | (frame.dup ? 8 : 0) | (qos << 1) | (frame.retain ? 1 : 0)
  let at = 1
  let rest = length
  do {
    const low = rest & 127
    rest >>>= 7
    bytes[at++] = rest > 0 ? low | 128 : low
  } while (rest > 0)
  bytes[at++] = topicBytes.length >>> 8
  bytes[at++] = topicBytes.length & 255
  bytes.set(topicBytes, at)
  at += topicBytes.length
  if (qos > 0) {
    bytes[at++] = frame.messageId >>> 8
    bytes[at++] = frame.messageId & 255
  }
  bytes.set(payload, at)
  return bytes
}

export function encodePubrel(messageId: number): Buffer {
  return Buffer.from([0x62, 2, messageId >>> 8, messageId & 255])
}

export function encodeConnack(returnCode: number): Buffer {
  return Buffer.from([0x20, 2, 0, returnCode])
}

interface Corked {
  readonly conn: Duplex
  corked: boolean
}

/** Gathers what one turn writes to a connection into one system call. */
export function createCorks(): (link: Corked) => void {
  let held: Corked[] = []
  function release(): void {
    const now = held
    held = []
    for (const link of now) {
      link.corked = false
      link.conn.uncork()
    }
  }
  return (link) => {
    if (link.corked) return
    link.corked = true
    link.conn.cork()
    if (held.push(link) === 1) process.nextTick(release)
  }
}
