import type { CloudEvent } from '../../../gateway/kernel/event.ts'
import type { Page } from '../data/api.ts'
import { ask } from '../data/api.ts'
import { useLoaded } from '../data/loaded.ts'
import { journal } from '../data/state.ts'
import type { SetAsideBy } from './set-aside-steps.ts'
import { newestPerAlarm } from './set-aside-steps.ts'

const steps = ['limen.alarm.shelved', 'limen.alarm.suppressed', 'limen.alarm.out-of-service'] as const

/** Of each alarm the newest step that set it aside; the alarm itself does not say who. */
export function useSetAsideBy(): ReadonlyMap<string, SetAsideBy> {
  const loaded = useLoaded('set-aside', (signal) => ask<Page<CloudEvent>>(`events?order=desc&limit=500&type=${steps.join(',')}`, { signal }))
  const live = journal.value.map(({ event }) => event).filter(({ type }) => steps.some((step) => step === type))
  return newestPerAlarm([...live, ...(loaded.state === 'ready' ? loaded.data.items : [])])
}
