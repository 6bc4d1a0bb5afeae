/** Does a text match? */
export type Glob = (text: string) => boolean

/** Has a pattern wildcards, so that it can match more than one text? */
export function isGlob(pattern: string): boolean {
  return pattern.includes('*') || pattern.includes('?')
}

/**
 * `*` any run of characters, `?` one; everything else is itself. Takes at most length × length steps:
 * only the last star is ever tried again, so no pattern can make it backtrack without end.
 */
export function compileGlob(pattern: string): Glob {
  if (!isGlob(pattern)) return (text) => text === pattern
  if (/^\*+$/.test(pattern)) return () => true
  const wanted = Array.from(pattern.replace(/\*+/g, '*'))
  return (text) => matches(wanted, Array.from(text))
}

function matches(pattern: readonly string[], text: readonly string[]): boolean {
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
