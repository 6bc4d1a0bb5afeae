import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createTimerHeap, timerOrder } from '../../gateway/kernel/timer-heap.ts'

const actions = fc.array(fc.record({ timer: fc.nat(11), due: fc.oneof({ weight: 4, arbitrary: fc.nat(20) }, { weight: 1, arbitrary: fc.constant(Infinity) }), take: fc.boolean() }), { maxLength: 60 })

describe('the timer heap', () => {
  it('gives timers in the order of due time, rule, key and rank, whatever was set anew or stopped', () => {
    fc.assert(fc.property(actions, (given) => {
      const heap = createTimerHeap<number>()
      const timers = Array.from({ length: 12 }, (_, i) => heap.create({ owner: i, rule: `r${i % 3}`, key: `k${i % 2}`, rank: i }))
      const set = new Map<number, number>()
      for (const { timer, due, take } of given) {
        heap.set(timers[timer]!, due)
        if (due === Infinity) set.delete(timer)
        else set.set(timer, due)
        const expected = [...set].sort(([a, dueA], [b, dueB]) => dueA - dueB || timerOrder(timers[a]!, timers[b]!))
        expect(heap.size()).toBe(set.size)
        expect(heap.nextDue()).toBe(expected[0]?.[1] ?? Infinity)
        expect(heap.peek()?.owner).toBe(expected[0]?.[0])
        if (!take || expected.length === 0) continue
        heap.stop(heap.peek()!)
        set.delete(expected[0]![0])
      }
      const rest = [...set].sort(([a, dueA], [b, dueB]) => dueA - dueB || timerOrder(timers[a]!, timers[b]!)).map(([timer]) => timer)
      expect(rest.map(() => {
        const next = heap.peek()!
        heap.stop(next)
        return next.owner
      })).toEqual(rest)
    }))
  })

  it('can be cleared, and its timers set again', () => {
    const heap = createTimerHeap<string>()
    const timer = heap.create({ owner: 'a', rule: 'r', key: 'k', rank: 0 })
    heap.set(timer, 5)
    heap.clear()
    expect(heap.nextDue()).toBe(Infinity)
    heap.set(timer, 7)
    expect(heap.peek()).toBe(timer)
  })
})
