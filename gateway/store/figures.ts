import type { MetricSample } from '../kernel/metric.ts'
import type { BatchMessage } from './protocol.ts'

/** Plain numbers until somebody scrapes. */
export interface Figures {
  committed(batch: BatchMessage, answer: { seconds: number; storedBytes: number; sizeBytes: number }): void
  failed(): void
  sized(sizeBytes: number): void
  sizeBytes(): number
  samples(): Iterable<MetricSample>
}

export function createFigures(): Figures {
  let commits = 0
  let failures = 0
  let seconds = 0
  let readings = 0
  let others = 0
  let textBytes = 0
  let storedBytes = 0
  let size = 0
  return {
    committed(batch, answer) {
      commits++
      seconds += answer.seconds
      readings += batch.readingCount
      others += batch.eventCount + batch.markCount
      textBytes += (batch.readings?.length ?? 0) + (batch.others?.length ?? 0)
      storedBytes += answer.storedBytes
      size = answer.sizeBytes
    },
    failed() {
      failures++
    },
    sized(bytes) {
      size = bytes
    },
    sizeBytes: () => size,
    *samples() {
      yield { name: 'limen_store_commits_total', help: 'Batches committed', type: 'counter', value: commits }
      yield { name: 'limen_store_commit_failures_total', help: 'Batches that could not be stored', type: 'counter', value: failures }
      yield { name: 'limen_store_commit_seconds_total', help: 'Time spent in commits, fsync included', type: 'counter', value: seconds }
      yield { name: 'limen_store_entries_total', help: 'Entries committed to the log', type: 'counter', value: readings, labels: { kind: 'reading' } }
      yield { name: 'limen_store_entries_total', help: 'Entries committed to the log', type: 'counter', value: others, labels: { kind: 'other' } }
      yield { name: 'limen_store_text_bytes_total', help: 'Bytes of log entries before compression', type: 'counter', value: textBytes }
      yield { name: 'limen_store_stored_bytes_total', help: 'Bytes of log entries as stored', type: 'counter', value: storedBytes }
      yield { name: 'limen_store_size_bytes', help: 'Bytes in use in the database file', type: 'gauge', value: size }
    },
  }
}
