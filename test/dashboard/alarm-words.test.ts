import { describe, expect, it } from 'vitest'
import { happeningOf, concerns } from '../../dashboard/src/alarms/happening.ts'
import { chartLimits } from '../../dashboard/src/alarms/limits.ts'
import { placeOf, stateWords, titleOf, valueAndLimit } from '../../dashboard/src/alarms/words.ts'
import { timeOfDay } from '../../dashboard/src/parts/format.ts'
import { anAlarm, anAlarmEvent } from './fixtures.ts'

const until = '2026-11-01T11:30:00.000Z'

describe('an alarm in words', () => {
  it('says the value with its unit and the limit that was crossed', () => {
    expect(valueAndLimit(anAlarm())).toBe('86 %, low limit 90 %')
    expect(valueAndLimit(anAlarm({ level: 'hihi', value: 39.25, unit: 'Cel', limit: 39 }))).toBe('39.25 °C, very high limit 39 °C')
    expect(valueAndLimit(anAlarm({ level: null, value: 7, unit: null, limit: 5 }))).toBe('7, limit 5')
  })

  it('says the limit even where the value is just at it', () => {
    expect(valueAndLimit(anAlarm({ value: 90 }))).toBe('90 %, low limit 90 %')
  })

  it('leaves out what is no limit, and says nothing where there is nothing', () => {
    expect(valueAndLimit(anAlarm({ level: null, value: 'closed', unit: null, limit: 'open' }))).toBe('closed')
    expect(valueAndLimit(anAlarm({ level: null, value: 'open', unit: null, limit: 'open' }))).toBe('open')
    expect(valueAndLimit(anAlarm({ level: null, value: null, unit: null, limit: null }))).toBeUndefined()
    expect(valueAndLimit(anAlarm({ value: null }))).toBe('low limit 90 %')
  })

  it('says out of service before suppressed before shelved before the state', () => {
    const alarm = anAlarm({ overlays: ['out-of-service', 'suppressed', 'shelved'], shelvedUntil: until })
    expect(stateWords(alarm)).toBe('Out of service')
    expect(stateWords({ ...alarm, overlays: ['suppressed', 'shelved'] })).toBe('Suppressed')
    expect(stateWords({ ...alarm, overlays: ['shelved'] })).toBe(`Shelved until ${timeOfDay(Date.parse(until))}`)
    expect(stateWords({ ...alarm, overlays: [] })).toBe('Not acknowledged')
    expect(stateWords(anAlarm({ state: 'acked', acknowledgedBy: 'anna' }))).toBe('Acknowledged by anna')
    expect(stateWords(anAlarm({ state: 'rtn-unacked' }))).toBe('Back to normal, not acknowledged')
  })

  it('writes units in a message as people do', () => {
    expect(titleOf(anAlarm({ message: 'heart rate 131/min on bed-2' }))).toBe('heart rate 131 /min on bed-2')
    expect(titleOf(anAlarm({ message: '39Cel' }))).toBe('39 °C')
    expect(titleOf(anAlarm({ message: '5/minute' }))).toBe('5/minute')
    expect(titleOf(anAlarm({ message: '' }))).toBe('spo2-low on bed-4')
  })

  it('names the place by its labels', () => {
    expect(placeOf({ ward: 'east', room: '3' })).toBe('ward east · room 3')
    expect(placeOf({})).toBe('')
  })
})

