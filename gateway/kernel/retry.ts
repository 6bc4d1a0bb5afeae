/**
 * AWS' "full jitter" (delivery.md): random(0, min(longestMs, baseMs · 2ⁿ)), n from 0.
 * `random` gives [0, 1).
 */
export function fullJitterMs(n: number, random: () => number, limits = { baseMs: 1_000, longestMs: 60_000 }): number {
  return random() * Math.min(limits.longestMs, limits.baseMs * 2 ** Math.min(n, 30))
}

/** `Retry-After` (RFC 9110, 10.2.3): seconds or an HTTP date → ms from `wallMs` on, never negative; undefined when it is neither. */
export function retryAfterMs(header: string | undefined, wallMs: number): number | undefined {
  if (header === undefined) return undefined
  const text = header.trim()
  if (/^\d{1,9}(\.\d{1,9})?$/.test(text)) return Number(text) * 1_000
  // Date.parse takes far more than an HTTP date; all three forms begin with a day's name, and asctime's carries no zone but is UTC.
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return undefined
  const date = Date.parse(/GMT$/.test(text) ? text : `${text} GMT`)
  return Number.isNaN(date) ? undefined : Math.max(0, date - wallMs)
}
