import type { Alarm } from '../data/alarm-list.ts'
import { session } from '../data/state.ts'
import { useKeys } from '../parts/keyboard.tsx'
import type { ScreenVerb } from './actions.ts'
import { actionsFor } from './actions.ts'
import { start } from './dialogs.tsx'

const verbs: Readonly<Record<string, ScreenVerb>> = { a: 'ack', s: 'shelve', c: 'comment' }

/** Where the detail is a screen of its own; beside the list, the list takes the keys. */
export function useDetailKeys(alarm: Alarm, alone: boolean): void {
  useKeys((key) => {
    const verb = verbs[key]
    if (!alone || verb === undefined) return false
    if (actionsFor(alarm, session.value?.role ?? 'viewer').includes(verb)) start(verb, alarm)
    return true
  })
}
