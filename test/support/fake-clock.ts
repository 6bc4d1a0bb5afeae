import type { Clock } from '../../gateway/kernel/clock.ts'

export interface FakeClock extends Clock {
  /** Lets `ms` of monotonic (and wall) time pass; fires what falls due, in order, and lets promises settle in between. */
  advance(ms: number): Promise<void>
  /** The wall clock jumps; monotonic time and timers do not notice. */
  stepWall(ms: number): void
  /** The process does not run for so long: time passes, and what fell due meanwhile fires with the next `advance`. */
  stall(ms: number): void
}

/** A clock that stands still until told otherwise. Wall time starts at 2026-01-01T00:00:00Z. */
export function createFakeClock(start = { wallMs: Date.UTC(2026, 0, 1), monotonicMs: 1_000 }): FakeClock {
  let monotonicMs = start.monotonicMs
  let wallOffsetMs = start.wallMs - start.monotonicMs
  let timers: { due: number; order: number; callback: () => void }[] = []
  let order = 0
  return {
    wall: () => Math.round(monotonicMs + wallOffsetMs),
    monotonic: () => monotonicMs,
    after(delayMs, callback) {
      const timer = { due: monotonicMs + Math.max(0, delayMs), order: order++, callback }
      timers.push(timer)
      return () => {
        timers = timers.filter((t) => t !== timer)
      }
    },
    async advance(ms) {
      const end = monotonicMs + ms
      await settle()
      for (;;) {
        const next = timers.filter((t) => t.due <= end).sort((a, b) => a.due - b.due || a.order - b.order)[0]
        if (next === undefined) break
        timers = timers.filter((t) => t !== next)
        monotonicMs = Math.max(monotonicMs, next.due)
        next.callback()
        await settle()
      }
      monotonicMs = end
      await settle()
    },
    stepWall(ms) {
      wallOffsetMs += ms
    },
    stall(ms) {
      monotonicMs += ms
    },
  }
}

/** Two turns of the event loop: promises and immediates that are due have run. */
async function settle(): Promise<void> {
  for (let i = 0; i < 2; i++) await new Promise((resolve) => setImmediate(resolve))
}
