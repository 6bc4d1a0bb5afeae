import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDuration, parseSize } from '../../gateway/kernel/units.ts'

describe('durations and sizes', () => {
  it.each([['500ms', 500], ['10s', 10_000], ['5min', 300_000], ['2h', 7_200_000], ['7d', 604_800_000], ['1.5s', 1_500]])(
    'reads %s', (text, ms) => expect(parseDuration(text)).toBe(ms))
  it.each(['', '10', 's', '10 m', '-1s', '1e3s', '10sec', '1constructor'])('refuses %j', (text) => expect(parseDuration(text)).toBeUndefined())
  it.each([['512B', 512], ['64KiB', 65_536], ['10MiB', 10_485_760], ['2GiB', 2_147_483_648]])(
    'reads %s', (text, bytes) => expect(parseSize(text)).toBe(bytes))
  it('never throws, whatever the text', () => {
    fc.assert(fc.property(fc.string(), (text) => {
      const ms = parseDuration(text)
      return ms === undefined || (Number.isSafeInteger(ms) && ms >= 0)
    }))
  })
})
