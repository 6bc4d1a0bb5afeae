import type { Alarm } from '../kernel/alarm.ts'
import type { AlarmView, StoreWriter } from '../kernel/contracts.ts'

/** The alarms as they are on disk: what is read from outside. */
export interface CommittedView extends AlarmView {
  /** To be shown once the current batch is on disk. */
  stage(alarm: Alarm): void
  replace(alarms: readonly Alarm[]): void
}

export function createCommittedView(onDisk: StoreWriter['onDisk']): CommittedView {
  const shown = new Map<string, Alarm>()
  let order: readonly Alarm[] | undefined
  /** What was staged before a rebuild was undone with its batch. */
  let generation = 0

  function show(alarm: Alarm): void {
    shown.set(alarm.id, alarm)
    order = undefined
  }

  return {
    stage(alarm) {
      const staged = generation
      onDisk((error) => {
        if (error === null && staged === generation) show(alarm)
      })
    },
    replace(alarms) {
      generation++
      shown.clear()
      for (const alarm of alarms) show(alarm)
      order = undefined
    },
    get: (id) => shown.get(id),
    list: () => (order ??= [...shown.values()].sort((a, b) => (a.id < b.id ? -1 : 1))),
  }
}
