export interface BucketFigures { readonly ratePerS: number; readonly burst: number }

/** Lets so many messages through a second, and a burst; what is above is held back: dropped and counted. */
export interface Bucket { take(): boolean }

/** A flow that publishes to its own input doubles without end; an honest one hardly ever sends 200 messages a second. */
export const defaultFigures: BucketFigures = { ratePerS: 200, burst: 400 }

/** An episode of holding back is over when nothing was held back for this long; the next one is told again. */
const quietMs = 60_000

/** Nodes with the same figures share one bucket: a loop over many nodes is no faster than one over a single node. */
export function createBuckets(deps: { nowMs: () => number; onProblem: (message: string) => void }): { of(figures: BucketFigures): Bucket } {
  const { nowMs } = deps
  const made = new Map<string, Bucket>()

  function create({ ratePerS, burst }: BucketFigures): Bucket {
    let tokens = burst
    let filledAt = nowMs()
    let heldBackAt = -Infinity
    return {
      take() {
        const now = nowMs()
        tokens = Math.min(burst, tokens + ((now - filledAt) / 1_000) * ratePerS)
        filledAt = now
        if (tokens >= 1) {
          tokens--
          return true
        }
        if (now - heldBackAt > quietMs) deps.onProblem(`flows send more than ${ratePerS} messages a second to the gateway (does one publish to its own input?); what is above is dropped. Nodes show how many: "held back"`)
        heldBackAt = now
        return false
      },
    }
  }

  return {
    of(figures) {
      const key = `${figures.ratePerS}/${figures.burst}`
      const found = made.get(key) ?? create(figures)
      made.set(key, found)
      return found
    },
  }
}
