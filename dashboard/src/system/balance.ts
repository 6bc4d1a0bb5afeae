import type { DeadLetter, LedgerLine } from '../../../gateway/kernel/contracts.ts'

/** received − (delivered + queued + dead-lettered + dropped): 0 where the books balance. */
export function differenceOf({ received, delivered, queued, deadLettered, dropped }: LedgerLine): number {
  return received - delivered - queued - deadLettered - Object.values(dropped).reduce((sum, one) => sum + one, 0)
}

export interface DeadGroup { readonly target: string; readonly cause: string; readonly letters: readonly DeadLetter[] }

/** The same cause at the same target is one trouble; the largest first. */
export function groupDead(letters: readonly DeadLetter[]): readonly DeadGroup[] {
  const groups = new Map<string, DeadLetter[]>()
  for (const letter of letters) {
    const key = `${letter.target}\n${letter.cause}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [letter])
    else group.push(letter)
  }
  return [...groups.values()].map((group) => ({ target: group[0]!.target, cause: group[0]!.cause, letters: group })).sort((a, b) => b.letters.length - a.letters.length)
}
