/** The only source of time in the simulator; tests hand in one that they move themselves. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  wall(): number
  /** Milliseconds since an arbitrary origin; never jumps. */
  monotonic(): number
  /** Calls `callback` once, after `delayMs`; gives a function that prevents it. */
  after(delayMs: number, callback: () => void): () => void
}

export const systemClock: Clock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  },
}
