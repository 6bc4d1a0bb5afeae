import { Aedes } from 'aedes'
import { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { AedesClient } from '../../gateway/broker/aedes-client.ts'

describe('what the broker relies on in aedes beyond its published types', () => {
  it('is there in the pinned version', async () => {
    const aedes = new Aedes()
    await aedes.listen()
    const conn = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
    const client = aedes.handle(conn) as unknown as AedesClient
    expect((aedes as unknown as { version: string }).version).toBe('1.2.0')
    expect({
      will: client.will, connackSent: client.connackSent, conn: client.conn,
      // eslint-disable-next-line no-underscore-dangle -- aedes' own name
      batch: client._parsingBatch,
    }).toEqual({ will: null, connackSent: false, conn, batch: 1 })
    // eslint-disable-next-line no-underscore-dangle -- aedes' own name
    expect(typeof client._nextBatch).toBe('function')
    await new Promise<void>((resolve) => aedes.close(() => resolve()))
    conn.destroy()
  })
})
