import type { StoreWriter } from './contracts.ts'
import { placeOf } from './sorted.ts'

/** Items as they are on disk: what is read from outside. */
export interface CommittedView<T> {
  /** To be shown once the current batch is on disk. */
  stage(item: T): void
  /** Not to be shown any more once it is. */
  drop(id: string): void
  /** After a start or a failed commit: these, and nothing that was staged before. */
  replace(items: Iterable<T>): void
  get(id: string): T | undefined
  /** In the order of ids, or in that of their first showing. */
  list(): readonly T[]
  size(): number
}

export function createCommittedView<T extends { readonly id: string }>(onDisk: StoreWriter['onDisk'], options: { readonly sorted: boolean }): CommittedView<T> {
  const shown = new Map<string, T>()
  /** What `list` gives, once it was asked for; kept up to date where it is by ids, so that a change in a long list sorts nothing. */
  let order: T[] | undefined
  /** Somebody holds it: it is not to change. */
  let lent = false
  /** What was staged before a rebuild was undone with its batch. */
  let generation = 0

  /** The order as it may be changed; undefined where it is to be made anew. */
  function ownOrder(): T[] | undefined {
    if (!options.sorted) order = undefined
    else if (lent) order = order?.slice()
    lent = false
    return order
  }

  function show(item: T): void {
    const replaced = shown.has(item.id) ? 1 : 0
    shown.set(item.id, item)
    const own = ownOrder()
    own?.splice(placeOf(own, item.id), replaced, item)
  }

  function inOrder(): T[] {
    const items = [...shown.values()]
    return options.sorted ? items.sort((a, b) => (a.id < b.id ? -1 : 1)) : items
  }

  function hide(id: string): void {
    if (!shown.delete(id)) return
    const own = ownOrder()
    own?.splice(placeOf(own, id), 1)
  }

  function onceOnDisk(work: () => void): void {
    const staged = generation
    onDisk((error) => {
      if (error === null && staged === generation) work()
    })
  }

  return {
    stage: (item) => onceOnDisk(() => show(item)),
    drop: (id) => onceOnDisk(() => hide(id)),
    replace(items) {
      generation++
      shown.clear()
      order = undefined
      for (const item of items) shown.set(item.id, item)
    },
    get: (id) => shown.get(id),
    list() {
      order ??= inOrder()
      lent = true
      return order
    },
    size: () => shown.size,
  }
}
