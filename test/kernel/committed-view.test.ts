import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createCommittedView } from '../../gateway/kernel/committed-view.ts'
import { createMemoryStore } from '../support/memory-store.ts'

function open(sorted = false) {
  const store = createMemoryStore()
  const view = createCommittedView<{ id: string; n: number }>((callback) => store.onDisk(callback), { sorted })
  const commit = async (error?: Error): Promise<void> => {
    store.put('meta', 'x', '1')
    if (error !== undefined) store.failNextCommit(error)
    await store.commit()
  }
  return { view, commit }
}

describe('the committed view', () => {
  it('shows what is staged once it is on disk, not before, and never what could not be stored', async () => {
    const { view, commit } = open()
    view.stage({ id: 'b', n: 1 })
    expect(view.get('b')).toBeUndefined()
    await commit()
    view.stage({ id: 'b', n: 2 })
    await commit(new Error('full'))
    expect(view.list()).toEqual([{ id: 'b', n: 1 }])
  })

  it('forgets what was staged before a rebuild, whatever its batch comes to', async () => {
    const { view, commit } = open()
    view.stage({ id: 'a', n: 1 })
    view.replace([{ id: 'c', n: 3 }])
    await commit()
    expect(view.list()).toEqual([{ id: 'c', n: 3 }])
  })

  it('drops in the order of the batch: what is staged and dropped in one is not shown', async () => {
    const { view, commit } = open()
    view.stage({ id: 'a', n: 1 })
    view.drop('a')
    view.stage({ id: 'b', n: 1 })
    await commit()
    expect(view.list().map(({ id }) => id)).toEqual(['b'])
  })

  it.each([[true, ['a', 'b']], [false, ['b', 'a']]])('lists by id, or in the order of coming: sorted %s', async (sorted, ids) => {
    const { view, commit } = open(sorted)
    view.stage({ id: 'b', n: 1 })
    view.stage({ id: 'a', n: 1 })
    view.stage({ id: 'b', n: 2 })
    await commit()
    expect(view.list().map(({ id }) => id)).toEqual(ids)
  })

  it('keeps its list in order under whatever changes, and a list that was given out as it was', async () => {
    const id = fc.constantFrom('a', 'b', 'c', 'd', 'B', '~', 'aa')
    const change = fc.oneof(fc.record({ show: id }), fc.record({ drop: id }), fc.constant('list' as const))
    await fc.assert(fc.asyncProperty(fc.array(change, { maxLength: 30 }), async (changes) => {
      const { view, commit } = open(true)
      const known = new Map<string, number>()
      const lists: (readonly [readonly object[], string])[] = []
      for (const [n, one] of changes.entries()) {
        if (one === 'list') lists.push([view.list(), JSON.stringify(view.list())])
        else if ('show' in one) {
          view.stage({ id: one.show, n })
          known.set(one.show, n)
        } else {
          view.drop(one.drop)
          known.delete(one.drop)
        }
        await commit()
        expect(view.size()).toBe(known.size)
      }
      expect(view.list()).toEqual([...known].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, n]) => ({ id: key, n })))
      for (const [list, text] of lists) expect(JSON.stringify(list)).toBe(text)
    }))
  })
})
