import { allRows } from '../kernel/all-rows.ts'
import type { Resume, StoreReader, Times } from '../kernel/contracts.ts'
import type { Reading, StoredReading } from '../kernel/reading.ts'
import type { TimerHeap } from '../kernel/timer-heap.ts'
import type { Bindings } from './bindings.ts'
import { seriesName } from './bindings.ts'
import type { Cell, RuleRuntime } from './cell.ts'
import { delaying, frozen, restored } from './cell.ts'
import type { Delays } from './delays.ts'
import { normal } from './kind.ts'
import type { Lateness } from './lateness.ts'
import { createLateness, isLate } from './lateness.ts'
import type { CellRow, Row, StateRows } from './state-rows.ts'
import { fillCell, parseRow, ruleSpace } from './state-rows.ts'

/** What the newest readings of the log tell of a series; monotonic times are not in the log, so these are wall times. */
interface Seen { readonly device: string; readonly metric: string; readonly lateness: Lateness; lastWallMs: number; sample: StoredReading | null }

export interface RecoveredState { readonly rows: readonly Row[]; readonly seen: ReadonlyMap<string, Seen> }

/** After so long a time down, delays start over. */
const longestDownMs = 300_000
const pageSize = 5_000
/** How far back the log is read for the order of samples; a sample later than that is taken. */
const tailEntries = 50_000

export async function readState(store: StoreReader): Promise<RecoveredState> {
  const rows: Row[] = []
  for await (const [, text] of allRows(store, ruleSpace)) rows.push(parseRow(text))
  return { rows, seen: await readTail(store) }
}

async function readTail(store: StoreReader): Promise<ReadonlyMap<string, Seen>> {
  const seen = new Map<string, Seen>()
  let after = Math.max(0, store.firstPosition() - 1, store.lastPosition() - tailEntries)
  for (;;) {
    const page = await store.read({ after, limit: pageSize, kinds: ['reading'] })
    for (const entry of page.entries) {
      if (entry.kind !== 'reading' || entry.reading.value === null) continue
      const { reading } = entry
      const name = seriesName(reading.device, reading.metric)
      let one = seen.get(name)
      if (one === undefined) seen.set(name, (one = { device: reading.device, metric: reading.metric, lateness: createLateness(), lastWallMs: 0, sample: null }))
      if (!isLate(one.lateness, reading, reading.receivedAt) && reading.quality === 'good') one.sample = reading
      one.lastWallMs = reading.receivedAt
    }
    if (page.next === after) return seen
    after = page.next
  }
}

/** One condition that no longer is: its alarm retires. */
export interface Dropped { readonly rule: string; readonly key: string }

export interface RecoveryParts {
  readonly resume: Resume
  readonly runtimes: ReadonlyMap<string, RuleRuntime>
  readonly bindings: Bindings
  readonly delays: Delays
  readonly timers: TimerHeap<Cell>
  readonly rows: StateRows
  readonly offline: Set<string>
}

/** Fills conditions that are bound and at rest with what came back; gives those that are no more. Writes only what a start changes: delays that now wait, and rows that are of no use any more. */
export function recover(state: RecoveredState, parts: RecoveryParts): readonly Dropped[] {
  const { resume, bindings, rows, timers } = parts
  const silence = new Map<Cell, number>()
  const orphans: Dropped[] = []
  const { at } = resume.times
  // The log knows wall times; this is what they were on the monotonic clock, unless the wall clock was stepped since.
  const known = resume.kind === 'start' ? (resume.alive ?? resume.times) : resume.times
  const monotonic = (wallMs: number): number => Math.min(known.at, known.at - (known.wallMs - wallMs))

  const inOrder = [...state.seen.values()].sort((a, b) => (a.sample?.position ?? 0) - (b.sample?.position ?? 0))
  for (const { device, metric, lateness, lastWallMs, sample } of inOrder) {
    const series = bindings.ensure(device, metric, at)
    if (series === undefined) continue
    Object.assign(series.lateness, lateness, { trustedAt: monotonic(lateness.trustedAt) })
    series.lastAt = monotonic(lastWallMs)
    const silentMs = Math.max(0, known.at - series.lastAt)
    for (const cell of series.cells) {
      if (sample !== null) cell.sample = readingOf(sample)
      if (cell.checkTimer !== null) silence.set(cell, Math.min(silentMs, silence.get(cell) ?? Infinity))
    }
  }
  for (const [cell, ms] of silence) {
    cell.runtime.condition.begin?.(cell, at, { ms, grace: resume.kind === 'start' })
    timers.set(cell.checkTimer!, cell.deadline)
  }
  for (const row of state.rows) {
    switch (row.of) {
      case 'cell':
        if (recoverCell(row, parts)) break
        rows.discard(row)
        orphans.push({ rule: row.rule, key: row.key })
        break
      case 'series': {
        const series = bindings.ensure(row.device, row.metric, at)
        if (series === undefined) {
          rows.discard(row)
          break
        }
        series.stale = row.stale
        series.learnedMs = row.learnedMs === null ? Infinity : row.learnedMs
        break
      }
      case 'device':
        parts.offline.add(row.device)
        break
      default:
        row satisfies never
    }
  }
  return orphans
}

/** Monotonic time may stand still while the gateway is down, or go on (a backtest); wall time goes on, but may be set back. */
function downMs(alive: Times, now: Times): number {
  return Math.max(now.at - alive.at, now.wallMs - alive.wallMs)
}

/** As it was when it came in; its series has no number any more. */
function readingOf({ device, metric, position: _position, labels: _labels, ...rest }: StoredReading): Reading {
  return { ...rest, series: { id: -1, device, metric, storedId: -1 } }
}

/** False: no rule has this condition any more, or its device is no longer concerned. */
function recoverCell(row: CellRow, { resume, runtimes, bindings, delays, timers, rows }: RecoveryParts): boolean {
  const runtime = runtimes.get(row.rule)
  if (runtime === undefined || runtime.rule.conditionVersion !== row.conditionVersion) return false
  if (row.device !== null && !bindings.concerns(runtime, row.device)) return false
  const { at } = resume.times
  if (row.device !== null && row.metric !== null) bindings.ensure(row.device, row.metric, at)
  const cell = bindings.cell(runtime, row, at)
  fillCell(cell, row)
  // An absence that was found stands until something is heard.
  if (cell.active !== normal && cell.checkTimer !== null) timers.stop(cell.checkTimer)
  if (resume.kind === 'undo') {
    if ((cell.flags & delaying) !== 0 && (cell.flags & frozen) === 0) delays.rearm(cell)
    return true
  }
  if (cell.active !== normal) cell.flags |= restored
  if ((cell.flags & delaying) === 0) return true
  const { alive } = resume
  if (alive === null || downMs(alive, resume.times) > longestDownMs) delays.drop(cell)
  else if ((cell.flags & frozen) === 0) {
    cell.flags |= frozen
    cell.elapsedMs = Math.max(0, alive.at - cell.since)
  } else return true
  rows.saveCell(cell)
  return true
}
