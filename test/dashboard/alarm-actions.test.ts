import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { actionsFor, shelvingChoices } from '../../dashboard/src/alarms/actions.ts'
import { choiceAfter, neighbour } from '../../dashboard/src/alarms/selection.ts'
import { coreTable, overlayStep } from '../../gateway/alarms/machine.ts'
import { shelvingTerm } from '../../gateway/alarms/shelving.ts'
import { coreStates } from '../../gateway/kernel/alarm.ts'
import { anAlarm } from './fixtures.ts'

const overlaySets = [[], ['shelved'], ['suppressed'], ['out-of-service'], ['out-of-service', 'suppressed', 'shelved']] as const

describe('actions on the screen', () => {
  it('offers nothing that the state machine refuses', () => {
    for (const state of coreStates) {
      for (const overlays of overlaySets) {
        for (const verb of actionsFor(anAlarm({ state, overlays }), 'admin')) {
          if (verb === 'comment') continue
          if (verb === 'ack' || verb === 'reset') {
            const row = coreTable[state][verb]
            expect(row !== undefined && 'next' in row, `${verb} while ${state}`).toBe(true)
          } else expect(overlayStep({ state, overlays }, verb).ok, `${verb} on ${overlays.join()}`).toBe(true)
        }
      }
    }
  })

  it('offers acknowledging wherever it changes something, and first', () => {
    for (const state of coreStates) {
      const row = coreTable[state].ack
      const changes = row !== undefined && 'next' in row && row.next !== state
      expect(actionsFor(anAlarm({ state }), 'operator').indexOf('ack')).toBe(changes ? 0 : -1)
    }
  })

  it('lets a viewer do nothing, and an operator take nothing out of service', () => {
    expect(actionsFor(anAlarm(), 'viewer')).toEqual([])
    expect(actionsFor(anAlarm(), 'operator')).toEqual(['ack', 'shelve', 'comment'])
    expect(actionsFor(anAlarm(), 'admin')).toEqual(['ack', 'shelve', 'comment', 'out-of-service'])
    expect(actionsFor(anAlarm({ overlays: ['out-of-service'] }), 'operator')).not.toContain('return-to-service')
    expect(actionsFor(anAlarm({ overlays: ['out-of-service'] }), 'admin')).toContain('return-to-service')
  })

  it('offers what ends an overlay, and no shelving of what is normal or shelved', () => {
    expect(actionsFor(anAlarm({ state: 'acked', overlays: ['suppressed', 'shelved'] }), 'operator')).toEqual(['unshelve', 'unsuppress', 'comment'])
    expect(actionsFor(anAlarm({ state: 'normal' }), 'operator')).toEqual(['comment'])
  })

  it('offers no shelving that the gateway refuses for its length', () => {
    for (const priority of ['high', 'medium', 'low'] as const) {
      for (const { ms, oneShot } of shelvingChoices(priority)) expect(shelvingTerm({ until: 1_000 + ms, oneShot }, priority, 1_000)).toMatchObject({ ok: true, oneShot })
    }
    expect(shelvingChoices('high').map(({ label }) => label)).toEqual(['15 min', '30 min'])
    expect(shelvingChoices('low')).toHaveLength(5)
  })
})

describe('the chosen alarm', () => {
  const ids = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'), { minLength: 1 })

  it('stays chosen while it is there; else one that was next to it is', () => {
    fc.assert(fc.property(ids, ids, fc.nat(), (before, after, pick) => {
      const chosen = before.at(pick % before.length)!
      const next = choiceAfter(before, after, chosen)
      if (after.includes(chosen)) expect(next).toBe(chosen)
      else if (before.some((id) => after.includes(id))) expect(after).toContain(next)
      else expect(next).toBeUndefined()
    }))
    expect(choiceAfter(['a', 'b', 'c', 'd'], ['a', 'd'], 'b')).toBe('d')
    expect(choiceAfter(['a', 'b', 'c'], ['a', 'b'], 'c')).toBe('b')
    expect(choiceAfter(['a'], ['b'], undefined)).toBeUndefined()
  })

  it('arrows go one on and stop at the ends', () => {
    expect(neighbour(['a', 'b'], undefined, 1)).toBe('a')
    expect(neighbour(['a', 'b'], undefined, -1)).toBe('b')
    expect(neighbour(['a', 'b'], 'b', 1)).toBe('b')
    expect(neighbour(['a', 'b'], 'a', -1)).toBe('a')
    expect(neighbour(['a', 'b'], 'a', 1)).toBe('b')
    expect(neighbour([], 'a', 1)).toBeUndefined()
  })
})
