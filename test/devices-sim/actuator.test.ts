import { describe, expect, it } from 'vitest'
import { createActuator } from '../../devices-sim/actuator.ts'

const issuedAt = '2026-01-01T00:00:00.000Z'
const issuedAtMs = Date.parse(issuedAt)
const manners = { seed: 1, slowShare: 0, rejectShare: 0 }
const lamp = { name: 'light', kind: 'switch', initial: 'off', takesMs: 300 } as const

function command(over: Record<string, unknown> = {}): string {
  return JSON.stringify({ id: 'c1', seq: 1, value: 'on', issuedAt, ttlMs: 30_000, cause: 'manual:test', ...over })
}

function statuses(answers: ReturnType<ReturnType<typeof createActuator>['take']>): unknown {
  return answers === 'unreadable' ? answers : answers.map(({ status }) => status)
}

describe('a simulated actuator', () => {
  it('accepts, then has done it and reports its state', () => {
    const answers = createActuator(lamp, 'lamp-1', manners).take(command({ value: 'ON' }), issuedAtMs)
    expect(answers).toMatchObject([{ id: 'c1', status: 'accepted' }, { id: 'c1', status: 'done', value: 'on' }])
    expect(answers[1]).toMatchObject({ afterMs: expect.any(Number) })
    expect((answers[1] as { afterMs: number }).afterMs).toBeGreaterThanOrEqual(300)
  })

  it('answers a command that comes twice again, and does not do it twice', () => {
    const actuator = createActuator(lamp, 'lamp-1', manners)
    actuator.take(command(), issuedAtMs)
    expect(statuses(actuator.take(command(), issuedAtMs + 2_000))).toEqual(['done'])
  })

  it('refuses what is past its time, and what is older than what it has already done', () => {
    const actuator = createActuator(lamp, 'lamp-1', manners)
    expect(statuses(actuator.take(command(), issuedAtMs + 30_001))).toEqual(['expired'])
    expect(statuses(actuator.take(command({ id: 'c5', seq: 5 }), issuedAtMs))).toEqual(['accepted', 'done'])
    expect(statuses(actuator.take(command({ id: 'c4', seq: 4 }), issuedAtMs))).toEqual(['rejected'])
    // a gateway that was set up anew counts from one again
    expect(statuses(actuator.take(command({ id: 'd1', seq: 1, issuedAt: '2026-01-01T00:01:00Z' }), issuedAtMs + 61_000))).toEqual(['accepted', 'done'])
  })

  it('refuses a value it cannot take, with the reason', () => {
    const thermostat = createActuator({ name: 'thermostat', kind: 'number', initial: 21, takesMs: 100 }, 'room', manners)
    expect(thermostat.take(command({ value: 'warm' }), issuedAtMs)).toMatchObject([{ status: 'rejected', reason: 'takes a number' }])
    expect(statuses(thermostat.take(command({ id: 'c2', value: 22.5 }), issuedAtMs))).toEqual(['accepted', 'done'])
  })

  it.each(['', 'on', '[]', 'null', '{"value":"on"}', command({ value: null }), command({ issuedAt: 'yesterday' })])('gives no answer to %s', (payload) => {
    expect(createActuator(lamp, 'lamp-1', manners).take(payload, issuedAtMs)).toBe('unreadable')
  })

  it('is jammed or slow as often as asked', () => {
    const outcome = (change: Partial<typeof manners>): string[] => Array.from({ length: 400 }, (_, i) =>
      JSON.stringify(statuses(createActuator(lamp, 'lamp-1', { ...manners, ...change }).take(command({ id: `c${i}` }), issuedAtMs))))
    const share = (all: string[], word: string): number => all.filter((one) => one.includes(word)).length / all.length
    expect(share(outcome({ rejectShare: 0.5 }), 'rejected')).toBeCloseTo(0.5, 1)
    expect(share(outcome({ slowShare: 0.25 }), 'executing')).toBeCloseTo(0.25, 1)
    expect(share(outcome({}), 'rejected')).toBe(0)
  })
})
