/** Where the choice goes when the list has changed: it stays; else to what came after it, else to what came before. */
export function choiceAfter(before: readonly string[], after: readonly string[], chosen: string | undefined): string | undefined {
  if (chosen === undefined) return undefined
  const left = new Set(after)
  if (left.has(chosen)) return chosen
  const index = before.indexOf(chosen)
  if (index === -1) return undefined
  return before.slice(index + 1).find((id) => left.has(id)) ?? before.slice(0, index).findLast((id) => left.has(id))
}

/** One up or down from the chosen one; without one, the first (or the last). Undefined in an empty list. */
export function neighbour(ids: readonly string[], chosen: string | undefined, by: 1 | -1): string | undefined {
  const index = chosen === undefined ? -1 : ids.indexOf(chosen)
  if (index === -1) return by === 1 ? ids[0] : ids.at(-1)
  return ids[Math.min(ids.length - 1, Math.max(0, index + by))]
}
