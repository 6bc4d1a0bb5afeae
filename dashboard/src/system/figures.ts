import { bytes, count, duration } from '../parts/format.ts'
import type { Sample } from './prometheus.ts'
import { totalOf } from './prometheus.ts'

/** The metrics of one moment. */
export interface Snapshot { readonly at: number; readonly samples: readonly Sample[] }

export interface Figure { readonly name: string; readonly text: string; readonly wrong?: boolean }
export type Figures = Readonly<Record<'Throughput' | 'Store and memory' | 'InfluxDB', readonly Figure[]>>

/** What the metrics say now, and between the last two looks; a figure whose metric is not there is left out. */
export function figuresOf(next: Snapshot, before: Snapshot | undefined): Figures {
  const now = (name: string, labels?: Readonly<Record<string, string>>): number | undefined => totalOf(next.samples, `limen_${name}`, labels)
  const grown = (name: string, labels?: Readonly<Record<string, string>>): number | undefined => {
    const then = before === undefined ? undefined : totalOf(before.samples, `limen_${name}`, labels)
    const value = now(name, labels)
    // Less than before: the gateway was started anew.
    return then === undefined || value === undefined || value < then ? undefined : value - then
  }
  const perSecond = (grew: number | undefined): number | undefined => (grew === undefined || before === undefined || next.at <= before.at ? undefined : (grew * 1_000) / (next.at - before.at))
  const commits = grown('store_commits_total')
  const seconds = grown('store_commit_seconds_total')
  return {
    Throughput: figures(
      ['Readings a second', perSecond(grown('readings_total')), count],
      ['Commits a second', perSecond(commits), count],
      ['Mean commit', commits === undefined || seconds === undefined || commits === 0 ? undefined : (seconds * 1_000) / commits, (ms) => `${ms.toFixed(1)} ms`],
      ['Readings since the start', now('readings_total'), count],
      ['Duplicates dropped', now('readings_duplicate_total'), count],
      ['Rejected', now('readings_rejected_total'), count],
      ['MQTT connections', now('mqtt_connections'), count],
      ['Series', now('series'), count],
    ),
    'Store and memory': figures(
      ['Resident memory', now('resident_memory_bytes'), bytes],
      ['Database', now('store_size_bytes'), bytes],
      ['Not yet on disk', now('store_pending_bytes'), bytes],
      ['Failed commits', now('store_commit_failures_total'), count, (value) => value > 0],
      ['Damaged rows', now('store_damaged_rows_total'), count, (value) => value > 0],
      ['Removed by retention', now('store_retention_removed_total'), count],
    ),
    InfluxDB: figures(
      ['Takes readings', now('influx_up'), (up) => (up === 1 ? 'yes' : 'no'), (up) => up !== 1],
      ['Waiting', now('influx_queued'), count],
      ['Behind by', now('influx_lag_seconds'), (lag) => duration(lag * 1_000)],
      ['Gaps to make up for', now('influx_gaps'), count],
      ...[...new Set(next.samples.filter(({ name }) => name === 'limen_influx_readings_total').map(({ labels }) => Object.values(labels)[0] ?? ''))].map((outcome): Row => [`Readings ${outcome}`, next.samples.find(({ name, labels }) => name === 'limen_influx_readings_total' && Object.values(labels)[0] === outcome)?.value, count]),
    ),
  }
}

type Row = readonly [name: string, value: number | undefined, text: (value: number) => string, wrong?: (value: number) => boolean]

function figures(...rows: readonly Row[]): readonly Figure[] {
  return rows.flatMap(([name, value, text, wrong]) => (value === undefined || Number.isNaN(value) ? [] : [{ name, text: text(value), wrong: wrong?.(value) ?? false }]))
}
