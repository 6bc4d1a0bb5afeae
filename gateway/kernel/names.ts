export interface Names {
  readonly patterns: readonly string[]
  readonly exact: ReadonlySet<string>
  readonly empty: boolean
  match(name: string): boolean
}

/** Names, or beginnings of names with `*`, commas between. */
export function createNames(text: string | undefined): Names {
  const patterns = text?.split(',').map((name) => name.trim()).filter((name) => name !== '') ?? []
  const exact = new Set(patterns.filter((pattern) => !pattern.endsWith('*')))
  const beginnings = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1))
  return { patterns, exact, empty: patterns.length === 0, match: (name: string): boolean => exact.has(name) || beginnings.some((beginning) => name.startsWith(beginning)) }
}
