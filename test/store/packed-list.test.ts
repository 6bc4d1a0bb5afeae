import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { packList, unpackList } from '../../gateway/store/packed-list.ts'

describe('a page of state between threads', () => {
  it('is what it was, texts and blobs, empty ones among them', () => {
    const value = fc.oneof(fc.string(), fc.uint8Array({ maxLength: 20 }))
    fc.assert(fc.property(fc.array(fc.tuple(fc.string(), value)), (pairs) => {
      const packed = packList(pairs)
      const { blobs, content } = structuredClone(packed, { transfer: [packed.blobs.buffer] })
      expect(unpackList({ blobs, content })).toEqual(pairs)
    }))
  })
})
