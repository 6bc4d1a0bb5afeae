import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Reading } from '../../gateway/kernel/reading.ts'
import { createBatchBuilder } from '../../gateway/store/batch.ts'
import { pack, unpack } from '../../gateway/store/blob.ts'
import { containsAny, decodeIds, encodeIds } from '../../gateway/store/ids.ts'
import { packInbound, unpackInbound } from '../../gateway/store/inbound.ts'
import { createLineWriter } from '../../gateway/store/line-writer.ts'
import { entriesOf, marksAt, placesOf, readingsOf } from '../../gateway/store/row.ts'

const anyText = fc.string({ unit: 'binary', maxLength: 40 })
const whole = fc.integer({ min: -8_640_000_000_000, max: 8_640_000_000_000 })
const reading: fc.Arbitrary<Reading> = fc.record({
  series: fc.nat(100_000).map((storedId) => ({ id: 0, device: 'd', metric: 'm', storedId })),
  value: fc.oneof(fc.double(), fc.integer(), fc.double({ min: -1e4, max: 1e4 }).map((x) => Math.round(x * 1000) / 1000), fc.boolean(), fc.constant(null), anyText),
  quality: fc.constantFrom('good' as const, 'bad' as const),
  unit: fc.option(anyText, { nil: undefined }),
  ts: whole,
  tsGiven: fc.boolean(),
  seq: fc.option(fc.maxSafeInteger(), { nil: undefined }),
  receivedAt: whole,
  k: fc.nat(1_000_000),
})
const entry = fc.oneof(
  { weight: 4, arbitrary: reading.map((of) => ({ kind: 'reading' as const, of })) },
  { weight: 1, arbitrary: fc.dictionary(anyText, fc.jsonValue()).map((data) => ({ kind: 'event' as const, of: { specversion: '1.0' as const, id: 'i', type: 't', source: 's', time: 'x', data } })) },
  { weight: 1, arbitrary: anyText.map((text) => ({ kind: 'mark' as const, of: { kind: 'm', text } })) },
)

describe('a row of the log', () => {
  it('reads back as what was appended, at the positions that were given', () => {
    fc.assert(
      fc.property(fc.array(fc.array(entry, { maxLength: 20 }), { maxLength: 4 }), fc.integer({ min: 1, max: 2 ** 40 }), (batches, start) => {
        const builder = createBatchBuilder(start)
        for (const batch of batches) {
          const expected = batch.map((one) => {
            if (one.kind === 'event') return { position: builder.appendEvent(one.of), kind: 'event', event: JSON.parse(JSON.stringify(one.of)) as unknown }
            if (one.kind === 'mark') return { position: builder.appendMark(one.of), kind: 'mark', mark: JSON.parse(JSON.stringify(one.of)) as unknown }
            const { series: _, value, ...rest } = one.of
            const kept = typeof value === 'string' ? value.toWellFormed() : value
            return { position: builder.appendReading(one.of, 1), kind: 'reading', reading: { ...rest, value: kept, device: 'd', metric: 'm', labels: {} } }
          })
          const { message } = builder.close({ wallMs: 1, monotonicMs: 1 })
          const text = (bytes: Uint8Array | null): Uint8Array | null => unpack(pack(bytes, 1))
          const row = { ...message, readings: text(message.readings), others: text(message.others), inbound: null }
          const nameOf = () => ({ device: 'd', metric: 'm', labels: {} })
          const read = entriesOf(row, nameOf)
          // Who wants readings alone gets the same ones, without decoding what lies between them.
          expect(readingsOf(row, nameOf)).toEqual(read.flatMap((one) => (one.kind === 'reading' ? [one.reading] : [])))
          expect(placesOf(row).map(({ position, isMark }) => [position, isMark])).toEqual(read.flatMap((one) => (one.kind === 'reading' ? [] : [[one.position, one.kind === 'mark']])))
          expect(marksAt(placesOf(row))).toEqual(read.flatMap((one) => (one.kind === 'mark' ? [one.mark] : [])))
          expect(read).toEqual(expected.map((one) => ('reading' in one ? { ...one, reading: { position: one.position, ...one.reading } } : one)))
          expect(message.last - message.first + 1).toBe(batch.length)
          const times = batch.flatMap((one) => (one.kind === 'reading' ? [one.of.ts] : []))
          if (times.length > 0) expect([message.minTs, message.maxTs]).toEqual([Math.min(...times), Math.max(...times)])
        }
      }),
    )
  })

  it('takes back positions after a failed commit', () => {
    const builder = createBatchBuilder(1)
    builder.appendMark({ kind: 'a' })
    builder.close({ wallMs: 0, monotonicMs: 0 })
    builder.appendMark({ kind: 'b' })
    builder.noteInbound({ clientId: 'c', messageId: 1, hash: 1 })
    builder.change('s', 'k', 'v')
    builder.markUrgent()
    builder.onDisk(() => undefined)
    expect(builder.reset(1)).toHaveLength(1)
    expect([builder.isEmpty(), builder.isUrgent(), builder.hasCallbacks(), builder.pendingBytes()]).toEqual([true, false, false, 0])
    expect(builder.appendMark({ kind: 'c' })).toBe(1)
    const { message } = builder.close({ wallMs: 0, monotonicMs: 0 })
    expect(new TextDecoder().decode(message.others ?? undefined)).toBe('[[0,{"kind":"c"},1]]')
  })
})

describe('numbers in text', () => {
  it('read back as the same number', () => {
    fc.assert(
      fc.property(fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.maxSafeInteger(), fc.integer().map((n) => n / 1000), fc.constantFrom(0, -0, 2 ** 31, -(2 ** 31), 0.001, -0.001, 1e21, 5e-324)), (value) => {
        const writer = createLineWriter(8)
        writer.reserve(32)
        writer.number(value)
        expect(JSON.parse(Buffer.from(writer.take()).toString())).toBe(value)
      }),
    )
  })
})

describe('small encodings', () => {
  it('gives sets of ids back', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(2 ** 31 - 1)), fc.nat(2 ** 31 - 1), (ids, other) => {
        const sorted = ids.toSorted((a, b) => a - b)
        expect(decodeIds(encodeIds(sorted))).toEqual(sorted)
        expect(containsAny(encodeIds(sorted), new Set([other]))).toBe(ids.includes(other))
      }),
    )
  })

  it('gives what was noted of inbound messages back', () => {
    const note = fc.record({ clientId: anyText.map((text) => text.toWellFormed()), messageId: fc.nat(65_535), hash: fc.maxSafeNat() })
    fc.assert(
      fc.property(fc.array(note, { minLength: 1 }), (notes) => {
        const builder = createBatchBuilder(1)
        for (const one of notes) builder.noteInbound(one)
        const { message } = builder.close({ wallMs: 0, monotonicMs: 0 })
        expect(unpackInbound(packInbound(message.inboundClients, message.inbound))).toEqual(notes)
      }),
    )
  })
})
