import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { hashPlain } from '../../gateway/kernel/hash-plain.ts'

function hashOf(value: unknown): string {
  const hash = createHash('sha256')
  hashPlain(hash, value)
  return hash.digest('hex')
}

describe('the hash of plain data', () => {
  it('is the same whatever the order of members, and whether one that is undefined is there', () => {
    expect(hashOf({ a: 1, b: [null, 'x'] })).toBe(hashOf({ b: [null, 'x'], c: undefined, a: 1 }))
    expect(hashOf({ zero: -0 })).toBe(hashOf({ zero: 0 }))
  })

  it('is another for anything else that differs', () => {
    const values = [
      null, 0, '', '0', false, [], {}, new Map(), new Set(), [[]], [null], ['a', 'b'], ['ab'], ['a;1', 'b'], { a: 1 }, { a: '1' }, { a: [1] }, new Map([['a', 1]]), new Set(['a', 1]),
      new Map([['a', 1], ['b', 2]]), new Map([['b', 2], ['a', 1]]), new Float64Array([1]), new Float64Array([2]), [new Float64Array([1]), 2], 'ü€', 'u€',
    ]
    expect(new Set(values.map(hashOf)).size).toBe(values.length)
  })

  it('reads numbers of typed arrays where they are in a larger buffer', () => {
    expect(hashOf(new Float64Array([9, 1, 9]).subarray(1, 2))).toBe(hashOf(new Float64Array([1])))
  })

  it('depends on all of what is long', () => {
    const long = (last: number): unknown => [...Array.from({ length: 20_000 }, (_, i) => `value ${i}`), last]
    expect(hashOf(long(1))).toBe(hashOf(long(1)))
    expect(hashOf(long(1))).not.toBe(hashOf(long(2)))
  })
})
