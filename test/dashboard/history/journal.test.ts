import { describe, expect, it } from 'vitest'
import { filterKey, isFiltered, journalPath } from '../../../dashboard/src/history/journal.ts'

const nowMs = Date.parse('2026-11-26T12:00:00.000Z')
const asked = (query: string, more: { before?: string } = {}): Record<string, string> => {
  const path = journalPath(new URLSearchParams(query), { nowMs, limit: 100, ...more })
  expect(path).toMatch(/^events\?/)
  return Object.fromEntries(new URLSearchParams(path.slice('events?'.length)))
}

describe('what the journal is asked', () => {
  it('is every alarm event, the newest first', () => {
    expect(asked('')).toEqual({ order: 'desc', type: 'limen.alarm.*', limit: '100' })
  })

  it('is narrowed by what the address says', () => {
    expect(asked('q=probe&rule=spo2-low&device=bed-1&priority=high&event=acked&by=anna', { before: '77' })).toEqual({ order: 'desc', type: 'limen.alarm.acked', limit: '100', q: 'probe', rule: 'spo2-low', device: 'bed-1', priority: 'high', by: 'anna', before: '77' })
  })

  it('is of the time before now, or between two moments', () => {
    expect(asked('period=24h')['from']).toBe('2026-11-25T12:00:00.000Z')
    expect(asked('period=own&from=2026-11-01T10:00&to=2026-11-02T10:00')).toMatchObject({ from: new Date('2026-11-01T10:00').toISOString(), to: new Date('2026-11-02T10:00').toISOString() })
    expect(asked('period=24h&to=2026-11-02T10:00')['to']).toBeUndefined()
  })

  it('can be all of it, as CSV', () => {
    expect(journalPath(new URLSearchParams('rule=a'), { nowMs, format: 'csv' })).toBe('events?order=desc&type=limen.alarm.*&rule=a&format=csv')
  })

  it('leaves out what makes no sense or says nothing', () => {
    expect(asked('q=+&rule=&from=yesterday&strange=1')).toEqual({ order: 'desc', type: 'limen.alarm.*', limit: '100' })
    expect(isFiltered(new URLSearchParams('q=+&view=text'))).toBe(false)
    expect(isFiltered(new URLSearchParams('by=anna'))).toBe(true)
    expect(filterKey(new URLSearchParams('rule=a&q=b'))).toBe(filterKey(new URLSearchParams('q=b&rule=a&wall')))
  })
})
