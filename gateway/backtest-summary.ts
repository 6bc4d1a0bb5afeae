import type { OutputLine } from './replay-lines.ts'

/** The last line of a backtest's output (interface.md). */
export interface Summary {
  /** Taken in, redelivered ones not counted. */
  readonly readings: number
  /** Lines of output. */
  readonly transitions: number
  /** Times an alarm came up: raised and reraised. */
  readonly alarms: number
  /** Of these, those whose condition had ended within 30 s. */
  readonly shorterThan30s: number
  readonly late: number
  readonly duplicates: number
  /** Refused operator actions. */
  readonly rejected: number
  readonly stateHash: string
}

const shortMs = 30_000
const begins: ReadonlySet<string> = new Set(['raised', 'reraised'])
const ends: ReadonlySet<string> = new Set(['returned', 'cleared', 'latched', 'retired'])
const activeStates: ReadonlySet<string> = new Set(['unacked', 'acked'])

/** Counts lines of output as they are written. */
export function createSummary(): { count(line: OutputLine): void; close(of: Pick<Summary, 'readings' | 'late' | 'duplicates' | 'stateHash'>): Summary } {
  const since = new Map<string, number>()
  let transitions = 0
  let alarms = 0
  let shorter = 0
  let rejected = 0
  return {
    count({ at, rule, key, event, from }) {
      transitions++
      if (event === 'rejected') rejected++
      const name = `${rule}\0${key}`
      if (begins.has(event)) {
        alarms++
        since.set(name, at)
      } else if (ends.has(event) && activeStates.has(from)) {
        if (at - (since.get(name) ?? -Infinity) < shortMs) shorter++
        since.delete(name)
      }
    },
    close: ({ readings, late, duplicates, stateHash }) => ({ readings, transitions, alarms, shorterThan30s: shorter, late, duplicates, rejected, stateHash }),
  }
}
