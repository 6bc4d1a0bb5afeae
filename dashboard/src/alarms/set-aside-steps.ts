import type { CloudEvent } from '../../../gateway/kernel/event.ts'
import type { AlarmStep } from './happening.ts'

/** Who set it aside, and why. */
export interface SetAsideBy { readonly by: string | undefined; readonly note: string | undefined }

/** Of each alarm what its newest step says. */
export function newestPerAlarm(newestFirst: readonly CloudEvent[]): ReadonlyMap<string, SetAsideBy> {
  const known = new Map<string, SetAsideBy>()
  for (const { data } of newestFirst) {
    const { id, by, note } = data as AlarmStep
    if (!known.has(id)) known.set(id, { by: by ?? undefined, note: note ?? undefined })
  }
  return known
}
