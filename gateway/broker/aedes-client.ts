import type { Client } from 'aedes'
import type { Duplex } from 'node:stream'

/** A last will as mqtt-packet parses it. */
export interface Will {
  readonly topic: string
  readonly payload: Buffer
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
}

/**
 * aedes 1.2.0's client with the few things beyond its published types that this room relies on. The version is pinned;
 * test/broker/aedes-client.test.ts fails if one of them goes away.
 */
export interface AedesClient extends Omit<Client, 'conn'> {
  readonly conn: Duplex
  will: Will | null
  readonly connackSent: boolean
  /** How many packets of the last chunk are not done; the next chunk is read at 0. */
  _parsingBatch: number
  /** One packet is done: counts down, and at 0 reads and parses the next chunk. */
  _nextBatch(error?: Error): void
}

/** Has aedes take the next chunk now, whatever of the last one is not done. */
export function readNextChunk(client: AedesClient): void {
  // eslint-disable-next-line no-underscore-dangle -- aedes' own name
  client._parsingBatch = 1
  // eslint-disable-next-line no-underscore-dangle -- aedes' own name
  client._nextBatch()
}
