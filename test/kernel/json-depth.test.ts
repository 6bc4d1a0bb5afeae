import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { depthOf } from '../../gateway/kernel/json-depth.ts'

describe('the depth of a JSON text', () => {
  it('is what parsing would find', () => {
    const depth = (value: unknown): number => (typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depth)) : 0)
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      expect(depthOf(JSON.stringify(value))).toBe(depth(value))
    }))
  })
})
