import type { Cancel, Clock } from './kernel/clock.ts'
import type { Times } from './kernel/contracts.ts'

export interface Timekeeper {
  /**
   * Now, in whole milliseconds. `at` goes on where the last run ended (set by `resume`), and where this one stalled. Wall time runs with it;
   * where the clock itself has been stepped or has drifted, that is followed only when asked (`followClock`), so that it can be logged.
   */
  readonly times: () => Times
  readonly clockMoved: () => boolean
  readonly followClock: () => void
  /** `at` continues from here: the time of the last commit or heartbeat before this start. */
  resume(lastAt: number): void
  /** Looks again when the next timer is due, and at once where one is overdue; call after anything that may have changed it. */
  readonly arm: () => void
  start(): void
  stop(): void
}

/** The longest the wall clock may drift from the monotonic one within a second before it counts as a step. */
const stepMs = 1_000
/** A clock that is slewed, or read a little earlier or later, is not followed for less. */
const driftMs = 20
const beatMs = 1_000
const looksPerBeat = 4
/**
 * Four looks missed: the process did not run (SIGSTOP, a machine that was suspended, no processor for it). What was sent meanwhile
 * waits in the sockets and is read only after whatever timer is overdue: silence of which nobody can know. So a stall is no
 * up-time, as the time between a kill and the next start is none.
 */
const stallMs = 1_000

/**
 * Drives what happens by time alone: due timers of the rules, a beat a second for whoever needs one,
 * and the notice that the wall clock jumped or that the process stood still.
 */
export function createTimekeeper(deps: {
  readonly clock: Clock
  readonly nextDue: () => number
  readonly onDue: () => void
  /** The wall clock is not where `times` has it, and nothing has come that would have followed it. */
  readonly onClock: () => void
  readonly onBeat: (times: Times) => void
  readonly onStep: (stepMs: number) => void
  /** The process did not run for so long; `at` has not moved meanwhile. */
  readonly onStall: (stalledMs: number) => void
}): Timekeeper {
  const { clock } = deps
  let origin = -clock.monotonic()
  let armedFor = Infinity
  let cancelDue: Cancel = () => {}
  let cancelLook: Cancel = () => {}
  let running = false
  let wallMinusMonotonic = clock.wall() - clock.monotonic()

  let lookedAt = clock.monotonic()
  let looks = 0
  let stalledMs = 0

  function now(): number {
    const monotonic = clock.monotonic()
    const gapMs = monotonic - lookedAt
    lookedAt = monotonic
    if (running && gapMs > stallMs) {
      origin -= gapMs
      stalledMs += gapMs
    }
    return monotonic + origin
  }

  const at = (): number => Math.floor(now())
  /** Wall time less monotonic time. */
  let offset = clock.wall() - at()
  const moved = (): boolean => Math.abs(clock.wall() - at() - offset) >= driftMs

  function arm(): void {
    if (!running) return
    const due = deps.nextDue()
    if (due === armedFor) return
    cancelDue()
    armedFor = due
    if (due === Infinity) return
    // Rounded up: a timer that fires a fraction early would find nothing due and come again.
    cancelDue = clock.after(Math.max(0, Math.ceil(due - now())), () => {
      armedFor = Infinity
      // Not yet, where a stall lay between.
      if (at() >= due) deps.onDue()
      arm()
    })
  }

  /** Often, so that a stall is known to the quarter of a second; every fourth is a beat. */
  function look(): void {
    cancelLook = clock.after(beatMs / looksPerBeat, look)
    now()
    if (stalledMs > 0) {
      deps.onStall(Math.round(stalledMs))
      stalledMs = 0
    }
    if (++looks % looksPerBeat === 0) beat()
  }

  function beat(): void {
    const difference = clock.wall() - clock.monotonic()
    const step = difference - wallMinusMonotonic
    wallMinusMonotonic = difference
    if (Math.abs(step) >= stepMs) deps.onStep(Math.round(step))
    // Before anybody is told the time.
    if (moved()) deps.onClock()
    deps.onBeat(times())
    arm()
  }

  function times(): Times {
    const ms = at()
    return { at: ms, wallMs: ms + offset }
  }

  return {
    times,
    clockMoved: moved,
    followClock() {
      offset = clock.wall() - at()
    },
    resume(lastAt) {
      origin = lastAt - clock.monotonic()
      offset = clock.wall() - at()
    },
    arm,
    start() {
      if (running) return
      running = true
      lookedAt = clock.monotonic()
      cancelLook = clock.after(beatMs / looksPerBeat, look)
      arm()
    },
    stop() {
      running = false
      cancelDue()
      cancelLook()
      armedFor = Infinity
    },
  }
}
