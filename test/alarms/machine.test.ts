import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CoreEvent, OverlayEvent } from '../../gateway/alarms/machine.ts'
import { clearEvent, coreEvents, coreTable, overlayStep, overlayTable, step } from '../../gateway/alarms/machine.ts'
import type { AlarmEventName, CoreState, Overlay } from '../../gateway/kernel/alarm.ts'
import { coreStates } from '../../gateway/kernel/alarm.ts'

/** The table of the design, row by row: state, event, next, emits. */
const rows: readonly (readonly [CoreState, CoreEvent, CoreState, readonly AlarmEventName[]])[] = [
  ['normal', 'true', 'unacked', ['raised']],
  ['unacked', 'ack', 'acked', ['acked']],
  ['unacked', 'clear', 'rtn-unacked', ['returned']],
  ['unacked', 'clear-auto', 'normal', ['cleared']],
  ['unacked', 'clear-latch', 'latched-unacked', ['latched']],
  ['unacked', 'clear-latch-auto', 'latched-acked', ['latched']],
  ['unacked', 'escalate', 'unacked', ['escalated']],
  ['unacked', 'level-up', 'unacked', ['level-changed']],
  ['acked', 'level-up', 'unacked', ['level-changed']],
  ['unacked', 'level-down', 'unacked', ['level-changed']],
  ['acked', 'level-down', 'acked', ['level-changed']],
  ['acked', 'clear', 'normal', ['cleared']],
  ['acked', 'clear-auto', 'normal', ['cleared']],
  ['acked', 'clear-latch', 'latched-acked', ['latched']],
  ['acked', 'clear-latch-auto', 'latched-acked', ['latched']],
  ['acked', 'realarm', 'unacked', ['realarmed']],
  ['rtn-unacked', 'ack', 'normal', ['acked', 'cleared']],
  ['rtn-unacked', 'true', 'unacked', ['reraised']],
  ['latched-unacked', 'ack', 'latched-acked', ['acked']],
  ['latched-unacked', 'reset', 'rtn-unacked', ['reset']],
  ['latched-acked', 'reset', 'normal', ['reset', 'cleared']],
  ['latched-unacked', 'true', 'unacked', ['reraised']],
  ['latched-acked', 'true', 'unacked', ['reraised']],
  ['normal', 'ack', 'normal', []],
  ['acked', 'ack', 'acked', []],
  ['unacked', 'gated', 'normal', ['cleared']],
  ['acked', 'gated', 'normal', ['cleared']],
  ...coreStates.map((state) => [state, 'retire', 'normal', ['retired']] as const),
]
const overlayEvents = Object.keys(overlayTable) as OverlayEvent[]
const allOverlays: readonly Overlay[] = ['shelved', 'suppressed', 'out-of-service']

describe('the alarm state machine', () => {
  it.each(rows)('%s + %s → %s', (state, event, next, emits) => {
    expect(step(state, event, false)).toMatchObject({ ok: true, next, emits })
  })

  it('refuses every pair that is not in the table, with a reason', () => {
    let refused = 0
    for (const state of coreStates) {
      for (const event of coreEvents) {
        const listed = rows.some(([s, e]) => s === state && e === event)
        const taken = step(state, event, false)
        expect([state, event, taken.ok]).toEqual([state, event, listed])
        if (taken.ok) continue
        refused++
        expect(taken.reason).not.toBe('')
      }
    }
    expect(refused).toBe(coreStates.length * coreEvents.length - rows.length)
  })

  it('refuses the reset of an active alarm in its own words', () => {
    for (const state of ['unacked', 'acked'] as const) expect(step(state, 'reset', false)).toEqual({ ok: false, reason: 'still active' })
  })

  it('counts an occurrence when a condition becomes true, and only then', () => {
    for (const state of coreStates) {
      for (const event of coreEvents) {
        for (const overlaid of [false, true]) {
          const taken = step(state, event, overlaid)
          if (taken.ok) expect([state, event, taken.counts]).toEqual([state, event, event === 'true'])
        }
      }
    }
  })

  it('goes through the core rows while overlaid, but silently, and a clear waits for nobody', () => {
    for (const [state, event, next, emits] of rows) {
      const taken = step(state, event, true)
      const expectedNext = state === 'unacked' && event === 'clear' ? 'normal' : next
      const expectedEmits = event === 'retire' ? emits : emits.length === 0 ? [] : ['tracked']
      expect(taken).toMatchObject({ ok: true, next: expectedNext, emits: expectedEmits })
    }
  })

  it('lets latch win over auto', () => {
    expect(clearEvent({ latch: true, ack: 'auto' })).toBe('clear-latch-auto')
    expect(clearEvent({ latch: true, ack: 'required' })).toBe('clear-latch')
    expect(clearEvent({ latch: false, ack: 'auto' })).toBe('clear-auto')
    expect(clearEvent({ latch: false, ack: 'required' })).toBe('clear')
  })

  it('puts overlays on in any state, takes off only what is on, and keeps them apart from each other', () => {
    fc.assert(fc.property(fc.constantFrom(...coreStates), fc.subarray([...allOverlays]), fc.constantFrom(...overlayEvents), (state, overlays, event) => {
      const { overlay, on, emits } = overlayTable[event]
      const taken = overlayStep({ state, overlays }, event)
      if (!on && !overlays.includes(overlay)) {
        expect(taken.ok).toBe(false)
        return
      }
      if (!taken.ok) throw new Error(taken.reason)
      expect(new Set(taken.overlays)).toEqual(new Set(on ? [...overlays, overlay] : overlays.filter((one) => one !== overlay)))
      expect(taken.emits[0]).toBe(emits)
      const lastGone = !on && taken.overlays.length === 0
      expect(taken.emits.slice(1)).toEqual(lastGone && state === 'unacked' ? ['raised'] : [])
    }))
  })

  it('never leaves an alarm without a way back to normal', () => {
    for (const state of coreStates) expect(reaches(state, 'normal', new Set())).toBe(true)
  })
})

function reaches(from: CoreState, to: CoreState, seen: Set<CoreState>): boolean {
  if (from === to) return true
  if (seen.has(from)) return false
  seen.add(from)
  return Object.entries(coreTable[from]).some(([event, row]) => event !== 'retire' && 'next' in row && reaches(row.next, to, seen))
}
