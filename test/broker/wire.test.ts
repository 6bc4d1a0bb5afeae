import fc from 'fast-check'
import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { carriesIdentity } from '../../gateway/broker/own-identity.ts'
import { hash53 } from '../../gateway/kernel/hash.ts'
import { decodeOwed, decodeRetained, decodeSubscription, encodeOwed, encodeRetained, encodeSubscription } from '../../gateway/broker/records.ts'
import { encodeConnack, encodePublish, encodePubrel } from '../../gateway/broker/wire.ts'

const { generate } = createRequire(import.meta.url)('mqtt-packet') as { generate: (packet: object) => Buffer }
const qos = fc.constantFrom(0 as const, 1 as const, 2 as const)
const text = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' })
const payload = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0, max: 40_000 }).map((size) => new Uint8Array(size)))

describe('packets', () => {
  it('a PUBLISH is byte for byte what mqtt-packet makes of it', () => {
    fc.assert(fc.property(text, payload, qos, fc.boolean(), fc.boolean(), fc.integer({ min: 1, max: 65_535 }), (topic, bytes, level, retain, resent, messageId) => {
      const dup = resent && level > 0
      const made = encodePublish({ topicBytes: Buffer.from(topic), payload: bytes, qos: level, retain, dup, messageId })
      expect(made.equals(generate({ cmd: 'publish', topic, payload: Buffer.from(bytes), qos: level, retain, dup, messageId }))).toBe(true)
    }))
  })

  it('PUBREL and CONNACK are what mqtt-packet makes of them', () => {
    expect(encodePubrel(0x1234)).toEqual(generate({ cmd: 'pubrel', messageId: 0x1234 }))
    expect(encodeConnack(2)).toEqual(generate({ cmd: 'connack', returnCode: 2, sessionPresent: false }))
  })
})

describe('rows', () => {
  it('a message owed comes back as it was', () => {
    fc.assert(fc.property(text, payload, fc.constantFrom(1 as const, 2 as const), fc.boolean(), fc.boolean(), fc.integer({ min: 1, max: 65_535 }), (topic, bytes, level, retain, dup, messageId) => {
      const owed = { seq: 7, messageId, topic, topicBytes: Buffer.from(topic), payload: Buffer.from(bytes), qos: level, retain, state: 'waiting', dup, committed: true, durable: true, expiresAt: undefined, origin: undefined } as const
      const back = decodeOwed(encodeOwed(owed), 7)
      expect({ ...back, topicBytes: Buffer.from(back.topicBytes), payload: Buffer.from(back.payload) }).toEqual(owed)
    }))
  })

  it('of a released message only the packet id is kept', () => {
    const owed = { seq: 1, messageId: 9, topic: 't', topicBytes: Buffer.from('t'), payload: Buffer.from('secret'), qos: 2, retain: false, state: 'released', dup: true, committed: true, durable: true, expiresAt: undefined, origin: undefined } as const
    const row = encodeOwed(owed)
    expect(row.includes('secret')).toBe(false)
    expect(decodeOwed(row, 1)).toMatchObject({ messageId: 9, state: 'released', qos: 2 })
  })

  it('retained messages and subscriptions come back as they were', () => {
    fc.assert(fc.property(qos, payload, (level, bytes) => {
      expect(decodeRetained(encodeRetained(level, bytes))).toEqual({ qos: level, payload: Buffer.from(bytes) })
      expect(decodeSubscription(encodeSubscription({ filter: 'f', qos: level }))).toEqual({ qos: level })
    }))
    expect(decodeSubscription(encodeSubscription({ filter: 'f', qos: 1, options: { nl: true } }))).toEqual({ qos: 1, options: { nl: true } })
  })
})

describe('telling messages apart', () => {
  it('the hash is a safe integer, equal for equal messages and different where topic and payload are cut elsewhere', () => {
    const hash = (topic: string, bytes: string): number => hash53(Buffer.from(bytes), hash53(topic) | 0)
    fc.assert(fc.property(fc.string(), fc.string(), (topic, bytes) => {
      expect(Number.isSafeInteger(hash(topic, bytes))).toBe(true)
      expect(hash(topic, bytes)).toBe(hash(topic, bytes))
    }))
    expect(hash('a', 'bc')).not.toBe(hash('ab', 'c'))
    const seen = new Set(Array.from({ length: 20_000 }, (_, i) => hash('devices/x/hr', String(i))))
    expect(seen.size).toBe(20_000)
  })

  it.each([
    ['{"value":1,"ts":5}', true], ['{"seq":1}', true], ['{"value":"ts"}', true], ['1', false], ['{"value":1}', false], ['{"hits":1,"sequence":2}', false], ['"ts', false], ['', false],
  ])('%s carries an identity: %s', (given, expected) => expect(carriesIdentity(Buffer.from(given))).toBe(expected))
})
