import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Alarm } from '../../dashboard/src/data/alarm-list.ts'
import { byUrgency, countByPriority, isNewer, isSetAside, isStanding, isUnacked, matches } from '../../dashboard/src/data/alarm-list.ts'
import { anAlarm } from './fixtures.ts'

const alarms: fc.Arbitrary<Alarm> = fc.record({
  id: fc.string({ minLength: 1, maxLength: 3 }),
  priority: fc.constantFrom('high' as const, 'medium' as const, 'low' as const),
  state: fc.constantFrom('normal' as const, 'unacked' as const, 'acked' as const, 'rtn-unacked' as const, 'latched-unacked' as const, 'latched-acked' as const),
  overlays: fc.subarray(['out-of-service', 'suppressed', 'shelved'] as const),
  raisedAt: fc.option(fc.integer({ min: 0, max: 3 }).map((minute) => `2026-11-01T10:0${minute}:00.000Z`)),
  message: fc.constantFrom('SpO₂ 86% on bed-4', 'door open', ''),
  device: fc.constantFrom('bed-4', 'door', null),
}).map((change) => anAlarm(change))

describe('the order of alarms', () => {
  it('is total: the same list in whatever order it came', () => {
    fc.assert(fc.property(fc.uniqueArray(alarms, { selector: ({ id }) => id }), fc.integer(), (list, seed) => {
      const sorted = list.toSorted(byUrgency)
      const shuffled = list.map((alarm, index) => ({ alarm, key: Math.sin(seed + index) })).sort((a, b) => a.key - b.key).map(({ alarm }) => alarm)
      expect(shuffled.sort(byUrgency)).toEqual(sorted)
    }))
  })

  it('puts no alarm below one of a lower priority, and none acknowledged above one of its priority that is not', () => {
    const rank = { high: 0, medium: 1, low: 2 }
    fc.assert(fc.property(fc.array(alarms), (list) => {
      const sorted = list.toSorted(byUrgency)
      for (const [index, later] of sorted.slice(1).entries()) {
        const earlier = sorted[index]!
        expect(rank[earlier.priority]).toBeLessThanOrEqual(rank[later.priority])
        if (earlier.priority === later.priority && isUnacked(later)) expect(isUnacked(earlier)).toBe(true)
      }
    }))
  })

  it('puts the newest first among equals', () => {
    const older = anAlarm({ id: 'a', raisedAt: '2026-11-01T09:00:00.000Z' })
    const newer = anAlarm({ id: 'b', raisedAt: '2026-11-01T10:00:00.000Z' })
    expect([older, newer].sort(byUrgency)).toEqual([newer, older])
  })
})

describe('what stands and what is set aside', () => {
  it('no alarm is both, and each that is neither is normal', () => {
    fc.assert(fc.property(alarms, (alarm) => {
      expect(isStanding(alarm) && isSetAside(alarm)).toBe(false)
      if (!isStanding(alarm) && !isSetAside(alarm)) expect(alarm.state).toBe('normal')
    }))
  })

  it('counts every alarm once, under its priority', () => {
    fc.assert(fc.property(fc.array(alarms), (list) => {
      const { high, medium, low } = countByPriority(list)
      expect(high + medium + low).toBe(list.length)
      expect(high).toBe(list.filter(({ priority }) => priority === 'high').length)
    }))
  })
})

describe('the newer word on an alarm', () => {
  it('is that of the higher sequence; of the same one, that of the later time', () => {
    const known = anAlarm({ seq: 4, changedAt: '2026-11-01T10:00:00.000Z' })
    expect(isNewer(anAlarm({ seq: 5, changedAt: '2026-11-01T09:00:00.000Z' }), known)).toBe(true)
    expect(isNewer(anAlarm({ seq: 3, changedAt: '2026-11-01T11:00:00.000Z' }), known)).toBe(false)
    expect(isNewer(anAlarm({ seq: 4, changedAt: '2026-11-01T09:59:59.000Z' }), known)).toBe(false)
    expect(isNewer(known, undefined)).toBe(true)
  })
})

describe('filters', () => {
  it('all have to match, and none given lets everything through', () => {
    fc.assert(fc.property(alarms, fc.constantFrom('high' as const, 'low' as const), fc.boolean(), (alarm, priority, unacked) => {
      expect(matches(alarm, {})).toBe(true)
      expect(matches(alarm, { priority, unacked })).toBe(alarm.priority === priority && (!unacked || isUnacked(alarm)))
    }))
  })

  it('search looks at message, key, rule and labels, in any case', () => {
    const alarm = anAlarm()
    for (const text of ['spo₂', 'BED-4', 'spo2-low', 'East', '']) expect(matches(alarm, { text })).toBe(true)
    expect(matches(alarm, { text: 'bed-5' })).toBe(false)
  })

  it('a device is taken as it is named, not as a part', () => {
    expect(matches(anAlarm({ device: 'bed-40' }), { device: 'bed-4' })).toBe(false)
    expect(matches(anAlarm(), { device: 'bed-4' })).toBe(true)
  })
})
