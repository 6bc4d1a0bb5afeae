const quote = 34
/** Where a `"ts"` or `"seq"` is looked for; a longer payload that hides it further on counts as having none, which is safe. */
const lookedAtBytes = 2_048

/** Does the payload carry an identity of its own (`ts` or `seq` as a JSON member)? A cheap look, not a parse. */
export function carriesIdentity(payload: Uint8Array): boolean {
  const end = Math.min(payload.length, lookedAtBytes) - 3
  for (let i = 0; i < end; i++) {
    if (payload[i] !== quote) continue
    const next = payload[i + 1]
    if (next === 116 /* t */) {
      if (payload[i + 2] === 115 && payload[i + 3] === quote) return true
    } else if (next === 115 /* s */ && payload[i + 2] === 101 && payload[i + 3] === 113 && payload[i + 4] === quote) return true
  }
  return false
}
