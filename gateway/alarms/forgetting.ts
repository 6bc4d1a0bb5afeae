import type { StateWriter, StoreReader } from '../kernel/contracts.ts'
import type { AlarmRecord } from './alarm-record.ts'

/** With more of them those that are back to normal are forgotten: keys of alarms may come from outside, as cards and addresses do. */
export const mostAlarms = 100_000
/** So many at once, of so many. */
const share = 0.05

const space = 'meta'
const key = 'alarms-forgotten'

/** The greatest numbers that a forgotten alarm had: one that comes up again goes on behind them, so that none of its steps is taken for an earlier one. */
export interface LastNumbers { readonly occurrence: number; readonly seq: number }

export interface Forgetting {
  /** Those that are to go now that `newest` was added; their numbers are kept. Depends on the alarms alone: life and backtest forget the same. */
  due(alarms: ReadonlyMap<string, AlarmRecord>, newest: AlarmRecord): readonly AlarmRecord[]
  /** What a new alarm goes on behind. */
  last(): LastNumbers
  /** As it is stored; undefined: nothing was forgotten. */
  row(): string | undefined
  restore(store: Pick<StoreReader, 'get'>): Promise<void>
}

const none: LastNumbers = { occurrence: 0, seq: 0 }

export function createForgetting(state: StateWriter, most = mostAlarms): Forgetting {
  let last = none
  const atOnce = Math.max(1, Math.floor(most * share))

  return {
    due(alarms, newest) {
      if (alarms.size <= most || alarms.size % atOnce !== 0) return []
      const atRest = [...alarms.values()].filter((alarm) => alarm !== newest && alarm.state === 'normal' && alarm.overlays.length === 0)
      const gone = atRest.sort((a, b) => a.changedAt - b.changedAt || (a.id < b.id ? -1 : 1)).slice(0, alarms.size - most + atOnce)
      if (gone.length === 0) return gone
      last = gone.reduce(({ occurrence, seq }, alarm) => ({ occurrence: Math.max(occurrence, alarm.occurrence), seq: Math.max(seq, alarm.seq) }), last)
      state.put(space, key, JSON.stringify(last))
      return gone
    },
    last: () => last,
    row: () => (last === none ? undefined : JSON.stringify(last)),
    async restore(store) {
      const row = await store.get(space, key)
      last = row === undefined ? none : (JSON.parse(String(row)) as LastNumbers)
    },
  }
}
