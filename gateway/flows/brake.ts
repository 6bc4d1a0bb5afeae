import type { Cancel, Clock } from '../kernel/clock.ts'

/** Holds a process back that does not give its event loop back: it runs for a tenth of the time until it is let go. */
export interface Brake {
  on(): void
  off(): void
}

const runsForMs = 50
const restsForMs = 450

/**
 * A priority alone is not enough: a loop without end on one core costs the alarms on the other one their caches, their memory
 * and, where two cores are the halves of one, their speed. `signal` is not called after `off` but for the SIGCONT that ends it.
 */
export function createBrake({ clock, signal }: { readonly clock: Clock; readonly signal: (name: 'SIGSTOP' | 'SIGCONT') => void }): Brake {
  let cancel: Cancel | undefined

  function rest(): void {
    signal('SIGSTOP')
    cancel = clock.after(restsForMs, run)
  }

  function run(): void {
    signal('SIGCONT')
    cancel = clock.after(runsForMs, rest)
  }

  return {
    on() {
      if (cancel === undefined) rest()
    },
    off() {
      if (cancel === undefined) return
      cancel()
      cancel = undefined
      signal('SIGCONT')
    },
  }
}
