import type { InboundMemory } from './inbound-memory.ts'
import type { Link } from './session.ts'

/** Forgets messages once their PUBACK was handed to the kernel: the client will not send them again. */
export interface FlushWatch {
  acknowledged(link: Link): void
  /** Looks again at those that would not leave at once; called once a second. */
  look(): void
}

export function createFlushWatch(deps: { memory: InboundMemory }): FlushWatch {
  const { memory } = deps
  const links = new Set<Link>()
  let scheduled = false

  function look(): void {
    scheduled = false
    for (const link of links) {
      const { conn } = link
      // Of a closed connection nobody knows what arrived: all of it stays remembered.
      if (conn.destroyed) links.delete(link)
      else if (conn.writableLength === 0) {
        links.delete(link)
        for (const remembered of link.unflushed) memory.forget(remembered)
        link.unflushed.length = 0
      }
    }
  }

  return {
    acknowledged(link) {
      links.add(link)
      if (scheduled) return
      scheduled = true
      // By then this turn's writes have been made.
      setImmediate(look)
    },
    look,
  }
}
