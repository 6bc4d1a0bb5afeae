/**
 * Chance as a pure function: the same seed and key give the same number, in any order and at any time.
 * That makes every signal a function of (seed, time) that can be computed anew.
 */

/** 32 bits that depend on every part: FNV-1a over the text, then the finaliser of MurmurHash3. */
function hash(seed: number, key: string): number {
  let h = (0x811c9dc5 ^ seed) >>> 0
  for (let i = 0; i < key.length; i++) h = Math.imul(h ^ key.charCodeAt(i), 0x01000193)
  h ^= h >>> 16
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Uniform in [0, 1). */
export function uniform(seed: number, key: string): number {
  return hash(seed, key) / 0x1_0000_0000
}

/** Uniform in [low, high). */
export function between(seed: number, key: string, range: readonly [low: number, high: number]): number {
  return range[0] + uniform(seed, key) * (range[1] - range[0])
}

/** Smooth noise in [-1, 1]: a new random level every `periodMs`, with a soft passage between two. */
export function noise(seed: number, key: string, at: { tMs: number; periodMs: number }): number {
  const position = at.tMs / at.periodMs
  const step = Math.floor(position)
  const from = uniform(seed, `${key}:${step}`)
  const to = uniform(seed, `${key}:${step + 1}`)
  return 2 * (from + (to - from) * smooth(position - step)) - 1
}

/** 0 at 0, 1 at 1, level at both ends. */
export function smooth(x: number): number {
  const clipped = Math.min(1, Math.max(0, x))
  return clipped * clipped * (3 - 2 * clipped)
}
