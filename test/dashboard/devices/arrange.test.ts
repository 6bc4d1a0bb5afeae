import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Alarm, Priority } from '../../../dashboard/src/data/alarm-list.ts'
import type { DeviceSummary } from '../../../dashboard/src/data/state.ts'
import { arrange, troublesOf, visibleRange } from '../../../dashboard/src/devices/arrange.ts'

const device = (id: string, more: Partial<DeviceSummary> = {}): DeviceSummary => ({ id, type: null, labels: {}, settings: {}, status: 'online', firstSeen: 0, lastSeen: 0, ...more })
const alarm = (of: string | null, priority: Priority): Alarm => ({ device: of, priority }) as Alarm
const devices = [device('bed-10'), device('bed-2', { type: 'monitor', labels: { ward: 'East' } }), device('bed-3', { status: 'offline' }), device('door')]
const troubles = troublesOf([alarm('door', 'low'), alarm('bed-10', 'medium'), alarm('bed-10', 'high'), alarm(null, 'high')])
const ids = (filter: Parameters<typeof arrange>[2]) => arrange(devices, troubles, filter).map((row) => row.device.id)

describe('the list of devices', () => {
  it('counts the standing alarms of each device and keeps the worst', () => {
    expect([...troubles]).toEqual([['door', { worst: 'low', count: 1 }], ['bed-10', { worst: 'high', count: 2 }]])
  })

  it('shows trouble first, then who is offline, then the rest in the order people count', () => {
    expect(ids({})).toEqual(['bed-10', 'door', 'bed-3', 'bed-2'])
    expect(ids({ sort: 'id' })).toEqual(['bed-2', 'bed-3', 'bed-10', 'door'])
  })

  it('finds by id, type and label, in any case', () => {
    expect(ids({ text: 'BED-1' })).toEqual(['bed-10'])
    expect(ids({ text: 'monitor' })).toEqual(['bed-2'])
    expect(ids({ text: 'ward: east' })).toEqual(['bed-2'])
    expect(ids({ text: 'ward=east' })).toEqual(['bed-2'])
  })

  it('filters by type, presence and trouble', () => {
    expect(ids({ type: 'monitor' })).toEqual(['bed-2'])
    expect(ids({ type: '-' })).toEqual(['bed-10', 'door', 'bed-3'])
    expect(ids({ presence: 'offline' })).toEqual(['bed-3'])
    expect(ids({ trouble: true })).toEqual(['bed-10', 'door'])
  })
})

describe('the rows that are drawn', () => {
  it('are those in view, and a few more', () => {
    expect(visibleRange({ top: 0, viewHeight: 400, rowHeight: 40, count: 200 })).toEqual([0, 14])
    expect(visibleRange({ top: -4_000, viewHeight: 400, rowHeight: 40, count: 200 })).toEqual([96, 114])
    expect(visibleRange({ top: -9_000, viewHeight: 400, rowHeight: 40, count: 200 })).toEqual([200, 200])
    expect(visibleRange({ top: 900, viewHeight: 400, rowHeight: 40, count: 200 })).toEqual([0, 0])
  })

  it('are a bounded stretch of the list that covers the view, wherever it is', () => {
    const natural = fc.integer({ min: 0, max: 20_000 })
    fc.assert(fc.property(fc.integer({ min: -900_000, max: 2_000 }), fc.integer({ min: 1, max: 2_000 }), natural, (top, viewHeight, count) => {
      const rowHeight = 44
      const [first, end] = visibleRange({ top, viewHeight, rowHeight, count })
      expect(0 <= first && first <= end && end <= count).toBe(true)
      expect(end - first).toBeLessThanOrEqual(viewHeight / rowHeight + 10)
      for (const y of [0, viewHeight - 1]) {
        const row = Math.floor((y - top) / rowHeight)
        if (row >= 0 && row < count) expect(first <= row && row < end).toBe(true)
      }
    }))
  })
})
