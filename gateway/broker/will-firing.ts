import type { Clock } from '../kernel/clock.ts'
import type { Accept } from '../kernel/contracts.ts'
import { LimenError } from '../kernel/errors.ts'
import type { Principal } from '../kernel/principal.ts'
import { mayPublish } from './access.ts'
import type { Will } from './aedes-client.ts'
import type { Counters } from './counters.ts'
import type { Debts, FanOut, Message } from './fan-out.ts'
import type { Done } from './done.ts'
import type { Rows } from './rows.ts'
import type { Topics } from './topics.ts'
import type { Wills } from './wills.ts'

/**
 * Publishes last wills: through the same door as any message, and out of the store in the same batch, so each fires once over a crash.
 * One that could not be stored is tried again every second for as long as it is the client's last.
 */
export interface WillFiring {
  fire(clientId: string, will: Will, how: { principal: Principal; done: Done }): void
}

const retryMs = 1_000

export function createWillFiring(deps: { accept: Accept; topics: Topics; fanOut: FanOut; wills: Wills; rows: Rows; counters: Counters; clock: Clock; isStopping: () => boolean }): WillFiring {
  const { accept, topics, fanOut, wills, rows, counters, clock } = deps

  const firing: WillFiring = {
    fire(clientId, will, { principal, done }) {
      const entry = topics.resolve(will.topic)
      // Checked at CONNECT too; rights may have changed since.
      if (entry === undefined || !mayPublish(principal, entry.topic, entry.kind)) {
        counters.add('refused', 'will')
        wills.remove(clientId, will)
        return done(new LimenError('FORBIDDEN', 'the will may not be published there'))
      }
      const message: Message | null =
        entry.kind === 'command' ? null : { entry, payload: will.payload, qos: will.qos, retain: will.retain, expiresAt: undefined, own: false }
      let waitsFor = 2
      let failure: Error | null = null
      let debts: Debts | undefined
      let row: { undo(): void } | undefined
      function finished(error: Error | null): void {
        failure ??= error
        if (--waitsFor > 0) return
        if (failure === null) {
          if (message !== null) fanOut.deliver(message, debts)
        } else {
          counters.add('failures', 'will')
          debts?.undo()
          row?.undo()
          clock.after(retryMs, () => {
            if (!deps.isStopping() && wills.holds(clientId, will)) firing.fire(clientId, will, { principal, done: () => {} })
          })
        }
        done(failure)
      }
      accept({ kind: 'publish', topic: entry.topic, payload: will.payload, retain: will.retain, principal }, finished)
      if (failure !== null) return finished(null)
      if (message !== null) debts = fanOut.owe(message)
      row = wills.take(clientId, will)
      rows.onDisk(finished)
    },
  }
  return firing
}
