import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { CloudEvent } from '../../gateway/kernel/event.ts'
import { createEventCsv } from '../../gateway/web/event-csv.ts'
import { createEventFilter } from '../../gateway/web/event-filter.ts'
import { createFakeClock } from '../support/fake-clock.ts'

/** A journal without end. */
function open() {
  const clock = createFakeClock()
  const event: CloudEvent = { specversion: '1.0', id: 'e', type: 'limen.alarm.raised', source: 's', time: '2026-01-01T00:00:00.000Z', data: { message: 'x'.repeat(200) } }
  const items = Array.from({ length: 1_000 }, (_, i) => ({ ...event, limenposition: i }))
  const page = async () => {
    await nextTurn()
    return { items, next: '1' }
  }
  const csv = createEventCsv({ clock, pages: { oldestFirst: page, newestFirst: page } })
  return { clock, begin: () => csv.stream(createEventFilter({}), { order: 'asc', from: 0, limit: Infinity }) }
}

describe('the journal as CSV', () => {
  it('is given up where nobody takes it for a minute, so that others can read', async () => {
    const { clock, begin } = open()
    const [idle, busy] = [begin(), begin()]
    expect(begin).toThrow(expect.objectContaining({ code: 'OVERLOADED' }) as Error)
    idle.read(1)
    busy.on('data', () => {})
    await clock.advance(59_000)
    expect([idle.destroyed, busy.destroyed]).toEqual([false, false])
    await clock.advance(2_000)
    expect([idle.destroyed, busy.destroyed]).toEqual([true, false])
    begin().destroy()
    busy.destroy()
  })
})
