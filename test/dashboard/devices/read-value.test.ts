import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readLabels, readValue, writeLabels } from '../../../dashboard/src/devices/read-value.ts'

describe('a value somebody typed', () => {
  it('is a number or a boolean where it reads as one, else the words', () => {
    expect(['21.5', ' -3 ', '1e3', '.5', 'true', 'false', 'open', '1,5', '0x10', '', '1e999', 'Infinity'].map(readValue)).toEqual([21.5, -3, 1_000, 0.5, true, false, 'open', '1,5', '0x10', '', '1e999', 'Infinity'])
  })
})

describe('labels as lines', () => {
  it('read name=value and keep what follows the first =', () => {
    expect(readLabels('ward=east\n\n room = 12 \nformula=a=b')).toEqual({ ward: 'east', room: '12', formula: 'a=b' })
  })

  it('say what is wrong', () => {
    expect(readLabels('ward')).toContain('name=value')
    expect(readLabels('=x')).toContain('name=value')
    expect(readLabels('a=1\na=2')).toContain('twice')
  })

  it('come back as they were written', () => {
    const word = fc.stringMatching(/^[a-zA-Z_][\w .:-]{0,10}\w$/)
    fc.assert(fc.property(fc.dictionary(word, word, { maxKeys: 5 }), (labels) => {
      expect(readLabels(writeLabels(labels))).toEqual({ ...labels })
    }))
    expect(readLabels('__proto__=x')).toEqual(JSON.parse('{"__proto__":"x"}'))
  })
})
