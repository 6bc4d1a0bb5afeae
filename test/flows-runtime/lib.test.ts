import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createBuckets } from '../../flows/nodes/lib/bucket.ts'
import { parseDuration } from '../../flows/nodes/lib/duration.ts'
import { compileGlob } from '../../flows/nodes/lib/glob.ts'
import { readReadings } from '../../flows/nodes/lib/reading.ts'
import { encodeLevel, filterIsSubset, filterMatches } from '../../flows/nodes/lib/topic.ts'
import { objectCodec } from '../../gateway/ingest/codecs/object.ts'
import { scalarCodec } from '../../gateway/ingest/codecs/scalar.ts'
import { encodeTopicLevel, filterIsSubset as gatewaySubset, filterMatches as gatewayMatches } from '../../gateway/kernel/topic.ts'
import { parseDuration as gatewayDuration } from '../../gateway/kernel/units.ts'
import { compileGlob as gatewayGlob } from '../../gateway/kernel/glob.ts'

/** Flows share no code with the gateway; they have to agree with it all the same. */
describe('what the nodes read themselves', () => {
  const payloads = [
    '1', '-2.50', '1e3', '.5', '5.', '0x10', '1e999', 'NaN', '-inf', 'true', 'ON', 'OFF', 'off', ' 7 ', '', 'null', '"quoted"', '"ON"', '"half', 'text, free', '{}',
    '{"value":1}', '{"value":"ON","unit":"Cel","ts":12.4,"seq":1}', '{"value":1,"ts":"2026-01-31T12:00:00Z"}', '{"value":1,"ts":"2026-01-31T12:00:00"}', '{"value":1,"ts":"2026-01-31T12:00:00+02:00"}',
    '{"value":1,"ts":"soon"}', '{"value":1,"ts":-1}', '{"value":[1]}', '{"value":null}', '{"value":"NaN"}', '{"a":1,"b":{"c":true,"d":{"e":"x"}},"ts":3,"seq":4}', '{"a":[1],"b":2}', '{"":1,"b":2}', '{"__proto__":1,"constructor":{"a":2}}',
    '[{"ts":1,"a":1},{"a":2},{"ts":"2026-01-31T12:00:00Z","a":3}]', '[]', '[1,2]', '{"a":', 'x'.repeat(5_000), JSON.stringify({ a: 'x'.repeat(5_000), b: 1 }),
  ]

  it.each([['devices/d/m', scalarCodec, 'm'], ['devices/d', objectCodec, undefined]] as const)('is on %s what the gateway reads', (topic, codec, metric) => {
    for (const payload of payloads) {
      const bytes = Buffer.from(payload)
      const theirs = payload === '' ? [] : codec.decode(bytes, metric).messages.flat().map(({ metric: name, value, unit, ts }) => ({ device: 'd', metric: name, value, unit: unit ?? null, ts }))
      expect(readReadings(topic, bytes), payload.slice(0, 80)).toEqual(theirs)
    }
  })

  it('is nothing of topics that are no readings, and of bytes that are no text', () => {
    for (const topic of ['devices/d/status', 'devices/d/a/set', 'devices/d/a/ack', 'devices//m', 'devices/d/', 'other/d/m']) expect(readReadings(topic, Buffer.from('1'))).toEqual([])
    expect(readReadings('devices/d/m', Buffer.from([0xff, 0x31]))).toEqual([])
  })

  it('matches patterns, filters and durations as the gateway does', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '-'), maxLength: 8 })
    fc.assert(fc.property(text.filter((pattern) => pattern !== ''), text, (pattern, given) => compileGlob(pattern)(given) === gatewayGlob(pattern)(given)))
    const topic = fc.array(fc.constantFrom('a', 'b', '+'), { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'))
    fc.assert(fc.property(topic, topic, (a, b) => filterMatches(a, b) === gatewayMatches(a, b) && filterIsSubset(a, b) === gatewaySubset(a, b)))
    for (const given of ['500ms', '10s', '5min', '2h', '7d', '1.5h', '10', 's', '5m', '-1s', '1 s', '']) expect(parseDuration(given), given).toBe(gatewayDuration(given))
    expect(encodeLevel('a/b+c#d%')).toBe(encodeTopicLevel('a/b+c#d%'))
    expect(compileGlob('a, b-*')('b-1')).toBe(true)
  })
})

describe('the allowance of the nodes that send', () => {
  it('lets a burst through, then the rate, is shared by figures, and tells of an episode once', () => {
    let now = 0
    const problems: string[] = []
    const buckets = createBuckets({ nowMs: () => now, onProblem: (text) => problems.push(text) })
    const through = (figures: { ratePerS: number; burst: number }, times: number): number => Array.from({ length: times }, () => buckets.of(figures).take()).filter(Boolean).length
    expect(through({ ratePerS: 200, burst: 400 }, 1_000)).toBe(400)
    now += 500
    expect(through({ ratePerS: 200, burst: 400 }, 1_000)).toBe(100)
    expect(through({ ratePerS: 10, burst: 10 }, 20)).toBe(10)
    expect(problems).toHaveLength(2)
    now += 61_000
    expect(through({ ratePerS: 200, burst: 400 }, 400)).toBe(400)
    expect(problems).toHaveLength(2)
    expect(through({ ratePerS: 200, burst: 400 }, 1)).toBe(0)
    expect(problems).toHaveLength(3)
  })
})
