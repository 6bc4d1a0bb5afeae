import type { Inbound } from '../kernel/contracts.ts'
import type { Done } from './done.ts'

/** A message without an identity of its own that was taken, and whose acknowledgement may not have arrived. */
export interface Remembered {
  readonly clientId: string
  readonly messageId: number
  readonly hash: number
  committed: boolean
  /** Resends that wait for the first copy's commit. */
  waiters: Done[] | null
}

/**
 * Knows a QoS 1 resend that carries neither `ts` nor `seq` (trust.md, "Once, though sent twice"): by client, packet id and hash of
 * topic and payload. Only what is not yet known to have been acknowledged is kept, so in a calm network it is nearly empty.
 * At most 1,000 messages a client and 10,000 clients; the oldest are forgotten, and a resend of theirs is then stored twice.
 */
export interface InboundMemory {
  find(clientId: string, messageId: number, hash: number): Remembered | undefined
  /** Is anything of this client still unacknowledged? */
  knows(clientId: string): boolean
  remember(clientId: string, messageId: number, hash: number): Remembered
  /** The PUBACK left, or the message was not stored after all. */
  forget(remembered: Remembered): void
  /** What the store kept from before a crash: whether those PUBACKs left is not known. */
  load(inbound: Iterable<Inbound>): void
  size(): number
}

export function createInboundMemory(limits: { perClient: number; clients: number } = { perClient: 1_000, clients: 10_000 }): InboundMemory {
  /** By client and packet id, oldest first. */
  const clients = new Map<string, Map<number, Remembered>>()

  function add(remembered: Remembered): void {
    const { clientId, messageId } = remembered
    let messages = clients.get(clientId)
    if (messages === undefined) {
      if (clients.size >= limits.clients) clients.delete(clients.keys().next().value!)
      clients.set(clientId, (messages = new Map()))
    }
    // The same id anew means the client had the earlier acknowledgement.
    messages.delete(messageId)
    if (messages.size >= limits.perClient) messages.delete(messages.keys().next().value!)
    messages.set(messageId, remembered)
  }

  return {
    find(clientId, messageId, hash) {
      const found = clients.get(clientId)?.get(messageId)
      return found !== undefined && found.hash === hash ? found : undefined
    },
    knows: (clientId) => clients.has(clientId),
    remember(clientId, messageId, hash) {
      const remembered: Remembered = { clientId, messageId, hash, committed: false, waiters: null }
      add(remembered)
      return remembered
    },
    forget(remembered) {
      const messages = clients.get(remembered.clientId)
      if (messages?.get(remembered.messageId) !== remembered) return
      messages.delete(remembered.messageId)
      if (messages.size === 0) clients.delete(remembered.clientId)
    },
    load(inbound) {
      for (const { clientId, messageId, hash } of inbound) add({ clientId, messageId, hash, committed: true, waiters: null })
    },
    size() {
      let sum = 0
      for (const messages of clients.values()) sum += messages.size
      return sum
    },
  }
}
