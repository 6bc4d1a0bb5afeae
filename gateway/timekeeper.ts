import type { Cancel, Clock } from './kernel/clock.ts'
import type { Times } from './kernel/contracts.ts'

export interface Timekeeper {
  /** Now. `at` goes on where the last run ended (set by `resume`); whole milliseconds. */
  readonly times: () => Times
  /** `at` continues from here: the time of the last commit or heartbeat before this start. */
  resume(lastAt: number): void
  /** Looks again when the next timer is due, and at once where one is overdue; call after anything that may have changed it. */
  readonly arm: () => void
  start(): void
  stop(): void
}

/** The longest the wall clock may drift from the monotonic one within a second before it counts as a step. */
const stepMs = 1_000
const beatMs = 1_000

/**
 * Drives what happens by time alone: due timers of the rules, a beat a second for whoever needs one,
 * and the notice that the wall clock jumped.
 */
export function createTimekeeper(deps: {
  readonly clock: Clock
  readonly nextDue: () => number
  readonly onDue: () => void
  readonly onBeat: (times: Times) => void
  readonly onStep: (stepMs: number) => void
}): Timekeeper {
  const { clock } = deps
  let origin = -clock.monotonic()
  let armedFor = Infinity
  let cancelDue: Cancel = () => {}
  let cancelBeat: Cancel = () => {}
  let running = false
  let wallMinusMonotonic = clock.wall() - clock.monotonic()

  const at = (): number => Math.floor(clock.monotonic() + origin)

  function arm(): void {
    if (!running) return
    const due = deps.nextDue()
    if (due === armedFor) return
    cancelDue()
    armedFor = due
    if (due === Infinity) return
    // Rounded up: a timer that fires a fraction early would find nothing due and come again.
    cancelDue = clock.after(Math.max(0, Math.ceil(due - (clock.monotonic() + origin))), () => {
      armedFor = Infinity
      deps.onDue()
      arm()
    })
  }

  function beat(): void {
    cancelBeat = clock.after(beatMs, beat)
    const offset = clock.wall() - clock.monotonic()
    const step = offset - wallMinusMonotonic
    wallMinusMonotonic = offset
    if (Math.abs(step) >= stepMs) deps.onStep(Math.round(step))
    deps.onBeat({ at: at(), wallMs: clock.wall() })
    arm()
  }

  return {
    times: () => ({ at: at(), wallMs: clock.wall() }),
    resume(lastAt) {
      origin = lastAt - clock.monotonic()
    },
    arm,
    start() {
      if (running) return
      running = true
      cancelBeat = clock.after(beatMs, beat)
      arm()
    },
    stop() {
      running = false
      cancelDue()
      cancelBeat()
      armedFor = Infinity
    },
  }
}
