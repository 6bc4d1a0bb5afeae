import type { JournalEntry } from './state.ts'

/** For parts of a page that follow more of the log than state.ts keeps. */
const listeners = new Set<(entry: JournalEntry) => void>()

/** Every event of the log as it comes, commands and deliveries too. Gives a function that ends it. */
export function onHappened(listener: (entry: JournalEntry) => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function tellHappened(entry: JournalEntry): void {
  for (const listener of listeners) listener(entry)
}
