/** What comes back of it from JSON: 1e999, an infinity to whoever parses it, is written as null, and what is undefined is left out. */
export function asStored<T>(value: T): T {
  return value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T)
}
