import { describe, expect, it } from 'vitest'
import { createLastGoodRules } from '../gateway/last-good-rules.ts'
import { createMemoryStore } from './support/memory-store.ts'
import { rulesOf } from './support/timeline.ts'

const rules = rulesOf(`
- { id: a, on: { metric: spo2, device: "bed-*", label: { ward: east } }, when: { level: { lolo: 85, lo: 90, hysteresis: 2 } }, for: 10s, priority: { lolo: high, lo: low } }
- { id: b, on: { metric: t }, when: { equals: true }, latch: true, then: [{ notify: nurse-call }, { command: { device: "fan-{device}", actuator: power, value: on } }] }
- { id: c, on: { metric: t }, when: { absent: { after: 30s } }, mode: shadow }
`)

describe('the last good rules', () => {
  it('come back as they were, every kind of them', async () => {
    const store = createMemoryStore()
    createLastGoodRules(store).keep(rules)
    await store.commit()
    expect(await createLastGoodRules(store.crash()).read()).toEqual(rules)
  })

  it('are none at first, and none where they were kept in another format', async () => {
    const store = createMemoryStore()
    expect(await createLastGoodRules(store).read()).toBeUndefined()
    store.put('meta', 'rules', '{"format":0,"rules":[]}')
    await store.commit()
    expect(await createLastGoodRules(store).read()).toBeUndefined()
  })

  it('are written when they are another set, or when their commit failed', async () => {
    let puts = 0
    const store = createMemoryStore()
    const kept = createLastGoodRules({ ...store, put: (space, key, value) => { puts++; store.put(space, key, value) } })
    kept.keep(rules)
    kept.keep(rules)
    expect(puts).toBe(1)
    store.failNextCommit(new Error('full'))
    await store.commit()
    kept.keep(rules)
    kept.keep(rules.slice(1))
    expect(puts).toBe(3)
    await store.commit()
    const again = createLastGoodRules({ ...store, put: () => { puts++ } })
    await again.read()
    again.keep(rules.slice(1))
    expect(puts).toBe(3)
  })
})
