import type { Level } from '../kernel/alarm.ts'
import type { StateWriter } from '../kernel/contracts.ts'
import type { Cell, SeriesState } from './cell.ts'
import { anyUnknown, clearing, delaying, frozen, raising } from './cell.ts'
import { normal } from './kind.ts'

export const ruleSpace = 'rule-state'

/** A condition that is not at rest. Times are monotonic ms, which go on over restarts. */
export interface CellRow {
  readonly of: 'cell'
  readonly rule: string
  readonly key: string
  readonly conditionVersion: string
  readonly device: string | null
  readonly metric: string | null
  readonly active: boolean
  /** Of an active one; of one that waits to be raised, the level it would be at. */
  readonly level: Level
  /** `since` of one that runs; `elapsed` of one that waits for its series' first sample after a start. */
  readonly delay?: { readonly kind: 'raise' | 'clear'; readonly since: number } | { readonly kind: 'raise' | 'clear'; readonly elapsed: number }
  /** Why its value is unknown, as bits. */
  readonly unknown: number
}

export interface SeriesRow {
  readonly of: 'series'
  readonly device: string
  readonly metric: string
  readonly stale: boolean
  /** null: irregular. */
  readonly learnedMs?: number | null
}

export interface DeviceRow { readonly of: 'device'; readonly device: string; readonly offline: true }

export type Row = CellRow | SeriesRow | DeviceRow

/** The rows of the rules' state, each written when something changed that must survive, never for a reading as such. */
export interface StateRows {
  saveCell(cell: Cell): void
  dropCell(cell: Cell): void
  saveSeries(series: SeriesState): void
  saveDevice(device: string, offline: boolean): void
  /** Removes a row that has no meaning any more. */
  discard(row: Row): void
}

export function createStateRows(state: StateWriter): StateRows {
  const put = (row: Row): void => state.put(ruleSpace, rowKey(row), JSON.stringify(row))

  function dropCell(cell: Cell): void {
    if (!cell.saved) return
    cell.saved = false
    state.delete(ruleSpace, cellKey(cell.runtime.rule.id, cell.key))
  }

  return {
    saveCell(cell) {
      const row = cellRow(cell)
      if (row === undefined) return dropCell(cell)
      cell.saved = true
      put(row)
    },
    dropCell,
    saveSeries(series) {
      const row = seriesRow(series)
      if (row.stale || row.learnedMs !== undefined) put(row)
      else state.delete(ruleSpace, rowKey(row))
    },
    saveDevice(device, offline) {
      const row: DeviceRow = { of: 'device', device, offline: true }
      if (offline) put(row)
      else state.delete(ruleSpace, rowKey(row))
    },
    discard: (row) => state.delete(ruleSpace, rowKey(row)),
  }
}

const cellKey = (rule: string, key: string): string => `cell:${JSON.stringify([rule, key])}`

export function rowKey(row: Row): string {
  switch (row.of) {
    case 'cell':
      return cellKey(row.rule, row.key)
    case 'series':
      return `series:${JSON.stringify([row.device, row.metric])}`
    case 'device':
      return `device:${row.device}`
    default:
      return row satisfies never
  }
}

/** Undefined: at rest, nothing to keep. */
export function cellRow(cell: Cell): CellRow | undefined {
  const { flags, runtime } = cell
  if (cell.active === normal && (flags & (delaying | anyUnknown)) === 0) return undefined
  const kind = (flags & raising) === 0 ? 'clear' : 'raise'
  return {
    of: 'cell',
    rule: runtime.rule.id,
    key: cell.key,
    conditionVersion: runtime.rule.conditionVersion,
    device: cell.device,
    metric: cell.metric,
    active: cell.active !== normal,
    level: runtime.condition.levelOf(cell.active === normal ? cell.pending : cell.active),
    ...((flags & delaying) === 0 ? {} : { delay: (flags & frozen) === 0 ? { kind, since: cell.since } : { kind, elapsed: cell.elapsedMs } }),
    unknown: flags & anyUnknown,
  }
}

/** Puts a row's content back; timers are the caller's. */
export function fillCell(cell: Cell, row: CellRow): void {
  cell.saved = true
  const verdict = cell.runtime.condition.verdictOf(row.level)
  if (row.active) cell.active = verdict
  else if (row.delay?.kind === 'raise') cell.pending = verdict
  cell.flags = row.unknown & anyUnknown
  const { delay } = row
  if (delay === undefined) return
  cell.flags |= delay.kind === 'raise' ? raising : clearing
  if ('since' in delay) cell.since = delay.since
  else {
    cell.flags |= frozen
    cell.elapsedMs = delay.elapsed
  }
}

export function seriesRow({ device, metric, stale, learnedMs }: SeriesState): SeriesRow {
  return { of: 'series', device, metric, stale, ...(learnedMs === undefined ? {} : { learnedMs: learnedMs === Infinity ? null : learnedMs }) }
}

export function deviceRow(device: string): DeviceRow {
  return { of: 'device', device, offline: true }
}

/** Rows of our own making; what cannot be read is told to the caller. */
export function parseRow(text: string | Uint8Array): Row {
  return JSON.parse(typeof text === 'string' ? text : Buffer.from(text).toString('utf8')) as Row
}
