import type { Clock } from './kernel/clock.ts'
import { asError, LimenError } from './kernel/errors.ts'
import type { Logger } from './kernel/log.ts'

/** Named clean-ups, run in reverse order of their registration. */
export interface Lifecycle {
  /** Starts something and registers how it ends; what was started before a failure is ended by `stop`. Throws STOPPING once that was called. */
  start(name: string, part: { start?(): Promise<void> | void; stop?(): Promise<void> | void }): Promise<void>
  /** Ends everything, last first, within the deadline; one that fails or hangs holds up no other. Idempotent. */
  stop(deadlineMs: number): Promise<void>
}

export function createLifecycle(deps: { readonly clock: Clock; readonly logger: Logger }): Lifecycle {
  const { clock, logger } = deps
  const cleanups: { name: string; stop: () => Promise<void> | void }[] = []
  let stopping: Promise<void> | undefined

  async function stopAll(deadlineMs: number): Promise<void> {
    const end = clock.monotonic() + deadlineMs
    for (const { name, stop } of cleanups.splice(0).reverse()) {
      const leftMs = Math.max(100, end - clock.monotonic())
      let cancel = (): void => {}
      const late = new Promise<'late'>((resolve) => { cancel = clock.after(leftMs, () => resolve('late')) })
      try {
        if (await Promise.race([Promise.resolve(stop()), late]) === 'late') logger.warn({ part: name, leftMs }, 'did not stop in time; going on')
      } catch (thrown) {
        logger.error({ part: name, err: asError(thrown) }, 'failed to stop')
      } finally {
        cancel()
      }
    }
  }

  return {
    async start(name, part) {
      if (stopping !== undefined) throw new LimenError('STOPPING', `the gateway is being stopped; ${name} is not started any more`)
      // Registered first: a part whose start fails half-way is stopped too.
      if (part.stop !== undefined) cleanups.push({ name, stop: () => part.stop!() })
      await part.start?.()
    },
    stop: (deadlineMs) => (stopping ??= stopAll(deadlineMs)),
  }
}
