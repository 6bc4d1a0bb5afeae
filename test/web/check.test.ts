import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { check, readQuery } from '../../gateway/web/check.ts'

const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 3, pattern: '^[a-z]+$' },
    count: { type: 'integer', minimum: 0, maximum: 9 },
    share: { type: 'number' },
    on: { type: 'boolean' },
    kind: { enum: ['a', 'b'] },
    labels: { type: 'object', maxProperties: 2, additionalProperties: { type: 'string' } },
    any: { type: ['null', 'number', 'array'] },
  },
} as const

describe('the check of a request', () => {
  it('takes what is right', () => {
    expect(check(schema, { name: 'abc', count: 9, share: 0.5, on: false, kind: 'b', labels: { x: 'y' }, any: null })).toEqual([])
    expect(check(schema, { name: 'a', any: [] })).toEqual([])
  })

  it.each([
    [{}, 'name', 'missing'], [{ name: '' }, 'name', '1 to 3 characters'], [{ name: 'abcd' }, 'name', '1 to 3'], [{ name: 'A' }, 'name', 'a text'], [{ name: 'a', count: 1.5 }, 'count', 'a whole number 0…9'],
    [{ name: 'a', count: 10 }, 'count', '0…9'], [{ name: 'a', share: '1' }, 'share', 'a number'], [{ name: 'a', on: 'true' }, 'on', 'true or false'], [{ name: 'a', kind: 'c' }, 'kind', 'one of a, b'],
    [{ name: 'a', labels: { x: 1 } }, 'labels.x', 'a text'], [{ name: 'a', labels: { x: '', y: '', z: '' } }, 'labels', 'an object'], [{ name: 'a', any: 'x' }, 'any', 'null or a number or a list'],
    [{ name: 'a', nmae: 1 }, 'nmae', 'did you mean "name"?'], [[], '', 'a JSON object'], [null, '', 'a JSON object'],
  ])('says of %j what would be right', (data, member, detail) => {
    expect(check(schema, data)).toEqual([{ member, detail: expect.stringContaining(detail) }])
  })

  it('reads a query as what the schema says, and leaves alone what it cannot', () => {
    expect(readQuery(schema, { name: '5', count: '5', share: '-0.5', on: 'true', any: '7' })).toEqual({ name: '5', count: 5, share: -0.5, on: true, any: 7 })
    expect(readQuery(schema, { count: '0x5', on: 'yes', other: '1' })).toEqual({ count: '0x5', on: 'yes', other: '1' })
  })

  it('never throws, whatever it is given', () => {
    fc.assert(fc.property(fc.anything({ withNullPrototype: true }), (data) => {
      expect(Array.isArray(check(schema, data))).toBe(true)
    }))
  })
})
