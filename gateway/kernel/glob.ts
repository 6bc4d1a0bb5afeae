/** Does a text match? */
export type Glob = (text: string) => boolean

/** Has a pattern wildcards, so that it can match more than one text? */
export function isGlob(pattern: string): boolean {
  return pattern.includes('*') || pattern.includes('?')
}

/** `*` any run of characters, `?` one; everything else is itself. */
export function compileGlob(pattern: string): Glob {
  if (!isGlob(pattern)) return (text) => text === pattern
  if (/^\*+$/.test(pattern)) return () => true
  const wanted = charactersOf(pattern)
  return (text) => matchesGlob(wanted, Array.from(text))
}

/**
 * Only the last star is ever tried again, so no pattern can make it backtrack without end: at most 3 looks at the text
 * for each pair of a character of the pattern and one of the text. `pattern` without runs of stars.
 */
export function matchesGlob(pattern: readonly string[], text: readonly string[]): boolean {
  let p = 0
  let t = 0
  let star = -1
  let mark = 0
  while (t < text.length) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p++
      mark = t
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++mark
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}

/** Is there a text that matches both? A row of their table at a time: length × length steps. */
export function globsMeet(one: string, other: string): boolean {
  const [a, b] = [charactersOf(one), charactersOf(other)]
  /** Can the first i characters of `a` and the first j of `b` stand for the same text? */
  let row = [true]
  for (let j = 1; j <= b.length; j++) row.push(row[j - 1]! && b[j - 1] === '*')
  for (const x of a) {
    const next = [row[0]! && x === '*']
    for (let j = 1; j <= b.length; j++) {
      const y = b[j - 1]!
      // A star stands for nothing, or for whatever the other one asks for.
      next.push(x === '*' || y === '*' ? row[j]! || next[j - 1]! : row[j - 1]! && (x === y || x === '?' || y === '?'))
    }
    row = next
  }
  return row[b.length]!
}

/** Does every text that matches `narrow` match `wide`? False where that is hard to see. */
export function globCovers(wide: string, narrow: string): boolean {
  // A star of the narrow one is a character that only a star of the wide one takes.
  const characters = charactersOf(narrow)
  return matchesGlob(charactersOf(wide), characters) && (!characters.includes('*') || !wide.includes('?'))
}

/** How many characters a text must have to match. */
export function leastLength(pattern: string): number {
  return Array.from(pattern.replace(/\*/g, '')).length
}

function charactersOf(pattern: string): readonly string[] {
  return Array.from(pattern.replace(/\*+/g, '*'))
}
