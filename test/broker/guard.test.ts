import fc from 'fast-check'
import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { createGuard } from '../../gateway/broker/guard.ts'
import type { Violation } from '../../gateway/broker/guard.ts'

const { generate } = createRequire(import.meta.url)('mqtt-packet') as { generate: (packet: object) => Buffer }
const limits = { connectPacketBytes: 4_096, maxPacketSizeBytes: 1_000 }
const connect = generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, clientId: 'c', keepalive: 0 })

const topic = fc.stringMatching(/^[a-z/]{1,20}$/)
const messageId = fc.integer({ min: 1, max: 65_535 })
const packet = fc.oneof(
  fc.record({ cmd: fc.constant('publish'), topic, payload: fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)), qos: fc.constantFrom(0, 1, 2), retain: fc.boolean(), dup: fc.constant(false), messageId }),
  fc.record({ cmd: fc.constant('subscribe'), messageId, subscriptions: fc.array(fc.record({ topic, qos: fc.constantFrom(0, 1, 2) }), { minLength: 1, maxLength: 5 }) }),
  fc.record({ cmd: fc.constant('unsubscribe'), messageId, unsubscriptions: fc.array(topic, { minLength: 1, maxLength: 5 }) }),
  fc.record({ cmd: fc.constantFrom('puback', 'pubrec', 'pubrel', 'pubcomp'), messageId }),
  fc.record({ cmd: fc.constantFrom('pingreq', 'disconnect') }),
).map((fields) => generate(fields))

/** The same bytes in chunks cut at the given places. */
function inChunks(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end))
}

function inspect(bytes: Buffer, cuts: readonly number[] = []): Violation | null {
  const guard = createGuard(limits)
  for (const chunk of inChunks(bytes, cuts)) {
    const violation = guard.inspect(chunk)
    if (violation !== null) return violation
  }
  return null
}

describe('socket guard', () => {
  it('has seen a CONNECT when its last byte has come, wherever it is cut', () => {
    for (let cut = 1; cut < connect.length; cut++) {
      const guard = createGuard(limits)
      expect([guard.inspect(connect.subarray(0, cut)), guard.connected()]).toEqual([null, false])
      expect([guard.inspect(connect.subarray(cut)), guard.connected()]).toEqual([null, true])
    }
  })

  it('lets every well-formed stream pass, however it is cut', () => {
    fc.assert(fc.property(fc.array(packet, { maxLength: 20 }), fc.array(fc.nat(), { maxLength: 30 }), (packets, cuts) =>
      inspect(Buffer.concat([connect, ...packets]), cuts) === null))
  })

  it('judges bytes the same however they are cut, and never throws', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.nat(), { maxLength: 30 }), (bytes, cuts) => {
      const stream = Buffer.concat([connect, bytes])
      expect(inspect(stream, cuts)).toBe(inspect(stream))
    }))
  })

  it.each<[Violation, number[]]>([
    ['not-connect-first', [0x30, 3, 0, 1, 97]],
    ['not-connect-first', [0x11, 12]],
    ['too-long', [0x10, 0x81, 0x20]],
    ['bad-length', [0x10, 5]],
    ['bad-length', [0x10, 0xff, 0xff, 0xff, 0xff]],
  ])('before CONNECT: %s', (violation, bytes) => expect(inspect(Buffer.from(bytes))).toBe(violation))

  it.each<[Violation, string, number[]]>([
    ['second-connect', 'CONNECT again', [...connect]],
    ['reserved-type', 'type 0', [0, 0]],
    ['reserved-type', 'type 15', [0xf0, 0]],
    ['server-packet', 'CONNACK', [0x20, 2, 0, 0]],
    ['server-packet', 'PINGRESP', [0xd0, 0]],
    ['bad-flags', 'QoS 3', [0x36, 5, 0, 1, 97, 0, 1]],
    ['bad-flags', 'DUP with QoS 0', [0x38, 3, 0, 1, 97]],
    ['bad-flags', 'SUBSCRIBE without its flags', [0x80, 6]],
    ['bad-flags', 'PINGREQ with flags', [0xc1, 0]],
    ['bad-length', 'PUBACK of three bytes', [0x40, 3, 0, 1, 0]],
    ['bad-length', 'PINGREQ with a body', [0xc0, 1, 0]],
    ['bad-length', 'a fifth length byte', [0x30, 0x80, 0x80, 0x80, 0x80, 1]],
    ['too-long', '256 MB declared', [0x30, 0xff, 0xff, 0xff, 0x7f]],
    ['too-long', 'one byte over the limit', [0x30, 0xe9, 0x07]],
    ['truncated-topic', 'a topic longer than its packet', [0x30, 3, 0, 2, 97, 98]],
    ['truncated-topic', 'no room for the packet id', [0x32, 4, 0, 1, 97, 0]],
  ])('after CONNECT: %s (%s)', (violation, _what, bytes) => expect(inspect(Buffer.concat([connect, Buffer.from(bytes)]))).toBe(violation))

  it('takes a packet of exactly the limit', () => {
    const body = Buffer.alloc(1_000)
    body[1] = 1
    body[2] = 97
    expect(inspect(Buffer.concat([connect, Buffer.from([0x30, 0xe8, 0x07]), body]))).toBeNull()
  })
})
