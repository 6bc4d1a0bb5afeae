import type { TechnicalCondition } from '../kernel/contracts.ts'
import type { Channels } from './channels.ts'

/** Tells the wiring when `technical.delivery` begins and ends, once a change. */
export interface DeliveryCondition {
  /** Looks again; tells only what is news. */
  look(): void
  /** Tells how it stands, news or not: after a start, the alarm of before may still be up. */
  tell(): void
}

export function createDeliveryCondition(deps: {
  readonly channels: Pick<Channels, 'unreachable'>
  readonly deadLetters: () => ReadonlyMap<string, number>
  readonly onCondition: (condition: TechnicalCondition) => void
}): DeliveryCondition {
  let told = ''

  function state(): { readonly kind: string; readonly message: string } {
    const [lost] = deps.channels.unreachable()
    if (lost !== undefined) {
      return { kind: 'unreachable', message: `nobody can be told of the high-priority alarm ${lost.alarmId}: ${lost.targets.join(', ')} ${lost.targets.length === 1 ? 'does' : 'do'} not take it` }
    }
    const targets = [...deps.deadLetters().keys()].sort()
    return targets.length === 0 ? { kind: '', message: 'everything is delivered or on its way' } : { kind: `dead ${targets.join('\n')}`, message: `dead letters wait for ${targets.join(', ')}` }
  }

  function tell(): void {
    const { kind, message } = state()
    told = kind
    deps.onCondition({ rule: 'technical.delivery', active: kind !== '', message })
  }

  return {
    tell,
    look() {
      if (state().kind !== told) tell()
    },
  }
}
