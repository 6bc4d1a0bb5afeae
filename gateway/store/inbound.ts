import type { Inbound } from '../kernel/contracts.ts'
import { pack, unpack } from './blob.ts'

/**
 * What noteInbound gave for one batch, as bytes: a length-prefixed (32 bit) JSON array of the clients (compressed where it pays), then per message
 * the client's index (16 bit), message id (16 bit) and hash (53 bit in 7 bytes). Hashes do not compress, so nothing tries to.
 */
export function packInbound(clients: readonly string[], triples: Float64Array | null): Uint8Array | null {
  if (triples === null) return null
  const head = pack(Buffer.from(JSON.stringify(clients)), 1)!
  const bytes = Buffer.alloc(4 + head.length + (triples.length / 3) * 11)
  bytes.writeUInt32LE(head.length, 0)
  bytes.set(head, 4)
  let at = 4 + head.length
  for (let i = 0; i < triples.length; i += 3) {
    const hash = triples[i + 2]!
    bytes.writeUInt16LE(triples[i]! & 0xffff, at)
    bytes.writeUInt16LE(triples[i + 1]! & 0xffff, at + 2)
    bytes.writeUInt32LE(hash % 2 ** 32, at + 4)
    bytes.writeUIntLE(Math.floor(hash / 2 ** 32) % 2 ** 24, at + 8, 3)
    at += 11
  }
  return bytes
}

export function unpackInbound(blob: Uint8Array | null): Inbound[] {
  if (blob === null) return []
  const bytes = Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength)
  const headBytes = bytes.readUInt32LE(0)
  const clients = JSON.parse(Buffer.from(unpack(bytes.subarray(4, 4 + headBytes))!).toString('utf8')) as string[]
  const notes: Inbound[] = []
  for (let at = 4 + headBytes; at + 11 <= bytes.length; at += 11) {
    notes.push({
      clientId: clients[bytes.readUInt16LE(at)] ?? '',
      messageId: bytes.readUInt16LE(at + 2),
      hash: bytes.readUInt32LE(at + 4) + bytes.readUIntLE(at + 8, 3) * 2 ** 32,
    })
  }
  return notes
}
