/** Hand-built MQTT 3.1.1 packets: a client library would itself be the bottleneck of the measurement. */

/** CONNECT with a clean session and no keep-alive [MQTT-3.1]. */
export function connectPacket(clientId: string): Buffer {
  const id = lengthPrefixed(clientId)
  const body = Buffer.concat([lengthPrefixed('MQTT'), Buffer.from([4, 2, 0, 0]), id])
  return packet(0x10, body)
}

/** SUBSCRIBE to one filter [MQTT-3.8]. */
export function subscribePacket(packetId: number, filter: string, qos: 0 | 1): Buffer {
  const body = Buffer.concat([Buffer.from([packetId >> 8, packetId & 255]), lengthPrefixed(filter), Buffer.from([qos])])
  return packet(0x82, body)
}

/** PUBLISH; without a packet id at QoS 0 [MQTT-3.3]. */
export function publishPacket(topic: string, payload: string, packetId: number): Buffer {
  const id = packetId === 0 ? Buffer.alloc(0) : Buffer.from([packetId >> 8, packetId & 255])
  return packet(packetId === 0 ? 0x30 : 0x32, Buffer.concat([lengthPrefixed(topic), id, Buffer.from(payload)]))
}

export function pubackPacket(packetId: number): Buffer {
  return Buffer.from([0x40, 2, packetId >> 8, packetId & 255])
}

export const disconnectPacket = Buffer.from([0xe0, 0])

/** One device's QoS 1 reading as a ready packet whose changing digits are written in place. */
export interface ReadingTemplate {
  readonly bytes: Buffer
  /** Copies the packet to `out` at `offset`, with this packet id, sequence number (9 digits) and time stamp; gives the next offset. */
  write(out: Buffer, offset: number, fields: { packetId: number; seq: number; stamp: Buffer }): number
}

/** 60 bytes: a value, the device's own time, a sequence number and a unit, as a real device would send them. */
const payloadForm = '{"value":00.0,"ts":0000000000000,"seq":000000000,"unit":"%"}'
export const payloadBytes = payloadForm.length
const valueAt = payloadForm.indexOf('00.0')
const stampAt = payloadForm.indexOf('0000000000000')
const seqAt = payloadForm.indexOf('000000000', stampAt + 13)

export function readingTemplate(topic: string): ReadingTemplate {
  const bytes = publishPacket(topic, payloadForm, 1)
  const payloadStart = bytes.length - payloadBytes
  const idAt = payloadStart - 2
  const base = 48 // '0'
  return {
    bytes,
    write(out, offset, { packetId, seq, stamp }) {
      bytes.copy(out, offset)
      out[offset + idAt] = packetId >> 8
      out[offset + idAt + 1] = packetId & 255
      // 20.0 … 49.9: moves, and stays below every limit of the loaded rules
      const value = offset + payloadStart + valueAt
      out[value] = base + 2 + (seq % 3)
      out[value + 1] = base + (seq % 7)
      out[value + 3] = base + (seq % 10)
      stamp.copy(out, offset + payloadStart + stampAt)
      let rest = seq
      for (let at = offset + payloadStart + seqAt + 8; at >= offset + payloadStart + seqAt; at--) {
        out[at] = base + (rest % 10)
        rest = Math.floor(rest / 10)
      }
      return offset + bytes.length
    },
  }
}

/** JSON forbids leading zeros, so sequence numbers begin where they already have nine digits. */
export const firstSeq = 100_000_000

export interface PacketHandler {
  puback(): void
  publish?(topic: string, payload: Buffer, packetId: number): void
  other?(type: number, body: Buffer): void
}

/** Cuts a byte stream into packets; keeps an unfinished one until the rest comes. */
export function createPacketReader(handler: PacketHandler): (chunk: Buffer) => void {
  let left: Buffer | undefined
  return (chunk) => {
    const data = left === undefined ? chunk : Buffer.concat([left, chunk])
    left = undefined
    let at = 0
    while (at < data.length) {
      const first = data[at]!
      if (first === 0x40 && at + 4 <= data.length) {
        handler.puback()
        at += 4
        continue
      }
      const length = remainingLength(data, at + 1)
      if (length === undefined || length.end + length.value > data.length) {
        left = Buffer.from(data.subarray(at)) // a copy: the socket's read buffer is used again
        return
      }
      dispatch(handler, first, data.subarray(length.end, length.end + length.value))
      at = length.end + length.value
    }
  }
}

function dispatch(handler: PacketHandler, first: number, body: Buffer): void {
  const type = first >> 4
  if (type === 4) return handler.puback()
  if (type !== 3) return handler.other?.(type, body)
  const topicLength = body.readUInt16BE(0)
  const withId = (first & 6) !== 0
  const payloadAt = 2 + topicLength + (withId ? 2 : 0)
  handler.publish?.(body.toString('utf8', 2, 2 + topicLength), body.subarray(payloadAt), withId ? body.readUInt16BE(2 + topicLength) : 0)
}

/** [MQTT-2.2.3]: up to four bytes, seven bits each, lowest first. */
function remainingLength(data: Buffer, start: number): { value: number; end: number } | undefined {
  let value = 0
  for (let i = 0; i < 4; i++) {
    const byte = data[start + i]
    if (byte === undefined) return undefined
    value += (byte & 127) * 128 ** i
    if (byte < 128) return { value, end: start + i + 1 }
  }
  throw new Error('malformed remaining length from the server under test')
}

function packet(first: number, body: Buffer): Buffer {
  const length: number[] = []
  let rest = body.length
  do {
    const byte = rest % 128
    rest = Math.floor(rest / 128)
    length.push(rest > 0 ? byte | 128 : byte)
  } while (rest > 0)
  return Buffer.concat([Buffer.from([first, ...length]), body])
}

function lengthPrefixed(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes])
}
