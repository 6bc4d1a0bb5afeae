import { signal } from '@preact/signals'
import type { OperatorVerb } from '../../../gateway/kernel/alarm.ts'
import type { Alarm } from '../data/alarm-list.ts'
import { ApiProblem, ask } from '../data/api.ts'
import { connection, putAlarms } from '../data/state.ts'
import { timeOfDay } from '../parts/format.ts'
import { tell, tellWrong } from '../parts/toasts.tsx'
import { bySession } from './acting-as.tsx'
import type { ScreenVerb } from './actions.ts'
import { doneWords } from './actions.ts'
import { titleOf } from './words.ts'

export interface ActionBody { readonly note?: string; readonly until?: string; readonly oneShot?: boolean; readonly occurrence?: number }

/** Ids of alarms of which an action is under way: a second tap is none. */
export const busy = signal<ReadonlySet<string>>(new Set())

/** Why nothing can be done now; undefined: it can. */
export function whyNot(): string | undefined {
  const state = connection.value
  return state.state === 'away' ? `No connection to the gateway since ${timeOfDay(state.since)}` : undefined
}

/** Does it, says so, and gives whether it was done. A refusal is told in the gateway's words, and the alarm is read anew. */
export async function act(alarm: Alarm, verb: ScreenVerb, body: ActionBody = {}): Promise<boolean> {
  const why = whyNot()
  if (why !== undefined) {
    tell(`${why}: nothing was done.`, { kind: 'wrong' })
    return false
  }
  if (busy.value.has(alarm.id)) return false
  busy.value = new Set([...busy.value, alarm.id])
  try {
    const after = await post(alarm, verb, body)
    const undo = undoOf(verb, alarm, after)
    tell(`${doneWords[verb]}${verb === 'shelve' && after.shelvedUntil !== null ? ` until ${timeOfDay(Date.parse(after.shelvedUntil))}` : ''}: ${titleOf(after)}`, undo === undefined ? {} : { undo })
    return true
  } catch (thrown) {
    tellWrong(thrown instanceof ApiProblem ? new Error(`${titleOf(alarm)}: ${thrown.message}`) : thrown)
    await readAnew(alarm.id)
    return false
  } finally {
    busy.value = new Set([...busy.value].filter((id) => id !== alarm.id))
  }
}

async function post(alarm: Alarm, verb: OperatorVerb, body: ActionBody): Promise<Alarm> {
  const after = await ask<Alarm>(`alarms/${encodeURIComponent(alarm.id)}/${verb}`, { method: 'POST', body: { ...bySession(), ...body } })
  putAlarms([after])
  return after
}

/** The way back. An acknowledgement has none: that somebody has seen it stays true. */
function undoOf(verb: ScreenVerb, before: Alarm, after: Alarm): (() => void) | undefined {
  const again = (name: OperatorVerb, body: ActionBody = {}) => (): void => {
    post(after, name, body).catch(tellWrong)
  }
  switch (verb) {
    case 'shelve':
      return again('unshelve')
    case 'unshelve':
      return before.shelvedUntil === null ? undefined : again('shelve', { until: before.shelvedUntil, note: 'shelved again' })
    case 'out-of-service':
      return again('return-to-service')
    case 'return-to-service':
      return again('out-of-service', { note: 'the return was undone' })
    case 'unsuppress':
      return again('suppress', { note: 'suppressed again' })
    case 'ack':
    case 'reset':
    case 'comment':
      return undefined
    default:
      return verb satisfies never
  }
}

async function readAnew(id: string): Promise<void> {
  try {
    putAlarms([await ask<Alarm>(`alarms/${encodeURIComponent(id)}`)])
  } catch {
    // Why it cannot be read has been said, or the banner says it.
  }
}

/** One tap. The occurrence that was seen goes along: a newer one stays unacknowledged. */
export function acknowledge(alarm: Alarm, note?: string): Promise<boolean> {
  return act(alarm, 'ack', { occurrence: alarm.occurrence, ...(note === undefined || note.trim() === '' ? {} : { note: note.trim() }) })
}
