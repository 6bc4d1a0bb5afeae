import type { Alarm } from '../data/alarm-list.ts'
import { session } from '../data/state.ts'
import { busy, whyNot } from './act.ts'
import type { ScreenVerb } from './actions.ts'
import { actionsFor, verbWords } from './actions.ts'
import { askFor, start } from './dialogs.tsx'
import { titleOf } from './words.ts'

/** A button that keeps the focus while it may not be used: it says why instead. */
export function ActionButton({ verb, alarm, primary = false }: { verb: ScreenVerb; alarm: Alarm; primary?: boolean }) {
  const why = whyNot() ?? (busy.value.has(alarm.id) ? 'Under way' : undefined)
  return (
    <button type="button" class={primary ? 'primary' : ''} data-verb={verb} aria-label={`${verbWords[verb]} ${titleOf(alarm)}`} {...(why === undefined ? {} : { 'aria-disabled': true, title: why })} onClick={() => why === undefined && start(verb, alarm)}>
      {verbWords[verb]}
    </button>
  )
}

const inBar = 3

/** What is wanted most: on a phone at the lower edge, within the thumb's reach. */
export function ActionBar({ alarm }: { alarm: Alarm }) {
  const verbs = actionsFor(alarm, session.value?.role ?? 'viewer').slice(0, inBar)
  if (verbs.length === 0) return null
  return (
    <div class="action-bar" role="group" aria-label="Actions">
      {verbs.map((verb, index) => <ActionButton key={verb} verb={verb} alarm={alarm} primary={index === 0 && (verb === 'ack' || verb === 'reset')} />)}
    </div>
  )
}

/** The rest of what this person may do with it. */
export function MoreActions({ alarm }: { alarm: Alarm }) {
  const all = actionsFor(alarm, session.value?.role ?? 'viewer')
  const verbs = all.slice(inBar)
  const why = whyNot()
  if (verbs.length === 0 && !all.includes('ack')) return null
  return (
    <div class="more-actions" role="group" aria-label="More actions">
      {all.includes('ack') && (
        <button type="button" {...(why === undefined ? {} : { 'aria-disabled': true, title: why })} onClick={() => why === undefined && askFor('ack', alarm)}>Acknowledge with note …</button>
      )}
      {verbs.map((verb) => <ActionButton key={verb} verb={verb} alarm={alarm} />)}
      {why !== undefined && <p class="muted">{why}: nothing can be done until it is back.</p>}
    </div>
  )
}

/** In a list: one tap for what is wanted most. */
export function RowAction({ alarm, aside }: { alarm: Alarm; aside: boolean }) {
  const verbs = actionsFor(alarm, session.value?.role ?? 'viewer')
  const verb = (aside ? (['return-to-service', 'unsuppress', 'unshelve'] as const) : (['ack', 'reset'] as const)).find((one) => verbs.includes(one))
  return verb === undefined ? null : <ActionButton verb={verb} alarm={alarm} />
}
