import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPacketReader, payloadBytes, publishPacket, pubackPacket, readingTemplate } from '../../bench/generator/packets.ts'
import { createHubSeries, createStamp } from '../../bench/generator/series.ts'

/** What a reader hears of a byte stream cut in these pieces. */
function hear(pieces: readonly Buffer[]): string[] {
  const heard: string[] = []
  const read = createPacketReader({
    puback: () => void heard.push('puback'),
    publish: (topic, payload, id) => void heard.push(`${topic} ${payload.toString()} ${id}`),
    other: (type) => void heard.push(`type ${type}`),
  })
  for (const piece of pieces) read(piece)
  return heard
}

describe('packets of the load generator', () => {
  it('are read the same however the stream is cut', () => {
    const packet = fc.oneof(
      fc.constant({ bytes: pubackPacket(7), heard: 'puback' }),
      fc.constant({ bytes: Buffer.from([0xd0, 0]), heard: 'type 13' }),
      fc.record({ topic: fc.string({ minLength: 1, maxLength: 200 }), payload: fc.string({ maxLength: 300 }), id: fc.nat(65_535) })
        .map(({ topic, payload, id }) => ({ bytes: publishPacket(topic, payload, id), heard: `${topic} ${payload} ${id}` })),
    )
    fc.assert(fc.property(fc.array(packet, { maxLength: 8 }), fc.array(fc.nat(2_000), { maxLength: 6 }), (packets, cuts) => {
      const stream = Buffer.concat(packets.map(({ bytes }) => bytes))
      const at = [0, ...cuts.map((cut) => Math.min(cut, stream.length)).toSorted((a, b) => a - b), stream.length]
      const pieces = at.slice(1).map((end, i) => stream.subarray(at[i], end))
      expect(hear(pieces)).toEqual(packets.map(({ heard }) => heard))
    }))
  })

  it('hold valid JSON of the stated size, with the digits written in place', () => {
    const template = readingTemplate('devices/d/humidity')
    const out = Buffer.alloc(template.bytes.length)
    template.write(out, 0, { packetId: 513, seq: 123_456_789, stamp: Buffer.from('1700000000123') })
    const [line] = hear([out])
    const [topic, payload, id] = line!.split(' ')
    expect([topic, id]).toEqual(['devices/d/humidity', '513'])
    expect(payload).toHaveLength(payloadBytes)
    expect(JSON.parse(payload!)).toEqual({ value: expect.any(Number), ts: 1_700_000_000_123, seq: 123_456_789, unit: '%' })
  })

  it('give every reading of a device a sequence number of its own, and stay below the limits of the rules', () => {
    const hub = createHubSeries(3)
    const out = Buffer.alloc(hub.packetBytes * 200)
    const stamp = createStamp()
    for (let at = 0; at < out.length;) at = hub.writeNext(out, at, stamp.bytes)
    const readings = hear([out]).map((line) => line.split(' '))
    expect(new Set(readings.map(([topic, payload]) => `${topic} ${(JSON.parse(payload!) as { seq: number }).seq}`)).size).toBe(200)
    expect(Math.max(...readings.map(([, payload]) => (JSON.parse(payload!) as { value: number }).value))).toBeLessThan(90)
  })
})
