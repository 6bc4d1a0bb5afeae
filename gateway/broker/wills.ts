import type { Principal } from '../kernel/principal.ts'
import { encodeTopicLevel } from '../kernel/topic.ts'
import type { Will } from './aedes-client.ts'
import { asText, decodeWill, encodeWill } from './records.ts'
import type { WillRow } from './records.ts'
import type { Rows } from './rows.ts'

/** Last wills by client id, on disk from CONNECT on, so that a crash of the gateway fires them too. */
export interface Wills {
  /** `done` is called when it is on disk. */
  put(clientId: string, will: Will, how: { principal: Principal; brokerId: string; done: (error: Error | null) => void }): void
  get(clientId: string): WillRow | undefined
  /** Is this very will still to fire? */
  holds(clientId: string, will: Will): boolean
  /**
   * It fires: gone in the current batch, back if its commit fails. Only this very will:
   * by then the next connection under this id may have left its own.
   */
  take(clientId: string, will: Will): { undo(): void } | undefined
  /** The client took it back (DISCONNECT). Only this very will, unless none is named. */
  remove(clientId: string, will?: Will): void
  all(): readonly (readonly [clientId: string, will: WillRow])[]
  restore(): Promise<void>
}

export function createWills(deps: { rows: Rows }): Wills {
  const { rows } = deps
  const wills = new Map<string, { readonly row: WillRow; readonly source: Will }>()

  return {
    put(clientId, will, { principal, brokerId, done }) {
      const { topic, payload, qos, retain } = will
      const kept = { row: { topic, payload: Buffer.from(payload), qos, retain, principal, brokerId }, source: will }
      const before = wills.get(clientId)
      wills.set(clientId, kept)
      rows.put('will', encodeTopicLevel(clientId), encodeWill(kept.row))
      rows.urgent()
      rows.onDisk((error) => {
        if (error !== null && wills.get(clientId) === kept) {
          if (before === undefined) wills.delete(clientId)
          else wills.set(clientId, before)
        }
        done(error)
      })
    },
    get: (clientId) => wills.get(clientId)?.row,
    holds: (clientId, will) => wills.get(clientId)?.source === will,
    take(clientId, will) {
      const kept = wills.get(clientId)
      if (kept?.source !== will) return undefined
      wills.delete(clientId)
      rows.delete('will', encodeTopicLevel(clientId))
      return {
        undo() {
          if (!wills.has(clientId)) wills.set(clientId, kept)
        },
      }
    },
    remove(clientId, will) {
      if (will !== undefined && wills.get(clientId)?.source !== will) return
      if (wills.delete(clientId)) rows.remove('will', encodeTopicLevel(clientId))
    },
    all: () => [...wills].map(([clientId, { row }]) => [clientId, row] as const),
    async restore() {
      for await (const [key, text] of rows.all('will')) {
        const row = decodeWill(asText(text))
        wills.set(decodeURIComponent(key), { row, source: row })
      }
    },
  }
}
