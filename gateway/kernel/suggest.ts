/** The known word a person most likely meant, or undefined when none is near. Case and hyphens do not count. */
export function suggest(word: string, known: Iterable<string>): string | undefined {
  const given = normal(word)
  let best: string | undefined
  // A third of the letters may be wrong.
  let bestDistance = Math.floor(given.length / 3) + 1
  if (given.length > 64) return undefined
  for (const candidate of known) {
    const distance = editDistance(given, normal(candidate))
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** `did you mean "port"?`, or the list of what there is when nothing is near. */
export function suggestion(word: string, known: readonly string[]): string {
  const near = suggest(word, known)
  if (near !== undefined) return `did you mean "${near}"?`
  if (known.length === 0) return 'leave it out'
  const shown = known.slice(0, 16).join(', ')
  return `known here: ${shown}${known.length > 16 ? ', …' : ''}`
}

function normal(word: string): string {
  return word.toLowerCase().replace(/[-_\s]/g, '')
}

/** Damerau–Levenshtein with adjacent swaps (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let best = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, beforeLast[j - 2]! + 1)
      row.push(best)
    }
    beforeLast = last
    last = row
  }
  return last[b.length]!
}
