/** When a batch is committed (trust.md, "When to commit"). Pure: time comes in as an argument, monotonic ms. */
export interface CommitPolicyOptions {
  /** Longest wait since the last commit began. */
  readonly windowMs: number
}

export interface WaitingBatch { readonly urgent: boolean; readonly payloadBytes: number }

export interface CommitPolicy {
  /** How long the batch may still wait, asked when a turn of the event loop ends: 0 = commit now. Takes from the budget of early commits. */
  waitMs(batch: WaitingBatch, nowMs: number): number
  began(nowMs: number): void
  /** A commit failed for want of space: the next try not before so long. */
  holdUntil(untilMs: number): void
}

/** A page is full: nothing is saved by waiting longer. */
export const fullPageBytes = 4096
/** Publishers with few messages in flight all wait for the commit by then; a few early ones a second keep them going. */
export const earlyBytes = 1024
export const earlyPerSecond = 20

export function createCommitPolicy({ windowMs }: CommitPolicyOptions): CommitPolicy {
  let beganMs = -Infinity
  let heldUntilMs = -Infinity
  let budget = 1
  let budgetAtMs = -Infinity

  function earlyAllowed(nowMs: number): boolean {
    // A bucket of one: the early commits spread over the second, and a burst after a pause costs one, not twenty.
    budget = Math.min(1, budget + ((nowMs - budgetAtMs) / 1000) * earlyPerSecond)
    budgetAtMs = nowMs
    if (budget < 1) return false
    budget -= 1
    return true
  }

  return {
    waitMs({ urgent, payloadBytes }, nowMs) {
      if (nowMs < heldUntilMs) return heldUntilMs - nowMs
      if (urgent || payloadBytes >= fullPageBytes) return 0
      const leftMs = beganMs + windowMs - nowMs
      if (!(leftMs > 0)) return 0
      if (payloadBytes >= earlyBytes && earlyAllowed(nowMs)) return 0
      return leftMs
    },
    began(nowMs) {
      beganMs = nowMs
    },
    holdUntil(untilMs) {
      heldUntilMs = untilMs
    },
  }
}
