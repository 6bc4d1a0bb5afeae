import { describe, expect, it } from 'vitest'
import { readCommandPayload } from '../../gateway/ingest/command-payload.ts'

describe('what is published on …/set', () => {
  it.each([
    ['1', 1], ['-2.5', -2.5], ['true', true], ['false', false], ['ON', 'ON'], ['off', 'off'], ['"ON"', 'ON'], ['"true"', 'true'], [' red ', 'red'],
    ['{"value":"ON"}', 'ON'], ['{"value":"true"}', 'true'], ['{"value":true}', true], ['{"value":3}', 3], [' {"value":"OFF"}', 'OFF'],
  ])('%s is the value %j, words as they were written', (text, value) => {
    expect(readCommandPayload(Buffer.from(text))).toEqual({ value, ttlMs: undefined })
  })

  it('may carry the time it is good for', () => {
    expect(readCommandPayload(Buffer.from('{"value":"ON","ttlMs":5000}'))).toEqual({ value: 'ON', ttlMs: 5_000 })
    expect(readCommandPayload(Buffer.from(' {"value":1,"ttlMs":1e12}'))).toEqual({ value: 1, ttlMs: 86_400_000 })
  })

  it.each(['{bad', '{"ttlMs":1}', '{"value":null}', '{"value":{}}', 'null', 'NaN', '{"value":1e999}'])('%s is refused', (text) => {
    expect(readCommandPayload(Buffer.from(text))).toMatchObject({ reason: 'bad-command' })
  })
})
