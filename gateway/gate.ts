import { LimenError, asError } from './kernel/errors.ts'
import type { Logger } from './kernel/log.ts'

/** Open: inputs are evaluated. Shut: a commit failed, and the state of every room is made again what the store holds. */
export interface Gate {
  readonly isOpen: () => boolean
  /** STORE_FAILED while it is shut: for what changes state and does not come by the one door. */
  mustBeOpen(): void
  /** A batch could not be stored, whoever wrote it; to be called once per failure, in the turn it is known. */
  readonly lost: (error: Error) => void
  /** Now, or once it is open again; of several under one name only the last. */
  whenOpen(name: string, work: () => void): void
}

export interface GateDeps {
  /** Begins at once, so that nothing is written from memory that is no longer true; resolves when every room's state is what the store holds. */
  readonly rebuild: () => Promise<void>
  /** Called each time it opens again, before what waited. */
  readonly opened: () => void
  /** What is in memory cannot be made true again. */
  readonly onFatal: (error: Error) => void
  readonly logger: Logger
}

export function createGate(deps: GateDeps): Gate {
  const { logger } = deps
  let open = true
  /** Bounded by its names: a rule set, the gateway's own conditions, devices that were edited. */
  const waiting = new Map<string, () => void>()

  function opens(): void {
    open = true
    deps.opened()
    const works = [...waiting.values()]
    waiting.clear()
    for (const work of works) work()
  }

  return {
    isOpen: () => open,
    mustBeOpen() {
      if (!open) throw new LimenError('STORE_FAILED', 'the store could not take the last batch; state is being rebuilt', { remedy: 'send it again' })
    },
    lost(error) {
      if (!open) return
      open = false
      logger.error({ err: error }, 'a batch could not be stored; state is rebuilt from the store')
      deps.rebuild().then(opens).catch((thrown: unknown) => {
        // Stopped meanwhile: what is in memory is of no use to anybody any more.
        if (thrown instanceof LimenError && thrown.code === 'STORE_CLOSED') return
        const cause = asError(thrown)
        logger.error({ err: cause }, 'state could not be rebuilt')
        deps.onFatal(cause)
      })
    },
    whenOpen(name, work) {
      if (open) work()
      else waiting.set(name, work)
    },
  }
}
