import { describe, expect, it } from 'vitest'
import type { TechnicalCondition } from '../gateway/kernel/contracts.ts'
import type { QueueState } from '../gateway/kernel/queue.ts'
import { createQueueWatch } from '../gateway/queue-watch.ts'

function scene() {
  const told: TechnicalCondition[] = []
  const queues = new Map<string, { share: number; dropped: number }>([['a', { share: 0, dropped: 5 }], ['b', { share: 0, dropped: 0 }]])
  const watch = createQueueWatch({
    condition: (condition) => void told.push(condition),
    queues: () => [...queues].map(([id, state]): QueueState => ({ id, name: `Queue ${id}`, remedy: `see to ${id}`, ...state })),
  })
  return {
    told, watch,
    set: (id: string, share: number, dropped = 0) => void queues.set(id, { share, dropped }),
    look: (times: number) => {
      for (let i = 0; i < times; i++) watch.look()
    },
    active: () => told.map(({ active }) => active),
  }
}

describe('the alarm of the queues', () => {
  it('begins where one is nearly full and ends where all have room again; in between it stays as it is', () => {
    const { set, look, told, active } = scene()
    look(3)
    set('b', 0.89)
    look(3)
    expect(active()).toEqual([false])
    set('b', 0.9)
    look(3)
    expect(told.at(-1)).toEqual({ rule: 'technical.queue', active: true, message: 'Queue b is 90 % full: see to b' })
    set('b', 0.7)
    look(100)
    expect(active()).toEqual([false, true])
    set('b', 0.69)
    look(1)
    expect(active()).toEqual([false, true, false])
  })

  it('begins where something is dropped, and lasts a minute beyond the last drop; what was dropped before the start is no news', () => {
    const { set, look, told, active } = scene()
    look(2)
    expect(active()).toEqual([false])
    set('a', 0.2, 6)
    set('b', 0.5)
    look(1)
    expect(told.at(-1)).toMatchObject({ active: true, message: 'Queue a is full and drops what does not go in: see to a' })
    look(30)
    set('a', 0.2, 9)
    look(60)
    expect(active()).toEqual([false, true])
    look(1)
    expect(active()).toEqual([false, true, false])
  })

  it('is told again after a rebuild, and where there is no queue at all there is room', () => {
    const { set, look, watch, active } = scene()
    set('a', 1, 5)
    look(2)
    watch.again()
    look(2)
    expect(active()).toEqual([true, true])
    const told: boolean[] = []
    const empty = createQueueWatch({ queues: () => [], condition: (condition) => void told.push(condition.active) })
    empty.look()
    expect(told).toEqual([false])
  })
})
