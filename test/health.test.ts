import { describe, expect, it } from 'vitest'
import { createHealth } from '../gateway/health.ts'

describe('health', () => {
  it('tells the alarm of the disk again while nothing can be stored, and once more when something can: those before were undone', () => {
    const told: boolean[] = []
    let writable = true
    const health = createHealth({
      store: { health: () => ({ writable, sizeBytes: 0, pendingBytes: 0, ...(writable ? {} : { reason: 'the disk is full' }) }) },
      listening: () => true, influx: { status: () => undefined }, flows: { status: () => undefined }, isOpen: () => true,
      condition: ({ rule, active }) => void (rule === 'technical.disk' && told.push(active)),
    })
    const look = (times: number): void => { for (let i = 0; i < times; i++) health.look() }
    look(3)
    expect(told).toEqual([])
    writable = false
    look(1)
    expect(told).toEqual([true])
    look(10)
    expect(told).toEqual([true, true, true])
    expect(health.report()).toMatchObject({ ready: false, checks: { store: { ok: false, detail: 'the disk is full' } } })
    writable = true
    look(3)
    expect(told).toEqual([true, true, true, true, false])
  })
})
