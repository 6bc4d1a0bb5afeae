import { describe, expect, it } from 'vitest'
import { technicalRule } from '../../gateway/alarms/technical.ts'
import { technicalRules } from '../../gateway/kernel/technical-rules.ts'
import { createAlarmScene, shortly } from '../support/alarm-scene.ts'
import { seconds } from '../support/stage-scene.ts'
import { makeRule, notify } from '../support/transitions.ts'

describe('technical alarms', () => {
  it('are a class of their own: nobody need acknowledge them, low for a sensor, medium for a device, high for the gateway', () => {
    const byPriority = { sensor: 'low', device: 'medium', gateway: 'high' } as const
    for (const [id, { about }] of Object.entries(technicalRules)) {
      expect(technicalRule(id, undefined)).toMatchObject({ id, class: 'technical', ack: 'auto', latch: false, priority: byPriority[about], mode: 'live', then: [] })
    }
    const about = (what: string): string[] => Object.entries(technicalRules).flatMap(([id, rule]) => (rule.about === what ? [id.slice('technical.'.length)] : [])).sort()
    expect(about('sensor')).toEqual(['flat', 'lead-off', 'range', 'stale'])
    expect(about('device')).toEqual(['clock-suspect', 'command', 'offline'])
    expect(about('gateway')).toEqual(['commit', 'dead-letters', 'delivery', 'disk', 'flows', 'influx', 'queue', 'rule', 'rules'])
  })

  it('are announced, acknowledged, escalated and announced again as a rule of their id says', () => {
    const { alarms, rules, act, advance } = createAlarmScene()
    const own = makeRule({ id: 'technical.disk', class: 'technical', ack: 'required', latch: true, priority: 'low', escalateMs: [10_000], realarmMs: 60_000, then: [notify('it')], message: 'call 4711' })
    const given = { rule: 'technical.disk', key: 'gateway', device: null, metric: null, active: true, message: 'little room' } as const
    rules(0, own)
    alarms.technical(given, seconds(0))
    expect(advance(10)).toMatchObject([
      { event: 'raised', rule: { then: [notify('it')] }, alarm: { class: 'technical', priority: 'low', message: 'call 4711' } }, { event: 'escalated', reason: 'step 1 of 1' },
    ])
    act(11, 'ack', { key: 'gateway', rule: 'technical.disk' })
    expect(shortly(advance(100))).toEqual([['realarmed', 71], ['escalated', 81, 'step 1 of 1']])
    alarms.technical({ ...given, active: false }, seconds(101))
    expect(advance(101)).toMatchObject([{ event: 'latched', alarm: { state: 'latched-unacked', active: false } }])
    rules(102)
    alarms.technical(given, seconds(103))
    expect(advance(200)).toMatchObject([{ event: 'reraised', alarm: { message: 'little room', priority: 'high' } }])
  })

  it('that stand when their mode changes end in the one and begin anew in the other; switched off they end', () => {
    const { alarms, rules, advance } = createAlarmScene()
    const own = (mode: 'live' | 'shadow' | 'off') => makeRule({ id: 'technical.offline', class: 'technical', ack: 'auto', priority: 'high', mode, message: '{device} is away' })
    alarms.technical({ rule: 'technical.offline', key: 'bed-1', device: 'bed-1', metric: null, active: true, message: 'bed-1 is offline' }, seconds(0))
    const told = [...advance(0), ...rules(1, own('shadow')), ...rules(2, own('live')), ...rules(3, own('off')), ...rules(4, own('live'))]
    expect(told.map(({ event, rule, alarm }) => [event, rule.mode, alarm.priority, alarm.message])).toEqual([
      ['raised', 'live', 'medium', 'bed-1 is offline'], ['retired', 'live', 'medium', 'bed-1 is offline'],
      ['raised', 'shadow', 'high', 'bed-1 is away'], ['retired', 'shadow', 'high', 'bed-1 is away'],
      ['raised', 'live', 'high', 'bed-1 is away'], ['retired', 'live', 'high', 'bed-1 is away'],
    ])
  })

  it('told twice is told once', () => {
    const { alarms, advance } = createAlarmScene()
    const given = { rule: 'technical.commit', key: 'gateway', device: null, metric: null, active: true, message: 'slow' } as const
    for (const active of [false, true, true, false, false]) alarms.technical({ ...given, active }, seconds(1))
    expect(advance(2).map(({ event }) => event)).toEqual(['raised', 'cleared'])
  })
})
