import type { TechnicalCondition } from './kernel/contracts.ts'

/** One of the gateway's own technical alarms, told when it begins, when it ends, and when something else is wrong. */
export interface OwnAlarm {
  /** `cause` names what is wrong, null: nothing. Told only where it is another one than was told last. */
  stands(cause: string | null, message: string): void
  /** What was told may have been undone with its batch: the next word is told whatever it is. */
  readonly again: () => void
}

export function createOwnAlarm(rule: TechnicalCondition['rule'], tell: (condition: TechnicalCondition) => void): OwnAlarm {
  /** Undefined: nothing yet; the gateway before this one may have left the alarm standing. */
  let told: string | null | undefined
  return {
    stands(cause, message) {
      if (cause === told) return
      // An alarm keeps the words of its beginning: with something else to say it begins anew.
      if (cause !== null && typeof told === 'string') tell({ rule, active: false, message: 'something else is wrong' })
      told = cause
      tell({ rule, active: cause !== null, message })
    },
    again() {
      told = undefined
    },
  }
}
