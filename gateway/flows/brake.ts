import type { Cancel, Clock } from '../kernel/clock.ts'

/** Holds a process back that does not give its event loop back: it runs for a tenth of the time, later for a fiftieth, until it is let go. */
export interface Brake {
  on(): void
  off(): void
}

const turnMs = 500
/** A long computation may still come to its end in the first turns. */
const runsForMs = { first: 50, later: 10 }
const firstTurns = 6

/**
 * A priority alone is not enough: a loop without end on one core costs the alarms on the other one their caches, their memory
 * and, where two cores are the halves of one, their speed. `signal` is not called after `off` but for the SIGCONT that ends it.
 */
export function createBrake({ clock, signal }: { readonly clock: Clock; readonly signal: (name: 'SIGSTOP' | 'SIGCONT') => void }): Brake {
  let cancel: Cancel | undefined
  let turns = 0

  function rest(): void {
    const ranMs = turns < firstTurns ? runsForMs.first : runsForMs.later
    signal('SIGSTOP')
    cancel = clock.after(turnMs - ranMs, () => run(ranMs))
  }

  function run(forMs: number): void {
    turns++
    signal('SIGCONT')
    cancel = clock.after(forMs, rest)
  }

  return {
    on() {
      if (cancel !== undefined) return
      turns = 0
      rest()
    },
    off() {
      if (cancel === undefined) return
      cancel()
      cancel = undefined
      signal('SIGCONT')
    },
  }
}
