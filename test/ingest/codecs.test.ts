import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { objectCodec } from '../../gateway/ingest/codecs/object.ts'
import { scalarCodec } from '../../gateway/ingest/codecs/scalar.ts'
import type { Decoded } from '../../gateway/ingest/sample.ts'

const bytes = (text: string): Buffer => Buffer.from(text)
const scalar = (text: string): Decoded => scalarCodec.decode(bytes(text), 'm')
const object = (text: string): Decoded => objectCodec.decode(bytes(text), undefined)

describe('one value a topic', () => {
  it.each<[string, unknown, string?]>([
    ['36.6', 36.6], ['-4', -4], [' 7 ', 7], ['1e3', 1000], ['.5', 0.5], ['true', true], ['false', false], ['ON', true], ['OFF', false],
    ['open', 'open'], ['"42"', '42'], ['"ON"', true], ['null', null], ['007x', '007x'], ['"half', '"half'],
    ['{"value":97,"unit":"%"}', 97], ['{"value":"OFF"}', false], ['{"value":null}', null],
    ['NaN', null, 'bad'], ['-Infinity', null, 'bad'], ['1e999', null, 'bad'], ['{"value":1e999}', null, 'bad'],
  ])('reads %s', (text, value, quality = 'good') => {
    expect(scalar(text)).toMatchObject({ messages: [[{ metric: 'm', value, quality }]], faults: [] })
  })

  it('reads unit, time and counter', () => {
    expect(scalar('{"value":1,"unit":"Cel","ts":"2026-01-01T00:00:00.5Z","seq":9}').messages[0]![0]).toMatchObject({ unit: 'Cel', ts: Date.UTC(2026, 0, 1) + 500, seq: 9 })
    expect(scalar('{"value":1,"ts":1700000000000.4}').messages[0]![0]).toMatchObject({ ts: 1700000000000, seq: undefined })
    expect(scalar('{"value":1,"ts":"2026-01-01 02:00:00+02:00"}').messages[0]![0]).toMatchObject({ ts: Date.UTC(2026, 0, 1) })
  })

  it.each([
    ['{"value":', 'not-json'], ['{}', 'bad-value'], ['{"value":[1]}', 'bad-value'], ['{"value":{}}', 'bad-value'], ['{"value":1,"ts":"yesterday"}', 'bad-ts'], ['{"value":1,"ts":"2026-02-29T12:00:00Z"}', 'bad-ts'],
    ['{"value":1,"ts":-1}', 'bad-ts'], ['{"value":1,"ts":1e20}', 'bad-ts'], ['{"value":1,"seq":1.5}', 'bad-seq'], ['{"value":1,"seq":"1"}', 'bad-seq'],
    ['x'.repeat(5000), 'too-long'],
  ])('refuses %s as %s', (text, reason) => {
    expect(scalar(text)).toMatchObject({ messages: [], faults: [{ reason }] })
  })

  it('refuses what is not UTF-8, and takes a replacement character that is the sender’s own', () => {
    expect(scalarCodec.decode(Uint8Array.of(0xff, 0x41), 'm').faults[0]!.reason).toBe('not-utf8')
    expect(scalar('\uFFFD').messages[0]![0]!.value).toBe('\uFFFD')
  })
})

describe('an object a topic', () => {
  it('makes every member a metric, nested ones with dotted names', () => {
    expect(object('{"hr":80,"bp":{"sys":120,"dia":70},"on":true,"ts":5000,"seq":1}').messages).toMatchObject([[
      { metric: 'hr', value: 80, ts: 5000, seq: 1 }, { metric: 'bp.sys', value: 120 }, { metric: 'bp.dia', value: 70 }, { metric: 'on', value: true },
    ]])
  })

  it('keeps the good members beside a bad one', () => {
    const { messages, faults } = object('{"a":1,"b":[1,2],"c":2,"":3}')
    expect(messages[0]!.map((s) => s.metric)).toEqual(['a', 'c'])
    expect(faults.map((f) => f.reason)).toEqual(['bad-value', 'bad-metric'])
  })

  it('reads a batch, each element by its own time, and keeps the good ones', () => {
    const { messages, faults } = object('[{"a":1,"ts":1},{"a":2},{"a":3,"ts":3},5]')
    expect(messages.map((m) => m[0]!.value)).toEqual([1, 3])
    expect(faults.map((f) => f.reason)).toEqual(['bad-ts', 'not-an-object'])
    expect(faults[0]!.detail).toContain('[1]')
  })

  it('is not hurt by __proto__ and constructor', () => {
    const { messages } = object('{"__proto__":{"polluted":1},"constructor":2}')
    expect(messages[0]!.map((s) => s.metric)).toEqual(['__proto__.polluted', 'constructor'])
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('refuses depth and breadth without end', () => {
    expect(object(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`).faults[0]!.reason).toBe('too-deep')
    const wide = object(JSON.stringify(Object.fromEntries(Array.from({ length: 1500 }, (_, i) => [`m${i}`, i]))))
    expect(wide.messages[0]).toHaveLength(1000)
    expect(wide.faults.map((f) => f.reason)).toEqual(['too-many-metrics'])
  })

  it.each(['', '5', '"x"', 'null', '[', '{"a":1}x'])('refuses %j with a reason', (text) => {
    const { messages, faults } = object(text)
    expect(messages).toEqual([])
    expect(faults).toHaveLength(1)
  })
})

it('no payload makes a codec throw, and what it gives is always of the declared form', () => {
  const payload = fc.oneof(fc.uint8Array({ maxLength: 64 }), fc.json().map((text) => Buffer.from(text)), fc.string().map((text) => Buffer.from(text)))
  fc.assert(fc.property(payload, (given) => {
    for (const codec of [scalarCodec, objectCodec]) {
      const { messages, faults } = codec.decode(given, 'm')
      for (const sample of messages.flat()) {
        if (typeof sample.value === 'number' && !Number.isFinite(sample.value)) return false
        if (sample.ts !== undefined && !Number.isSafeInteger(sample.ts)) return false
        if (sample.value !== null && typeof sample.value === 'object') return false
      }
      if (messages.length === 0 && faults.length === 0 && given.length > 0 && codec === scalarCodec) return false
    }
    return true
  }), { numRuns: 2_000 })
})
