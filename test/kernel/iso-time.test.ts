import { describe, expect, it } from 'vitest'
import { isDay, isoMs } from '../../gateway/kernel/iso-time.ts'

describe('a time as ISO 8601 writes it', () => {
  it('is ms since 1970', () => {
    expect(isoMs('2026-01-31', '12:00Z')).toBe(Date.UTC(2026, 0, 31, 12))
    expect(isoMs('2024-02-29', '00:30+05:30')).toBe(Date.UTC(2024, 1, 28, 19))
    expect(isoMs('2026-12-31', '23:00-03:00')).toBe(Date.UTC(2027, 0, 1, 2))
  })

  it.each(['2026-02-29', '2026-02-30', '2026-02-31', '2026-04-31', '2026-01-32', '2026-13-01', '2026-13-31', '2026-01-00', '1900-02-29'])('is none on %s, which no calendar has', (day) => {
    expect(isoMs(day, '10:00Z')).toBeNaN()
  })

  it('knows every day of four years, and no other', () => {
    for (let ms = Date.UTC(2024, 0, 1); ms < Date.UTC(2028, 0, 1); ms += 86_400_000) expect(isDay(new Date(ms).toISOString())).toBe(true)
  })
})
