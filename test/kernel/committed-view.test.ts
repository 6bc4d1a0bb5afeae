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
})
