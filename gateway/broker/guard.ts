/** Why bytes were refused; the connection is closed [MQTT-4.8.0-1]. */
export type Violation =
  | 'not-connect-first'
  | 'second-connect'
  | 'reserved-type'
  | 'server-packet'
  | 'bad-flags'
  | 'bad-length'
  | 'too-long'
  | 'truncated-topic'

export interface GuardLimits {
  /** Remaining length of the first packet. */
  readonly connectPacketBytes: number
  /** Remaining length of every later one. */
  readonly maxPacketSizeBytes: number
}

/** Looks at the bytes of one connection, in order, before the MQTT library sees them. */
export interface Guard {
  /** The first thing wrong in this chunk; the guard is not to be asked again after that. */
  inspect(chunk: Uint8Array): Violation | null
  /** Has a whole CONNECT been seen? It may come in pieces. */
  connected(): boolean
}

/** Where in a packet the next byte is. */
const atHeader = 0
const inLength = 1
const inTopicLength = 2
const inTopicLengthLow = 3
const inBody = 4

/** What a client may send: the flags a type must have, its shortest and longest remaining length; -1: not a client's. */
const connect = 1
const publish = 3
const flagsOf = [-1, 0, -1, -1, 0, 0, 2, 0, 2, -1, 2, -1, 0, -1, 0, -1]
const shortestOf = [0, 12, 0, 2, 2, 2, 2, 2, 6, 0, 5, 0, 0, 0, 0, 0]
const exactOf = [-1, -1, -1, -1, 2, 2, 2, 2, -1, -1, -1, -1, 0, -1, 0, -1]

/**
 * Walks from fixed header to fixed header [MQTT-2.2] and copies nothing: about 20 ns a packet. What a packet says of its own length is
 * believed only within the limit of the connection's state, so nobody can make the parser wait for 256 MB.
 */
export function createGuard(limits: GuardLimits): Guard {
  let state = atHeader
  let connected = false
  let type = 0
  let qos = 0
  let length = 0
  let multiplier = 1
  let topicLength = 0
  /** Bytes of this packet still to come. */
  let left = 0

  function header(byte: number): Violation | null {
    type = byte >>> 4
    const flags = byte & 15
    if (!connected && byte !== 0x10) return 'not-connect-first'
    if (type === publish) {
      qos = (flags >>> 1) & 3
      // [MQTT-3.3.1-4] and [MQTT-3.3.1-2]
      if (qos === 3 || (qos === 0 && (flags & 8) !== 0)) return 'bad-flags'
    } else {
      const wanted = flagsOf[type]!
      if (wanted === -1) return type === 0 || type === 15 ? 'reserved-type' : 'server-packet'
      if (flags !== wanted) return 'bad-flags'
      if (type === connect && connected) return 'second-connect' // [MQTT-3.1.0-2]
    }
    length = 0
    multiplier = 1
    state = inLength
    return null
  }

  function lengthKnown(): Violation | null {
    if (length > (connected ? limits.maxPacketSizeBytes : limits.connectPacketBytes)) return 'too-long'
    if (length < shortestOf[type]! || (exactOf[type]! !== -1 && length !== exactOf[type]!)) return 'bad-length'
    connected = true
    left = length
    state = left === 0 ? atHeader : type === publish ? inTopicLength : inBody
    return null
  }

  return {
    connected: () => connected && (type !== connect || state === atHeader),
    inspect(chunk) {
      const end = chunk.length
      let i = 0
      while (i < end) {
        switch (state) {
          case atHeader: {
            const wrong = header(chunk[i++]!)
            if (wrong !== null) return wrong
            break
          }
          case inLength: {
            const byte = chunk[i++]!
            length += (byte & 127) * multiplier
            if ((byte & 128) === 0) {
              const wrong = lengthKnown()
              if (wrong !== null) return wrong
            } else if (multiplier === 2_097_152) return 'bad-length' // a fifth byte [MQTT-2.2.3]
            else multiplier *= 128
            break
          }
          case inTopicLength:
            topicLength = chunk[i++]! << 8
            left--
            state = inTopicLengthLow
            break
          case inTopicLengthLow:
            topicLength |= chunk[i++]!
            left--
            // The parser would read the topic or the packet id out of the next packet.
            if (topicLength + (qos > 0 ? 2 : 0) > left) return 'truncated-topic'
            state = left === 0 ? atHeader : inBody
            break
          default: {
            const here = end - i
            if (here < left) {
              left -= here
              return null
            }
            i += left
            state = atHeader
          }
        }
      }
      return null
    },
  }
}
