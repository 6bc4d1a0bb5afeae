import type { StoreWriter } from './contracts.ts'

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
  let order: readonly T[] | undefined
  /** What was staged before a rebuild was undone with its batch. */
  let generation = 0

  function show(item: T): void {
    shown.set(item.id, item)
    order = undefined
  }

  function inOrder(): readonly T[] {
    const items = [...shown.values()]
    return options.sorted ? items.sort((a, b) => (a.id < b.id ? -1 : 1)) : items
  }

  function hide(id: string): void {
    if (shown.delete(id)) order = undefined
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
      for (const item of items) show(item)
      order = undefined
    },
    get: (id) => shown.get(id),
    list: () => (order ??= inOrder()),
    size: () => shown.size,
  }
}
