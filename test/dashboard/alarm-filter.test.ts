import { describe, expect, it } from 'vitest'
import { marksOf, spanOf } from '../../dashboard/src/alarms/chart-span.ts'
import { firstOf, groupsOf, isFiltered, viewOf } from '../../dashboard/src/alarms/filter.ts'
import { anAlarm, anAlarmEvent } from './fixtures.ts'

const view = (query: string) => viewOf(new URLSearchParams(query))

describe('the list by its address', () => {
  it('reads every filter', () => {
    expect(view('view=aside&group=device&priority=high&unacked=1&q=bed&device=bed-4')).toEqual({ view: 'aside', group: true, priority: 'high', unacked: true, text: 'bed', device: 'bed-4' })
  })

  it('leaves out what makes no sense', () => {
    expect(view('view=x&group=y&priority=urgent')).toEqual({ view: 'standing', group: false, priority: undefined, unacked: undefined, text: undefined, device: undefined })
    expect(isFiltered(view('view=aside&group=device'))).toBe(false)
    expect(isFiltered(view('q=a'))).toBe(true)
  })

  it('groups by device, the one with the most urgent alarm first; what has no device by its key', () => {
    const alarms = [anAlarm({ id: '1', device: 'b' }), anAlarm({ id: '2', device: 'a' }), anAlarm({ id: '3', device: 'b' }), anAlarm({ id: '4', device: null, key: 'gateway' })]
    const shape = groupsOf(alarms, view('group=device')).map(({ name, alarms: own }) => [name, own.map(({ id }) => id)])
    expect(shape).toEqual([['b', ['1', '3']], ['a', ['2']], ['gateway', ['4']]])
  })

  it('cuts a flood over the groups', () => {
    const groups = groupsOf([anAlarm({ id: '1', device: 'b' }), anAlarm({ id: '2', device: 'a' }), anAlarm({ id: '3', device: 'b' })], view('group=device'))
    expect(firstOf(groups, 1).map(({ alarms }) => alarms.map(({ id }) => id))).toEqual([['1']])
    expect(firstOf(groups, 10)).toEqual(groups)
  })
})

describe('the chart of an alarm', () => {
  const minute = 60_000
  const raised = Date.parse('2026-11-01T10:00:00.000Z')

  it('begins ten minutes before and goes on while the condition holds', () => {
    expect(spanOf(anAlarm(), raised + minute)).toEqual({ from: raised - 10 * minute, to: raised + minute, live: true, cut: false })
  })

  it('ends a little after the condition did', () => {
    const ended = anAlarm({ active: false, changedAt: '2026-11-01T10:10:00.000Z' })
    expect(spanOf(ended, raised + 60 * minute)).toEqual({ from: raised - 10 * minute, to: raised + 15 * minute, live: false, cut: false })
    expect(spanOf(ended, raised + 11 * minute).live).toBe(true)
  })

  it('shows six hours at most, and knows that it is not all', () => {
    const span = spanOf(anAlarm(), raised + 600 * minute)
    expect(span.to - span.from).toBe(360 * minute)
    expect(span.cut).toBe(true)
  })

  it('is marked where it was raised, acknowledged and over', () => {
    const events = [
      anAlarmEvent('cleared', anAlarm(), { time: '2026-11-01T10:05:00.000Z' }),
      anAlarmEvent('commented', anAlarm(), { time: '2026-11-01T10:04:00.000Z' }),
      anAlarmEvent('acked', anAlarm(), { time: '2026-11-01T10:02:00.000Z' }),
      anAlarmEvent('raised', anAlarm(), { time: '2026-11-01T10:00:00.000Z' }),
    ]
    expect(marksOf(events)).toEqual([{ at: raised, label: 'raised' }, { at: raised + 2 * minute, label: 'acknowledged' }, { at: raised + 5 * minute, label: 'normal' }])
  })
})
