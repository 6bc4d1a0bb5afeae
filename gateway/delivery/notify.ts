import type { Transition } from '../kernel/alarm.ts'

/**
 * What a transition means to those who are notified:
 * - `raise`: the rule's `then` runs (raised, reraised, a level up).
 * - `resolve`: the alarm is back to normal; whoever was sent a raise is told.
 * - `withdraw`: it is back to normal while an overlay keeps it silent: raises that nobody has seen yet are not sent any more.
 * - `none`: delivery has nothing to do.
 */
export type Meaning = 'raise' | 'resolve' | 'withdraw' | 'none'

export function meaningOf({ event, alarm, rule, levelUp }: Transition): Meaning {
  if (rule.mode !== 'live') return 'none'
  switch (event) {
    case 'raised':
    case 'reraised':
      return alarm.overlays.length === 0 ? 'raise' : 'none'
    case 'level-changed':
      return levelUp && alarm.overlays.length === 0 ? 'raise' : 'none'
    case 'cleared':
    // The rule is gone, and with it the alarm: nothing else will ever say that it is over.
    case 'retired':
      return 'resolve'
    case 'tracked':
      return alarm.state === 'normal' ? 'withdraw' : 'none'
    // It went back to normal in silence; now that the overlay has ended, whoever still believes it raised is told.
    case 'unshelved':
    case 'unsuppressed':
    case 'returned-to-service':
      return alarm.state === 'normal' && alarm.overlays.length === 0 ? 'resolve' : 'none'
    case 'returned':
    case 'acked':
    case 'realarmed':
    case 'escalated':
    case 'latched':
    case 'reset':
    case 'shelved':
    case 'suppressed':
    case 'out-of-service':
    case 'commented':
    case 'quality-changed':
    case 'rejected':
      return 'none'
    default:
      return event satisfies never
  }
}

/** The targets of the rule's `notify` actions, each once, in the order written. */
export function notifyTargets({ rule }: Transition): readonly { readonly target: string; readonly resolved: boolean }[] {
  const targets = new Map<string, boolean>()
  for (const action of rule.then) {
    if ('notify' in action) targets.set(action.notify, (targets.get(action.notify) ?? false) || action.resolved)
  }
  return [...targets].map(([target, resolved]) => ({ target, resolved }))
}
