import type { Rule } from './kernel/rule.ts'

/** A series shows its rhythm within it, and few samples in a row come together. */
const leastMs = 10 * 60_000
/** What learns from a number of samples, not from a time. */
const learningMs = 60 * 60_000
const mostMs = 24 * 3_600_000

/** How long before a span rules have to run for their windows to be full, their delays to be over, their silences to be noticed at its beginning. */
export function warmUpMs(rules: readonly Rule[]): number {
  let longest = leastMs
  for (const { forMs, clearForMs, staleMs = 0, when } of rules) {
    longest = Math.max(longest, longestIn(when.spec) + Math.max(forMs, clearForMs) + staleMs, when.kind === 'anomaly' ? learningMs : 0)
  }
  return Math.min(longest, mostMs)
}

/** Kinds call their durations `ms`, or something with Ms at the end. */
function longestIn(spec: unknown): number {
  if (typeof spec !== 'object' || spec === null) return 0
  let [longest, together] = [0, 0]
  for (const [name, value] of Object.entries(spec)) {
    if (typeof value === 'number' && /^ms$|Ms$/.test(name) && Number.isFinite(value)) together += value
    else longest = Math.max(longest, longestIn(value))
  }
  return longest + together
}
