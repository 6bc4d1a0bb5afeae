/** Stops a timer; harmless when it has fired. */
export type Cancel = () => void

/**
 * The only source of time in the gateway. Wall time may jump; monotonic time never does.
 * Tests hand in a fake one.
 */
export interface Clock {
  /** Milliseconds since 1970, UTC; may step forwards and backwards. */
  wall(): number
  /** Milliseconds since an arbitrary origin; rises steadily whatever happens to the wall clock. */
  monotonic(): number
  /** Calls `callback` once, `delayMs` of monotonic time from now. The timer keeps no process alive by itself. */
  after(delayMs: number, callback: () => void): Cancel
}

/** setTimeout's longest delay; longer waits go in several steps. */
const longestTimeoutMs = 2_147_483_647

export const systemClock: Clock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, callback) {
    const due = performance.now() + delayMs
    let timer = setTimeout(step, Math.min(Math.max(delayMs, 0), longestTimeoutMs))
    timer.unref()
    function step(): void {
      const left = due - performance.now()
      if (left <= 0.5) return callback()
      timer = setTimeout(step, Math.min(left, longestTimeoutMs))
      timer.unref()
    }
    return () => clearTimeout(timer)
  },
}
