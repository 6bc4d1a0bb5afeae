import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAttempts } from '../../gateway/auth/attempts.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const ada = { name: 'ada', address: '192.0.2.1' }

describe('slowing of attempts', () => {
  it('lets five wrong tries through, then one each ten seconds', async () => {
    const clock = createFakeClock()
    const attempts = createAttempts({}, { clock })
    expect([1, 2, 3, 4, 5, 6].map(() => attempts.begin(ada))).toEqual([true, true, true, true, true, false])
    expect(attempts.waitMs(ada)).toBe(10_000)
    await clock.advance(9_999)
    expect(attempts.begin(ada)).toBe(false)
    await clock.advance(1)
    expect(attempts.begin(ada)).toBe(true)
    expect(attempts.begin(ada)).toBe(false)
  })

  it('slows neither the same account elsewhere nor another account at the same address', () => {
    const attempts = createAttempts({}, { clock: createFakeClock() })
    for (let i = 0; i < 100; i++) attempts.begin(ada)
    expect(attempts.waitMs({ name: 'ada', address: '192.0.2.2' })).toBe(0)
    expect(attempts.waitMs({ name: 'bob', address: '192.0.2.1' })).toBe(0)
  })

  it('slows an address that tries many names, an IPv6 network as one', () => {
    const attempts = createAttempts({}, { clock: createFakeClock() })
    let tried = 0
    for (let i = 0; i < 200; i++) if (attempts.begin({ name: `n${i}`, address: `2001:db8:1:2::${i.toString(16)}` })) tried++
    expect(tried).toBe(50)
    expect(attempts.waitMs({ name: 'x', address: '2001:db8:1:2::ffff' })).toBeGreaterThan(0)
    expect(attempts.waitMs({ name: 'x', address: '2001:db8:1:3::1' })).toBe(0)
  })

  it('slows an account that is tried from many addresses', () => {
    const attempts = createAttempts({}, { clock: createFakeClock() })
    let tried = 0
    for (let i = 0; i < 250; i++) if (attempts.begin({ name: 'admin', address: `198.51.100.${i}` })) tried++
    expect(tried).toBe(100)
  })

  it('forgives after a right try', () => {
    const attempts = createAttempts({}, { clock: createFakeClock() })
    for (let i = 0; i < 4; i++) attempts.begin(ada)
    attempts.begin(ada)
    attempts.succeeded(ada)
    expect(attempts.waitMs(ada)).toBe(0)
  })

  it('stays within its bound whatever is tried', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.ipV4())), (tries) => {
        const attempts = createAttempts({ maxBuckets: 10 }, { clock: createFakeClock() })
        for (const [name, address] of tries) {
          attempts.begin({ name, address })
          expect(attempts.size()).toBeLessThanOrEqual(10)
        }
      }),
    )
  })
})
