import fc from 'fast-check'
import picomatch from 'picomatch'
import { describe, expect, it } from 'vitest'
import { compileGlob, globCovers, globsMeet, leastLength, matchesGlob } from '../../gateway/kernel/glob.ts'

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

  /** How often a character of the text was looked at. */
  function looksAt(pattern: string, text: string): number {
    let looks = 0
    const watched = new Proxy(Array.from(text), {
      get(target, name, receiver) {
        if (name !== 'length') looks++
        return Reflect.get(target, name, receiver) as unknown
      },
    })
    matchesGlob(Array.from(pattern), watched)
    return looks
  }

  it('does not backtrack: each character of the text is looked at no more often than the pattern is long', () => {
    const pattern = `${'*a'.repeat(50)}*b`
    for (const length of [100, 1_000, 10_000]) expect(looksAt(pattern, 'a'.repeat(length))).toBeLessThanOrEqual(3 * length)
    // The worst there is: the last piece begins to match everywhere.
    for (const length of [100, 1_000, 10_000]) expect(looksAt(`*${'a'.repeat(50)}b`, 'a'.repeat(length))).toBeLessThanOrEqual(51 * length)
    const letters = (unit: readonly string[], maxLength: number) => fc.string({ unit: fc.constantFrom(...unit), maxLength })
    fc.assert(fc.property(letters(['a', 'b', '*', '?'], 30), letters(['a', 'b'], 200), (one, text) => {
      const wanted = one.replace(/\*+/g, '*')
      expect(looksAt(wanted, text)).toBeLessThanOrEqual((wanted.length + 1) * (text.length + 1))
    }), { numRuns: 1_000 })
  })

  it.each([
    ['bed-*', 'bed-1', true], ['bed-*', 'b*-7', true], ['bed-?', 'bed-12', false], ['a*b', '*c', false], ['*', 'x', true], ['a?', '?b', true], ['', '*', true], ['', '?', false],
  ])('%s and %s can match the same text: %s', (one, other, expected) => {
    expect([globsMeet(one, other), globsMeet(other, one)]).toEqual([expected, expected])
  })

  it('knows of two patterns whether there is a text for both', () => {
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 4 })
    const texts = Array.from({ length: 7 }, (_, length) => Array.from({ length: 2 ** length }, (_unused, n) => n.toString(2).padStart(length, '0').slice(0, length).replaceAll('0', 'a').replaceAll('1', 'b'))).flat()
    fc.assert(fc.property(pattern, pattern, (one, other) => {
      expect(globsMeet(one, other)).toBe(texts.some((text) => compileGlob(one)(text) && compileGlob(other)(text)))
    }), { numRuns: 500 })
  })

  it.each([['*', 'a*b', true], ['bed-*', 'bed-1*', true], ['bed-?', 'bed-7', true], ['bed-?', 'bed-*', false], ['bed-1*', 'bed-*', false], ['a', 'a', true]])('%s covers %s: %s', (wide, narrow, expected) => {
    expect(globCovers(wide, narrow)).toBe(expected)
  })

  it('never says that a pattern covers another where a text shows that it does not', () => {
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 4 })
    fc.assert(fc.property(pattern, pattern, fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 6 }), (wide, narrow, text) => {
      if (globCovers(wide, narrow) && compileGlob(narrow)(text)) expect(compileGlob(wide)(text)).toBe(true)
    }), { numRuns: 2_000 })
  })

  it.each([['', 0], ['***', 0], ['bed-*', 4], ['??*🛏', 3]])('%s needs a text of %i characters', (pattern, length) => {
    expect(leastLength(pattern)).toBe(length)
  })
})
