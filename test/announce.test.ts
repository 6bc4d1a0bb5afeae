import { describe, expect, it } from 'vitest'
import { createAnnouncements } from '../gateway/announce.ts'
import { makeRule, makeTransition } from './support/transitions.ts'

const announcements = createAnnouncements({ site: 'ward-3' }, { announcer: { announce() {} } })
const dataOf = (...of: Parameters<typeof makeTransition>) => announcements.alarmEvent(makeTransition(...of)).data

describe('the event of an alarm', () => {
  it('says what happened, by whom, and under which version of its rule', () => {
    const event = announcements.alarmEvent(makeTransition('acked', { from: 'unacked', by: 'ada', note: 'seen', rule: makeRule({ version: 'v7' }) }))
    expect(event).toMatchObject({
      type: 'limen.alarm.acked', source: 'ward-3', subject: 'oven', time: '2026-01-01T00:00:00.000Z', id: 'a1/1/1',
      data: { id: 'a1', rule: 'too-hot', from: 'unacked', state: 'acked', event: 'acked', by: 'ada', note: 'seen', ruleVersion: 'v7' },
    })
    expect(event.data).not.toHaveProperty('reason')
  })

  it('says of a shadow rule that nobody was told, and of a change of level whether it was a rise', () => {
    expect(dataOf('raised', { rule: makeRule({ mode: 'shadow' }) })).toMatchObject({ shadow: true })
    expect(dataOf('level-changed', { levelUp: true })).toMatchObject({ levelUp: true })
    const plain = dataOf('level-changed')
    expect(plain).not.toHaveProperty('shadow')
    expect(plain).not.toHaveProperty('levelUp')
  })

  it('has no version where the rule is gone', () => {
    expect(dataOf('retired', { reason: 'rule removed', rule: makeRule({ version: '' }) })).toMatchObject({ ruleVersion: null, reason: 'rule removed' })
  })
})
