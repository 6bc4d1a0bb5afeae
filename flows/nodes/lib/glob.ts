/** Can it match more than one text? */
export function isGlob(pattern: string): boolean {
  return /[*?]/.test(pattern)
}

/** `*` any run of characters, `?` one, commas between alternatives; everything else is itself. Never backtracks further than the last star. */
export function compileGlob(patterns: string): (text: string) => boolean {
  const each = patterns.split(',').map((pattern) => Array.from(pattern.trim().replace(/\*+/g, '*'))).filter((pattern) => pattern.length > 0)
  return (text) => each.some((pattern) => matches(pattern, Array.from(text)))
}

function matches(pattern: readonly string[], text: readonly string[]): boolean {
  let p = 0
  let t = 0
  let star = -1
  let mark = 0
  while (t < text.length) {
    if (pattern[p] === '*') {
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
