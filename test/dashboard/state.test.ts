import { beforeEach, describe, expect, it } from 'vitest'
import { alarms, journal, putAlarms, putJournal, standing } from '../../dashboard/src/data/state.ts'
import { anAlarm } from '../support/desks.ts'
import { journalEvent } from '../support/alarm-journal.ts'

beforeEach(() => {
  alarms.value = new Map()
  journal.value = []
})

describe('what the page knows', () => {
  it('has the newer word on each alarm', () => {
    putAlarms([anAlarm({ seq: 2, state: 'acked' }), anAlarm({ seq: 1 })])
    expect(standing.value.map(({ state }) => state)).toEqual(['acked'])
  })

  it('has nothing of rules in shadow: they tell nobody', () => {
    putAlarms([anAlarm({ id: 'trial.bed-1', shadow: true }), anAlarm()])
    expect(standing.value.map(({ id }) => id)).toEqual(['hr-high.bed-1'])
    putJournal([{ position: 1, event: journalEvent({ s: 0, event: 'raised', shadow: true }) }, { position: 2, event: journalEvent({ s: 0, event: 'raised' }) }])
    expect(journal.value.map(({ position }) => position)).toEqual([2])
  })
})
