import { type Priority, priorities } from '../kernel/priority.ts'
import type { Value } from '../kernel/reading.ts'
import type { CommandSpec } from '../kernel/rule.ts'

/** How a value is to be brought to the device. */
export type Manner = Pick<CommandSpec, 'ttlMs' | 'confirm' | 'doneWithinMs'>

/** What somebody wants of one output. Kept until it is given back. */
export interface Claim {
  /** `manual`: an operator, until `until` · `alarm` · `held`: nobody wants it any more, but it stays until somebody else speaks. */
  readonly kind: 'manual' | 'alarm' | 'held'
  /** The alarm id, or `manual:<who>`. */
  readonly cause: string
  readonly priority: Priority
  readonly value: Value
  /** Rises with every claim; among equals the newest wins. */
  readonly order: number
  /** Wall time (ms) at which a manual one ends; null for the others. */
  readonly until: number | null
  /** What happens when the alarm clears. */
  readonly release: CommandSpec['release']
  readonly safeValue: Value | undefined
  readonly manner: Manner
  /** The alarm has cleared, and its `awaitReset` waits for an operator. */
  readonly awaiting: boolean
}

/**
 * Who wins: manual override, alarm by priority, what is held (delivery.md, "Who wins"; interlocks and automations come later).
 * Undefined when nobody wants anything.
 */
export function winnerOf(claims: Iterable<Claim>): Claim | undefined {
  let best: Claim | undefined
  for (const claim of claims) if (best === undefined || beats(claim, best)) best = claim
  return best
}

/** Manual and alarm claims are wants of now; a held value is only what was left behind. */
export function isActive(claim: Claim | undefined): claim is Claim {
  return claim !== undefined && claim.kind !== 'held'
}

function beats(a: Claim, b: Claim): boolean {
  const [x, y] = [rank(a), rank(b)]
  return x === y ? a.order > b.order : x < y
}

function rank({ kind, priority }: Claim): number {
  switch (kind) {
    case 'manual':
      return 0
    case 'alarm':
      return 1 + priorities.indexOf(priority)
    case 'held':
      return 1 + priorities.length
    default:
      return kind satisfies never
  }
}

export type Release =
  /** The claim is gone; who is next wins. */
  | { readonly kind: 'gone' }
  /** The claim is gone; this value is sent unless somebody else wants something. */
  | { readonly kind: 'safe'; readonly value: Value }
  /** The claim stays in this form. */
  | { readonly kind: 'stays'; readonly claim: Claim }

/** What becomes of an alarm's claim when the alarm clears. `resetDone`: a latched alarm was reset, so the operator has acted. */
export function releaseOf(claim: Claim, resetDone: boolean): Release {
  switch (claim.release) {
    case 'release':
      return { kind: 'gone' }
    case 'safe':
      return claim.safeValue === undefined ? { kind: 'gone' } : { kind: 'safe', value: claim.safeValue }
    case 'hold':
      return { kind: 'stays', claim: { ...claim, kind: 'held', until: null } }
    case 'awaitReset':
      if (!resetDone) return { kind: 'stays', claim: { ...claim, awaiting: true } }
      return claim.safeValue === undefined ? { kind: 'gone' } : { kind: 'safe', value: claim.safeValue }
    default:
      return claim.release satisfies never
  }
}
