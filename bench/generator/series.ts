import { firstSeq, readingTemplate } from './packets.ts'
import type { ReadingTemplate } from './packets.ts'

/** Each connection is a hub with so many devices behind it. */
export const devicesPerConnection = 20

/** The devices of one connection, taking turns. */
export interface HubSeries {
  readonly packetBytes: number
  /** Writes the next reading; gives the next offset. */
  writeNext(out: Buffer, offset: number, stamp: Buffer): number
  nextPacketId(): number
}

export function createHubSeries(connection: number): HubSeries {
  const templates: ReadingTemplate[] = Array.from({ length: devicesPerConnection }, (_, i) =>
    readingTemplate(`devices/load-${pad(connection)}-${pad(i)}/humidity`))
  const packetBytes = templates[0]!.bytes.length
  let turn = 0
  let round = 0
  let packetId = 0
  function nextPacketId(): number {
    packetId = packetId === 65_535 ? 1 : packetId + 1
    return packetId
  }
  return {
    packetBytes,
    nextPacketId,
    writeNext(out, offset, stamp) {
      const end = templates[turn]!.write(out, offset, { packetId: nextPacketId(), seq: firstSeq + round, stamp })
      turn += 1
      if (turn === templates.length) {
        turn = 0
        round += 1
      }
      return end
    },
  }
}

/** Thirteen digits of wall time, renewed by whoever sends. */
export function createStamp(): { readonly bytes: Buffer; renew(): void } {
  const bytes = Buffer.from(String(Date.now()))
  return { bytes, renew: () => void bytes.write(String(Date.now()), 0, 'latin1') }
}

function pad(n: number): string {
  return String(n).padStart(3, '0')
}
