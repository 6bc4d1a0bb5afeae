import { escape } from '@influxdata/influxdb-client'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLineWriter, nanoseconds } from '../../gateway/influx/line.ts'
import type { StoredReading } from '../../gateway/kernel/reading.ts'
import { parseLine } from '../support/line-protocol.ts'

const base: StoredReading = {
  position: 1, device: 'bed-1', metric: 'heart_rate', labels: {}, value: 72, quality: 'good', unit: undefined,
  ts: 1_767_225_600_123, tsGiven: true, seq: undefined, receivedAt: 1_767_225_600_130, k: 0,
}

function line(change: Partial<StoredReading>, measurement = 'reading'): string | undefined {
  return createLineWriter(measurement, escape).line({ ...base, ...change })
}

describe('a line', () => {
  it('has device and metric as tags, the value as a float, and nanoseconds', () => {
    expect(line({})).toBe('reading,device=bed-1,metric=heart_rate value=72 1767225600123000000')
  })

  it('has the labels stored with the reading, in the order of keys', () => {
    expect(line({ labels: { ward: 'east', bay: '3' } })).toBe('reading,bay=3,device=bed-1,metric=heart_rate,ward=east value=72 1767225600123000000')
  })

  it.each([
    [true, 'value=1'], [false, 'value=0'], [0.1, 'value=0.1'], [-0, 'value=0'], [1e21, 'value=1e+21'], [5e-324, 'value=5e-324'],
    ['idle', 'text="idle"'], ['', 'text=""'], ['say "x\\y"', 'text="say \\"x\\\\y\\""'], ['two\nlines', 'text="two\nlines"'], ["it\\'s", `text="it\\\\'s"`],
  ])('writes %j as %s, never as an integer or a boolean', (value, field) => {
    expect(line({ value })).toBe(`reading,device=bed-1,metric=heart_rate ${field} 1767225600123000000`)
  })

  it.each([{ value: null }, { value: NaN }, { value: Infinity }, { value: -Infinity }, { quality: 'bad' as const }, { quality: 'bad' as const, value: 'x' }])(
    'is not written for %j', (change) => {
      expect(line(change)).toBeUndefined()
    },
  )

  it('leaves out empty tags', () => {
    expect(line({ labels: { ward: '', '': 'x' } })).toBe('reading,device=bed-1,metric=heart_rate value=72 1767225600123000000')
  })

  it('lets no label pose as a tag of ours or of InfluxDB', () => {
    const { tags } = parseLine(line({ labels: { device: 'other', metric: 'm', time: 't', _field: 'f' } })!)
    expect(tags).toEqual({ device: 'bed-1', metric: 'heart_rate', label_device: 'other', label_metric: 'm', label_time: 't', label__field: 'f' })
  })

  it('cannot be torn apart or hidden by a measurement', () => {
    expect(line({}, '#vital signs,x\\')).toBe('%23vital\\ signs\\,x%5C,device=bed-1,metric=heart_rate value=72 1767225600123000000')
  })

  it('shows the labels of the moment although its series was seen before with others', () => {
    const writer = createLineWriter('m', escape)
    expect([{}, { a: '1' }, { a: '2' }, { a: '2' }, {}].map((labels) => Object.keys(parseLine(writer.line({ ...base, labels })!).tags).length)).toEqual([2, 3, 3, 3, 2])
    expect(writer.line({ ...base, labels: { a: '2' } })).toContain('a=2')
  })

  it('is right for more series than are kept in mind', () => {
    const writer = createLineWriter('m', escape)
    for (let i = 0; i < 20_050; i++) writer.line({ ...base, device: `d${i}` })
    expect(writer.line({ ...base, device: 'd7' })).toBe('m,device=d7,metric=heart_rate value=72 1767225600123000000')
  })

  it('says any text in any place so that a reader of the protocol gets it back', () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme', minLength: 1 }), fc.string({ unit: fc.constantFrom(',', '=', ' ', '"', '\\', 'a', 'é', '😀'), minLength: 1 }))
    fc.assert(
      fc.property(text, text, text, text, fc.string({ unit: 'grapheme' }), (device, metric, label, measurement, value) => {
        const parsed = parseLine(line({ device, metric, labels: { label }, value }, measurement)!)
        expect(parsed.tags).toEqual({ device: told(device), metric: told(metric), label: told(label) })
        expect(parsed.measurement).toBe(told(measurement).replace(/^#/, '%23'))
        expect(parsed.fields).toEqual({ text: `"${value}"` })
        expect(parsed.timestamp).toBe('1767225600123000000')
      }),
    )
  })

  it('keeps every number to the last digit', () => {
    fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(Number(parseLine(line({ value })!).fields['value'])).toBe(value === 0 ? 0 : value)
    }))
  })
})

describe('nanoseconds', () => {
  it.each([
    [1_767_225_600_123, 0, '1767225600123000000'], [1_767_225_600_123, 42, '1767225600123000042'], [1_767_225_600_123, 999_999, '1767225600123999999'],
    [1_767_225_600_123, 1_000_000, '1767225600124000000'], [0, 0, '0'], [0, 7, '7'], [-1, 1, '-999999'], [1, 1, '1000001'], [8.64e15, 1, '8640000000000000000001'],
  ])('of %d ms and k = %d are %s', (ts, k, expected) => {
    expect(nanoseconds(ts, k)).toBe(expected)
  })

  it('equal exact arithmetic for any time and k', () => {
    fc.assert(fc.property(fc.integer({ min: -8.64e15, max: 8.64e15 }), fc.nat(2_000_000), (ts, k) => {
      expect(nanoseconds(ts, k)).toBe(String(BigInt(ts) * 1_000_000n + BigInt(k)))
    }))
  })
})

/** What the line protocol cannot say in a tag is told in its nearest form: line breaks and tabs as two characters, a backslash at the end percent-encoded. */
function told(text: string): string {
  return text.replace(/\n/g, '\\n').replace(/\r/g, '\\r').replace(/\t/g, '\\t').replace(/\\$/, '%5C')
}
