import type { TechnicalCondition } from '../kernel/contracts.ts'
import type { Channels } from './channels.ts'

/** Tells the wiring when `technical.delivery` (nobody can be told) and `technical.dead-letters` begin and end, once a change. */
export interface DeliveryCondition {
  /** Looks again; tells only what is news. */
  look(): void
  /** Tells how they stand, news or not: after a start, the alarms of before may still be up. */
  tell(): void
}

/** `cause` is empty where nothing is wrong. */
interface Standing { readonly rule: TechnicalCondition['rule']; readonly cause: string; readonly message: string }

export function createDeliveryCondition(deps: {
  readonly channels: Pick<Channels, 'unreachable'>
  readonly deadLetters: () => ReadonlyMap<string, number>
  readonly onCondition: (condition: TechnicalCondition) => void
}): DeliveryCondition {
  const told = new Map<string, string>()

  function reach(): Standing {
    const rule = 'technical.delivery'
    const [lost] = deps.channels.unreachable()
    if (lost === undefined) return { rule, cause: '', message: 'every high-priority alarm gets through, or is on its way' }
    const { alarmId, targets } = lost
    const [them, do_] = targets.length === 1 ? ['it', 'does'] : ['them', 'do']
    return { rule, cause: 'unreachable', message: `nobody can be told of the high-priority alarm ${alarmId}: ${targets.join(', ')} ${do_} not take it. Tell people yourself, then see why not and mend ${them}` }
  }

  function deadLetters(): Standing {
    const rule = 'technical.dead-letters'
    const waiting = [...deps.deadLetters()].sort(([a], [b]) => (a < b ? -1 : 1))
    if (waiting.length === 0) return { rule, cause: '', message: 'no dead letters wait' }
    const what = waiting.map(([target, count]) => `${count} for ${target}`).join(', ')
    return { rule, cause: waiting.map(([target]) => target).join('\n'), message: `dead letters wait: ${what}. See why they were refused, mend that, then send them again or discard them` }
  }

  function tell({ rule, cause, message }: Standing): void {
    told.set(rule, cause)
    deps.onCondition({ rule, active: cause !== '', message })
  }

  return {
    tell() {
      tell(reach())
      tell(deadLetters())
    },
    look() {
      for (const standing of [reach(), deadLetters()]) if (told.get(standing.rule) !== standing.cause) tell(standing)
    },
  }
}
