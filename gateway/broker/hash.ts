/**
 * 53-bit hash of topic and payload (cyrb53: two multiplicative lanes, mixed at the end). It tells a resend from another message
 * of the same packet id, so it need not withstand forgery: whoever could forge one could as well send the original.
 */
export function hashMessage(seed: TopicSeed, payload: Uint8Array): number {
  let a = seed.a
  let b = seed.b
  for (let i = 0; i < payload.length; i++) {
    const byte = payload[i]!
    a = Math.imul(a ^ byte, 2654435761)
    b = Math.imul(b ^ byte, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return 4294967296 * (2097151 & b) + (a >>> 0)
}

/** The lanes after the topic; worked out once a topic. */
export interface TopicSeed {
  readonly a: number
  readonly b: number
}

export function topicSeed(topic: string): TopicSeed {
  let a = 0xdeadbeef
  let b = 0x41c6ce57
  for (let i = 0; i < topic.length; i++) {
    const code = topic.charCodeAt(i)
    a = Math.imul(a ^ code, 2654435761)
    b = Math.imul(b ^ code, 1597334677)
  }
  // A separator, so that topic "a" with payload "b" is not topic "ab" with none.
  return { a: Math.imul(a ^ 0x1ff, 2654435761), b: Math.imul(b ^ 0x1ff, 1597334677) }
}

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
