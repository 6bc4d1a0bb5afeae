import { describe, expect, it } from 'vitest'
import { digest, hash53, hash53Number } from '../../gateway/kernel/hash.ts'

describe('hashes', () => {
  it('gives the same for the same text and its ASCII bytes, and spreads near values', () => {
    expect(hash53('devices/a/b')).toBe(hash53(Buffer.from('devices/a/b')))
    const seen = new Set<number>()
    for (let i = 0; i < 100_000; i++) seen.add(hash53(`reading ${i}`))
    expect(seen.size).toBe(100_000)
  })

  it('tells apart numbers that differ in one bit, and chains of them', () => {
    const seen = new Set<number>()
    for (let i = 0; i < 50_000; i++) {
      seen.add(hash53Number(i, 7))
      seen.add(hash53Number(i + 0.1, 7))
      seen.add(hash53Number(1, hash53Number(i, 3)))
    }
    expect(seen.size).toBe(150_000)
    for (const h of seen) if (!Number.isSafeInteger(h) || h < 0) throw new Error(String(h))
  })

  it('does not confuse where one part ends and the next begins', () => {
    expect(digest('ab', 'c')).not.toBe(digest('a', 'bc'))
    expect(digest('a', 1)).toMatch(/^[0-9a-f]{32}$/)
  })
})
