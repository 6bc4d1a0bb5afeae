import { describe, expect, it } from 'vitest'
import { newestPerAlarm } from '../../dashboard/src/alarms/set-aside-steps.ts'
import { troubleOf } from '../../dashboard/src/overview/trouble-list.ts'
import { verdictOf } from '../../dashboard/src/overview/verdict.ts'
import { anAlarm, anAlarmEvent } from './fixtures.ts'

const none = { high: 0, medium: 0, low: 0 }
const device = (id: string, status: 'online' | 'offline') => ({ id, type: null, labels: {}, settings: {}, status, firstSeen: 0, lastSeen: 0 })

describe('the verdict', () => {
  it('is none where nothing is wrong', () => {
    expect(verdictOf({ counts: none, unacked: 0, offline: 0, unwell: [] })).toBeUndefined()
  })

  it('says how many, and whether somebody has seen them', () => {
    expect(verdictOf({ counts: { ...none, high: 1 }, unacked: 1, offline: 0, unwell: [] })).toBe('1 alarm, not acknowledged')
    expect(verdictOf({ counts: { ...none, high: 1, low: 2 }, unacked: 3, offline: 0, unwell: [] })).toBe('3 alarms, none acknowledged')
    expect(verdictOf({ counts: { ...none, low: 3 }, unacked: 2, offline: 0, unwell: [] })).toBe('3 alarms, 2 not acknowledged')
    expect(verdictOf({ counts: { ...none, low: 3 }, unacked: 0, offline: 0, unwell: [] })).toBe('3 alarms, all acknowledged')
  })

  it('a device that is offline and a check that fails are wrong, too', () => {
    expect(verdictOf({ counts: none, unacked: 0, offline: 2, unwell: ['InfluxDB'] })).toBe('2 devices offline · InfluxDB not well')
  })
})

describe('devices with trouble', () => {
  it('are those offline and those with a technical alarm, which come first; a process alarm is no trouble of the device', () => {
    const alarms = [anAlarm({ id: '1', device: 'c', class: 'technical' }), anAlarm({ id: '2', device: 'b' }), anAlarm({ id: '3', device: 'gone', class: 'technical' }), anAlarm({ id: '4', device: null, class: 'technical' })]
    const list = troubleOf([device('a', 'offline'), device('b', 'online'), device('c', 'online')], alarms)
    expect(list.map(({ id, technical }) => [id, technical.map((alarm) => alarm.id)])).toEqual([['c', ['1']], ['gone', ['3']], ['a', []]])
  })
})

describe('who set an alarm aside', () => {
  it('is said by the newest step', () => {
    const alarm = anAlarm()
    const steps = newestPerAlarm([anAlarmEvent('shelved', alarm, { by: 'ben', note: 'again' }), anAlarmEvent('shelved', alarm, { by: 'anna' })])
    expect(steps.get(alarm.id)).toEqual({ by: 'ben', note: 'again' })
  })
})
