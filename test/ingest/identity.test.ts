import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Seen, createSeriesMemory } from '../../gateway/ingest/identity.ts'

const seen = (over: Partial<Seen>): Seen => ({ value: 1, ts: 1_000, tsGiven: true, seq: undefined, receivedAt: 0, ...over })

describe('the identity of a reading', () => {
  it('knows a redelivered reading by counter, and by time where there is no counter', () => {
    const memory = createSeriesMemory()
    memory.remember(seen({ seq: 1 }))
    memory.remember(seen({ seq: 2 }))
    expect(memory.has(seen({ seq: 1 }))).toBe(true)
    expect(memory.has(seen({ seq: 1, value: 2 }))).toBe(false)
    expect(memory.has(seen({ seq: 1, ts: 1_001 }))).toBe(false)
    expect(memory.has(seen({ seq: 3 }))).toBe(false)
    memory.remember(seen({ ts: 2_000 }))
    expect(memory.has(seen({ ts: 2_000 }))).toBe(true)
    expect(memory.has(seen({ ts: 2_000, value: '1' }))).toBe(false)
  })

  it('does not call readings without time and counter duplicates', () => {
    const memory = createSeriesMemory()
    memory.remember(seen({ tsGiven: false }))
    expect(memory.has(seen({ tsGiven: false }))).toBe(false)
  })

  it('takes a counter that started over as new, and still knows both runs', () => {
    const memory = createSeriesMemory()
    for (let seq = 5_000; seq < 5_010; seq++) memory.remember(seen({ seq, tsGiven: false }))
    for (let seq = 0; seq < 10; seq++) {
      expect(memory.has(seen({ seq, tsGiven: false }))).toBe(false)
      memory.remember(seen({ seq, tsGiven: false }))
    }
    expect(memory.has(seen({ seq: 5_009, tsGiven: false }))).toBe(true)
    expect(memory.has(seen({ seq: 9, tsGiven: false }))).toBe(true)
  })

  it('forgets nothing because the wall clock is set', () => {
    for (const byMs of [3_600_000, -3_600_000]) {
      const memory = createSeriesMemory()
      memory.remember(seen({ seq: 1, receivedAt: 10_000_000 }), 10_000_000)
      expect(memory.has(seen({ seq: 1, receivedAt: 10_599_999 + byMs }), 10_599_999)).toBe(true)
      memory.remember(seen({ seq: 2, receivedAt: 10_601_000 + byMs }), 10_601_000)
      expect(memory.has(seen({ seq: 1, receivedAt: 10_601_000 + byMs }), 10_601_000)).toBe(false)
    }
  })

  it('forgets after 10 minutes and after 1,024 readings', () => {
    const memory = createSeriesMemory()
    memory.remember(seen({ seq: 1 }))
    memory.remember(seen({ seq: 2, receivedAt: 1_000 }))
    expect(memory.has(seen({ seq: 1, receivedAt: 599_999 }))).toBe(true)
    expect(memory.has(seen({ seq: 1, receivedAt: 601_000 }))).toBe(false)
    for (let seq = 3; seq < 3 + 1_024; seq++) memory.remember(seen({ seq, receivedAt: 601_000 }))
    expect(memory.has(seen({ seq: 3, receivedAt: 601_000 }))).toBe(true)
    expect(memory.has(seen({ seq: 2, receivedAt: 601_000 }))).toBe(false)
  })

  it('forgets nothing because the wall clock was set', () => {
    const memory = createSeriesMemory()
    memory.remember(seen({ seq: 1 }), 0)
    memory.remember(seen({ seq: 2, receivedAt: 3_600_000 }), 1_000)
    expect(memory.has(seen({ seq: 1, receivedAt: 3_601_000 }), 2_000)).toBe(true)
    expect(memory.has(seen({ seq: 1, receivedAt: -3_600_000 }), 601_000)).toBe(false)
  })

  it('counts readings that share a millisecond, in and out of order', () => {
    const memory = createSeriesMemory()
    for (const ts of [10, 10, 20, 10, 20]) memory.remember(seen({ ts, tsGiven: false }))
    expect([memory.sameTime(10), memory.sameTime(20), memory.sameTime(30)]).toEqual([3, 2, 0])
  })

  it('agrees with a plain list of the last 1,024 readings', () => {
    const reading = fc.record({ seq: fc.option(fc.nat(60), { nil: undefined }), ts: fc.integer({ min: 0, max: 40 }), tsGiven: fc.boolean(), value: fc.integer({ min: 0, max: 1 }) })
    fc.assert(fc.property(fc.array(reading, { maxLength: 3_000, minLength: 1 }), (readings) => {
      const memory = createSeriesMemory()
      let model: string[] = []
      for (const r of readings) {
        const given = seen(r)
        const name = JSON.stringify([r.seq ?? null, r.tsGiven ? r.ts : null, r.value])
        const known = (r.tsGiven || r.seq !== undefined) && model.includes(name)
        if (memory.has(given) !== known) return false
        if (known) continue
        memory.remember(given)
        model = [...model, name].slice(-1_024)
      }
      return true
    }), { numRuns: 60 })
  })
})
