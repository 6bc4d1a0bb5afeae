import type { Duplex } from 'node:stream'
import { readNextChunk } from './aedes-client.ts'
import type { Counters } from './counters.ts'
import { createGuard } from './guard.ts'
import type { GuardLimits } from './guard.ts'
import type { Link } from './session.ts'
import type { BrokerLimits } from './options.ts'

/**
 * Puts the guard in front of aedes: it sees what `read()` gives before aedes does, so not a byte is copied or queued for it.
 * After a violation nothing more is read and the connection is closed.
 */
export function guardReads(
  conn: Duplex,
  deps: {
    limits: GuardLimits
    counters: Counters
    /** May anything be taken now? `connected`: a CONNECT was seen. */
    mayRead: (connected: boolean) => boolean
    onRead: () => void
  },
): void {
  const guard = createGuard(deps.limits)
  const read = conn.read.bind(conn)
  let refused = false
  conn.read = (size?: number): unknown => {
    // 0 is the stream's own way to have its buffer filled.
    if (size === 0) return read(0)
    if (refused || !deps.mayRead(guard.connected())) return null
    const chunk: unknown = read(size)
    if (!(chunk instanceof Uint8Array)) return chunk
    deps.onRead()
    const violation = guard.inspect(chunk)
    if (violation === null) return chunk
    refused = true
    deps.counters.add('violations', violation)
    conn.destroy()
    return null
  }
}

/**
 * Reads on while messages of the last chunk wait for their commit. aedes takes the next chunk only when every message of the last one
 * is done, so a hub that publishes for many devices would hold its next alarm back for a commit window. Back-pressure stays:
 * at most `maxPendingMessages` or `maxPendingBytes` of a connection wait before no more is read from it, give or take two chunks.
 */
export function readAhead(link: Link, limits: Pick<BrokerLimits, 'maxPendingMessages' | 'maxPendingBytes'>): void {
  const { conn, client } = link
  // Added after aedes' own listener: what it has read already is not there any more.
  conn.on('readable', () => {
    if (!link.ready || client.closed || link.pendingMessages === 0 || conn.readableLength === 0) return
    if (link.pendingMessages >= limits.maxPendingMessages || link.pendingBytes >= limits.maxPendingBytes) return
    readNextChunk(client)
  })
}
