/** Index of the first item of which that is not so, in a list where it is so of the first ones; its length where it is so of all. */
export function placeBehind<T>(items: readonly T[], isBefore: (item: T) => boolean): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (isBefore(items[middle]!)) low = middle + 1
    else high = middle
  }
  return low
}

/** Index of the first item whose id is not less than `id`, in a list in the order of ids; its length where all are less. */
export function placeOf(items: readonly { readonly id: string }[], id: string): number {
  return placeBehind(items, (item) => item.id < id)
}

/** By device, then metric. */
export function byDeviceAndMetric(a: { readonly device: string; readonly metric: string }, b: { readonly device: string; readonly metric: string }): number {
  if (a.device !== b.device) return a.device < b.device ? -1 : 1
  return a.metric < b.metric ? -1 : a.metric > b.metric ? 1 : 0
}
