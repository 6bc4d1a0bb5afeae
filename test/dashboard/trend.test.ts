import { describe, expect, it } from 'vitest'
import { countsAt, trendWords } from '../../dashboard/src/overview/trend.ts'
import { anAlarm, anAlarmEvent } from './fixtures.ts'

const at = (minute: number): string => `2026-11-01T10:${String(minute).padStart(2, '0')}:00.000Z`
const ms = (minute: number): number => Date.parse(at(minute))
const none = { high: 0, medium: 0, low: 0 }

describe('how many alarms stood, by the journal', () => {
  it('undoes the steps from now backwards', () => {
    const a = anAlarm({ id: 'a' })
    const newestFirst = [
      anAlarmEvent('cleared', { ...a, state: 'normal' }, { time: at(30), from: 'acked' }),
      anAlarmEvent('acked', { ...a, state: 'acked' }, { time: at(20), from: 'unacked' }),
      anAlarmEvent('raised', a, { time: at(10), from: 'normal' }),
    ]
    const now = [{ ...a, state: 'normal' as const }, anAlarm({ id: 'b', priority: 'low' })]
    expect(countsAt([ms(5), ms(15), ms(25), ms(35)], now, newestFirst)).toEqual([
      { ...none, low: 1 }, { ...none, medium: 1, low: 1 }, { ...none, medium: 1, low: 1 }, { ...none, low: 1 },
    ])
  })

  it('takes the priority of before from the step before', () => {
    const lo = anAlarm({ id: 'a', priority: 'medium' })
    const lolo = { ...lo, priority: 'high' as const, level: 'lolo' }
    const newestFirst = [anAlarmEvent('level-changed', lolo, { time: at(20), from: 'unacked' }), anAlarmEvent('raised', lo, { time: at(10), from: 'normal' })]
    expect(countsAt([ms(5), ms(15), ms(25)], [lolo], newestFirst)).toEqual([none, { ...none, medium: 1 }, { ...none, high: 1 }])
  })

  it('does not count what was set aside then', () => {
    const shelved = anAlarm({ id: 'a', overlays: ['shelved'] })
    expect(countsAt([ms(5), ms(15)], [shelved], [anAlarmEvent('shelved', shelved, { time: at(10), from: 'unacked' })])).toEqual([{ ...none, medium: 1 }, none])
    const back = anAlarm({ id: 'a' })
    expect(countsAt([ms(5), ms(15)], [back], [anAlarmEvent('unshelved', back, { time: at(10), from: 'unacked' })])).toEqual([none, { ...none, medium: 1 }])
  })

  it('is told in words', () => {
    expect(trendWords(3, 1, 'an hour ago')).toBe('2 more than an hour ago')
    expect(trendWords(1, 3, 'an hour ago')).toBe('2 fewer than an hour ago')
    expect(trendWords(2, 2, 'at 11:05')).toBe('as at 11:05')
  })
})
