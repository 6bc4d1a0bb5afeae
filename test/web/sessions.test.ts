import { describe, expect, it } from 'vitest'
import { createSessions } from '../../gateway/web/sessions.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const user = (name: string) => ({ kind: 'user', name, role: 'viewer' }) as const

describe('sessions', () => {
  it('stay within their bounds: of one user, and of all, the one used longest ago ends', () => {
    const sessions = createSessions({ maxSessions: 5, maxPerUser: 2 }, { clock: createFakeClock(), stillValid: () => true })
    const [first, second] = [sessions.open(user('a')), sessions.open(user('a'))]
    expect(sessions.find(first.id)).toBeDefined()
    sessions.open(user('a'))
    expect(sessions.find(second.id)).toBeUndefined()
    expect(sessions.find(first.id)).toBeDefined()
    for (let i = 0; i < 20; i++) sessions.open(user(`u${i}`))
    expect(sessions.size()).toBe(5)
  })

  it('are not kept alive by a look that is nobody\'s', async () => {
    const clock = createFakeClock()
    const sessions = createSessions({ idleMs: 1_000 }, { clock, stillValid: () => true })
    const { id } = sessions.open(user('a'))
    await clock.advance(600)
    expect(sessions.find(id, { touch: false })).toBeDefined()
    await clock.advance(600)
    expect(sessions.find(id)).toBeUndefined()
  })
})
