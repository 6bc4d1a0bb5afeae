import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { suggest, suggestion } from '../../gateway/kernel/suggest.ts'

describe('what was meant', () => {
  it.each([
    ['prot', 'port'],
    ['hots', 'host'],
    ['hysteresys', 'hysteresis'],
    ['max_packet_size', 'maxPacketSize'],
    ['HTTP', 'http'],
    ['lable', 'label'],
  ])('takes %s for %s', (written, meant) => {
    expect(suggest(written, ['port', 'host', 'http', 'hysteresis', 'maxPacketSize', 'label'])).toBe(meant)
  })

  it('guesses nothing far-fetched', () => {
    for (const written of ['x', '', 'something else', 'a'.repeat(1_000)]) expect(suggest(written, ['port', 'host', 'qos'])).toBeUndefined()
  })

  it('always finds the word itself', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,20}$/), (word) => {
        expect(suggest(word, ['zzzzzzzzzzzzzzzzzzzzzzzzz', word])).toBe(word)
      }),
    )
  })

  it('names what there is where it has no guess', () => {
    expect(suggestion('x', ['port', 'host'])).toBe('known here: port, host')
    expect(suggestion('x', [])).toBe('leave it out')
  })
})
