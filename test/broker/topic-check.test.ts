import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileFilter, isFilter, isTopic } from '../../gateway/broker/topic-check.ts'
import { filterMatches } from '../../gateway/kernel/topic.ts'

const level = fc.constantFrom('a', 'b', '', '+', '$SYS')
const filter = fc.tuple(fc.array(level, { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([levels, hash]) => [...levels, ...(hash ? ['#'] : [])].join('/'))
const topic = fc.array(fc.constantFrom('a', 'b', '', '$SYS'), { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'))

describe('filters', () => {
  it('a compiled filter matches what the filter matches', () => {
    fc.assert(fc.property(fc.oneof(filter, fc.constant('#')), topic, (f, t) => compileFilter(f)(t) === filterMatches(f, t)), { numRuns: 2_000 })
  })

  it.each([
    ['a', true], ['/', true], ['+', true], ['#', true], ['a/+/b', true], ['+/+', true], ['a/#', true], ['', false], ['a#', false], ['#/a', false],
    ['a/#/b', false], ['a+', false], ['+a/b', false], ['a/b+', false], ['a\u0000', false], ['a\uFFFD', false], ['a/b/c/d', false],
  ])('%j is a filter: %s', (f, expected) => expect(isFilter(f, 3)).toBe(expected))

  it.each([['a/b', true], ['', false], ['a/+', false], ['#', false], ['a\u0000', false], ['\uFFFD', false], ['a/b/c/d', false], ['//', true]])(
    '%j may be published to: %s', (t, expected) => expect(isTopic(t, 3)).toBe(expected))
})
