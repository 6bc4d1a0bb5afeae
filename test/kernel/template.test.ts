import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fillTemplate, parseTemplate } from '../../gateway/kernel/template.ts'

const lookup = (name: string): string => `<${name}>`

describe('texts to be filled in', () => {
  it.each([
    ['plain', 'plain'],
    ['{value}{unit} on {device}', '<value><unit> on <device>'],
    ['{ value }, {labels.ward}, {labels.a b}', '<value>, <labels.ward>, <labels.a b>'],
    ['{{value}} {{{value}}}', '{value} {<value>}'],
    ['} alone, a pair }}', '} alone, a pair }'],
  ])('fills %j', (text, filled) => {
    expect(fillTemplate(text, lookup)).toBe(filled)
  })

  it.each(['{', 'a {value', '{nothing}', '{labels.}', '{}', '{value {unit}'])('refuses %j, and leaves it as it stands', (text) => {
    expect(parseTemplate(text).ok).toBe(false)
    expect(fillTemplate(text, lookup)).toBe(text)
  })

  it('gives back any text whose braces are doubled', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(fillTemplate(text.replace(/[{}]/g, '$&$&'), lookup)).toBe(text)
      }),
    )
  })

  it('does not fill in what was filled in', () => {
    expect(fillTemplate('{device}', () => '{value}')).toBe('{value}')
  })
})
