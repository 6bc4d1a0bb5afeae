/** Index of the first item whose id is not less than `id`, in a list in the order of ids; its length where all are less. */
export function placeOf(items: readonly { readonly id: string }[], id: string): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (items[middle]!.id < id) low = middle + 1
    else high = middle
  }
  return low
}