describe('what happened, in words', () => {
  it('says who did it and what they wrote', () => {
    expect(happeningOf(anAlarmEvent('acked', anAlarm({ state: 'acked' }), { by: 'anna', note: 'on my way' }))).toEqual({
      subject: 'SpO₂ 86% on bed-4', what: 'acknowledged by anna', note: 'on my way', alarmId: 'spo2-low~bed-4~0123456789', device: 'bed-4',
    })
    expect(happeningOf(anAlarmEvent('shelved', anAlarm({ overlays: ['shelved'], shelvedUntil: until }), { by: 'anna' })).what).toBe(`shelved until ${timeOfDay(Date.parse(until))} by anna`)
    expect(happeningOf(anAlarmEvent('cleared', anAlarm({ state: 'normal' }), { by: 'anna' })).what).toBe('back to normal')
    // What nobody did is written as null.
    expect(happeningOf({ ...anAlarmEvent('raised', anAlarm()), data: { ...anAlarm(), by: null, note: null, reason: null } })).toMatchObject({ what: 'raised', note: undefined })
    expect(happeningOf(anAlarmEvent('rejected', anAlarm(), { by: 'anna', reason: 'still active' }))).toMatchObject({ what: 'refused by anna', note: 'still active' })
  })

  it('says that a level that rose has to be acknowledged again', () => {
    expect(happeningOf(anAlarmEvent('level-changed', anAlarm({ level: 'lolo' }), { from: 'acked' })).what).toBe('level now very low, to be acknowledged again')
    expect(happeningOf(anAlarmEvent('level-changed', anAlarm({ level: 'lo', state: 'acked' }), { from: 'acked' })).what).toBe('level now low')
  })

  it('knows every event of the state machine', () => {
    const names = ['raised', 'cleared', 'returned', 'acked', 'reraised', 'realarmed', 'escalated', 'latched', 'reset', 'shelved', 'unshelved', 'suppressed', 'unsuppressed', 'out-of-service', 'returned-to-service', 'tracked', 'commented', 'quality-changed', 'retired', 'rejected', 'level-changed']
    const words = names.map((name) => happeningOf(anAlarmEvent(name, anAlarm())).what)
    expect(new Set(words).size).toBe(names.length)
    expect(happeningOf(anAlarmEvent('something-newer', anAlarm())).what).toBe('something-newer')
  })

  it('speaks of commands, deliveries, devices and the gateway', () => {
    const event = (type: string, subject: string, data: unknown) => ({ specversion: '1.0' as const, id: '1', type, source: 's', subject, time: until, data })
    expect(happeningOf(event('limen.command.failed', 'lamp-bed-1', { device: 'lamp-bed-1', actuator: 'light', value: 'red', reason: 'no answer' }))).toEqual({ subject: 'lamp-bed-1 · light', what: 'command red failed', note: 'no answer', device: 'lamp-bed-1' })
    expect(happeningOf(event('limen.delivery.dead-lettered', 'bed-1', { target: 'nurse-call', attempts: 5, reason: '500' }))).toMatchObject({ subject: 'nurse-call', what: 'could not be delivered, waits among the dead letters after 5 attempts' })
    expect(happeningOf(event('limen.device.offline', 'bed-2', {}))).toMatchObject({ subject: 'bed-2', what: 'offline', device: 'bed-2' })
    expect(happeningOf(event('limen.gateway.clock-stepped', '', null))).toMatchObject({ subject: 'Gateway', what: 'clock stepped' })
  })

  it('knows which events are an alarm\'s own', () => {
    const event = (data: unknown) => ({ ...anAlarmEvent('raised', anAlarm()), data })
    expect([event({ id: 'a' }), event({ cause: 'a' }), event({ alarm: 'a' }), event({ alarm: { id: 'a' } })].every((one) => concerns(one, 'a'))).toBe(true)
    expect([event({ id: 'b' }), event(null), event('a')].some((one) => concerns(one, 'a'))).toBe(false)
  })
})

describe('limits of the chart', () => {
  it('are those of a level rule, the parsed form', () => {
    const rule = { priority: { lolo: 'high', lo: 'medium' } as const, when: { kind: 'level', spec: { form: 'limits', limits: { lolo: 85, lo: 90 }, hysteresis: 2 } } }
    expect(chartLimits(anAlarm(), rule)).toEqual([{ value: 85, label: 'very low 85', level: 'lolo', priority: 'high' }, { value: 90, label: 'low 90', level: 'lo', priority: 'medium' }])
  })

  it('are the limit that was crossed where the rule has none to draw', () => {
    expect(chartLimits(anAlarm(), undefined)).toEqual([{ value: 90, label: 'low 90', level: 'lo', priority: 'medium' }])
    expect(chartLimits(anAlarm({ level: null, limit: 3 }), { priority: 'low', when: { kind: 'rate', spec: {} } })).toEqual([{ value: 3, label: 'limit 3', level: null, priority: 'medium' }])
    expect(chartLimits(anAlarm({ limit: 'open' }), { priority: 'low', when: { kind: 'level', spec: { form: 'equals', equals: 'open' } } })).toEqual([])
  })
})
