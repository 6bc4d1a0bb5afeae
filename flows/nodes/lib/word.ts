/** A member as a word: text, number or boolean; anything else is empty. */
export function wordOf(given: unknown): string {
  return typeof given === 'string' || typeof given === 'number' || typeof given === 'boolean' ? String(given).trim() : ''
}
