import type { BacktestLine, BacktestSummary } from './kernel/backtest.ts'

const shortMs = 30_000
const announces: ReadonlySet<string> = new Set(['raised', 'reraised'])
/** Core states in which the condition is true. */
const activeStates: ReadonlySet<string> = new Set(['unacked', 'acked'])

export interface SummaryCount {
  count(line: BacktestLine): void
  close(of: Pick<BacktestSummary, 'readings' | 'late' | 'duplicates' | 'stateHash'>): BacktestSummary
}

interface Episode { readonly occurrence: number; readonly at: number; counted: boolean }

/** Counts lines of output as they are written. An occurrence is one alarm, however often it is announced (an overlay that ends announces it again). */
export function createSummary(): SummaryCount {
  const episodes = new Map<string, Episode>()
  let transitions = 0
  let alarms = 0
  let shorter = 0
  let rejected = 0

  function begin(name: string, { at, occurrence, event }: BacktestLine): void {
    let episode = episodes.get(name)
    if (episode?.occurrence !== occurrence) episodes.set(name, (episode = { occurrence, at, counted: false }))
    // What came up under an overlay and was never announced is no alarm.
    if (episode.counted || !announces.has(event)) return
    episode.counted = true
    alarms++
  }

  return {
    count(line) {
      transitions++
      const { at, rule, key, event } = line
      const [was, is] = [activeStates.has(line.from), activeStates.has(line.to)]
      const name = `${rule}\0${key}`
      if (event === 'rejected') rejected++
      else if (announces.has(event) || (is && !was)) begin(name, line)
      else if (was && !is) {
        const episode = episodes.get(name)
        if (episode?.counted === true && at - episode.at < shortMs) shorter++
        episodes.delete(name)
      }
    },
    close: ({ readings, late, duplicates, stateHash }) => ({ readings, transitions, alarms, shorterThan30s: shorter, late, duplicates, rejected, stateHash }),
  }
}
