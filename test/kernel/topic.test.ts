import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeTopicLevel, filterIsSubset, filterMatches } from '../../gateway/kernel/topic.ts'

const level = fc.constantFrom('a', 'b', '', '+')
const filter = fc.tuple(fc.array(level, { minLength: 1, maxLength: 4 }), fc.boolean()).map(([levels, hash]) => [...levels, ...(hash ? ['#'] : [])].join('/'))
const topic = fc.array(fc.constantFrom('a', 'b', ''), { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'))

describe('topics', () => {
  it.each([
    ['#', 'a/b', true], ['+', 'a', true], ['+', 'a/b', false], ['a/#', 'a', true], ['a/+', 'a', false], ['a/+/c', 'a/b/c', true],
    ['#', '$SYS/x', false], ['+/x', '$SYS/x', false], ['$SYS/#', '$SYS/x', true],
  ])('filter %s on %s: %s', (f, t, expected) => expect(filterMatches(f, t)).toBe(expected))

  it('a subset never matches what the grant does not', () => {
    fc.assert(fc.property(filter, filter, topic, (asked, granted, t) =>
      !filterIsSubset(asked, granted) || !filterMatches(asked, t) || filterMatches(granted, t)))
  })

  it('encodes what would break a level, and nothing else', () => {
    expect(encodeTopicLevel('bed-1.spo2')).toBe('bed-1.spo2')
    expect(encodeTopicLevel('a/b+c#d%')).toBe('a%2Fb%2Bc%23d%25')
    fc.assert(fc.property(fc.string(), (text) => decodeURIComponent(encodeTopicLevel(text).replace(/%(?!2F|2B|23|25|00)/g, '%25')) === text))
  })
})
