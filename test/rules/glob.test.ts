import fc from 'fast-check'
import picomatch from 'picomatch'
import { describe, expect, it } from 'vitest'
import { compileGlob } from '../../gateway/rules/glob.ts'

describe('globs', () => {
  it.each([
    ['bed-*', 'bed-1', true], ['bed-*', 'bed-', true], ['bed-*', 'abed-1', false], ['*', '', true], ['?', '', false], ['?', 'é', true], ['?', '🛏', true],
    ['a*b*c', 'axxbyyc', true], ['a*b*c', 'axxbyy', false], ['[a]', 'a', false], ['[a]', '[a]', true], ['a.b', 'axb', false], ['**x', 'yx', true], ['', '', true],
  ])('%s %s: %s', (pattern, text, expected) => {
    expect(compileGlob(pattern)(text)).toBe(expected)
  })

  it('agrees with picomatch where both know the syntax', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 }).filter((one) => one !== '')
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), minLength: 1, maxLength: 6 }).filter((one) => !one.includes('**'))
    fc.assert(fc.property(pattern, text, (one, other) => {
      expect(compileGlob(one)(other)).toBe(picomatch.isMatch(other, one, { dot: true, nobracket: true, noextglob: true }))
    }))
  })

  it('does not backtrack without end', () => {
    const began = performance.now()
    expect(compileGlob(`${'*a'.repeat(50)}*b`)('a'.repeat(5_000))).toBe(false)
    expect(performance.now() - began).toBeLessThan(1_000)
  })
})
