import type { Overlay } from '../kernel/alarm.ts'
import { isActive } from '../kernel/alarm.ts'
import type { AlarmFact } from './kpi-facts.ts'

export interface Standing { readonly id: string; readonly rule: string; readonly key: string; readonly raisedAt: number }

/** Which alarms stand before the operator (active, under no overlay), now and at moments past. */
export interface StandingAlarms {
  /** In the order of the journal. */
  feed(fact: AlarmFact): void
  /** An alarm that stands and of which the journal that was fed says nothing: it has stood all the time. */
  seed(alarm: Standing): void
  /** Nobody will ask for moments up to this one any more. */
  forget(before: number): void
  /** Those that stood at the end of a period [, to) and were raised more than 24 h before it, the oldest first. */
  staleAt(to: number): readonly Standing[]
}

const staleAfterMs = 86_400_000

interface Spell extends Standing { readonly from: number }

export function createStandingAlarms(): StandingAlarms {
  /** Null: it does not stand. */
  const now = new Map<string, Spell | null>()
  /** Spells that are over and were long enough for the alarm to be stale in them: one a day and alarm at most. */
  let over: (Spell & { readonly until: number })[] = []

  return {
    feed(fact) {
      const { id, rule, key, time, raisedAt } = fact
      const known = now.get(id)
      const before = known === undefined ? stoodBefore(fact) : known
      const stands = raisedAt !== null && isActive(fact.state) && fact.overlays.length === 0
      if (stands && before?.raisedAt === raisedAt) {
        now.set(id, before)
        return
      }
      if (before !== null && time - before.raisedAt > staleAfterMs && time > before.from) over.push({ ...before, until: time })
      now.set(id, stands ? { id, rule, key, raisedAt, from: time } : null)
    },
    seed({ id, rule, key, raisedAt }) {
      if (!now.has(id)) now.set(id, { id, rule, key, raisedAt, from: -Infinity })
    },
    forget(before) {
      over = over.filter(({ until }) => until > before)
      // What does not stand is found out again from the next step's own words.
      for (const [id, spell] of now) if (spell === null) now.delete(id)
    },
    staleAt(to) {
      const stood = [...[...now.values()].flatMap((spell) => (spell !== null && spell.from < to ? [spell] : [])), ...over.filter(({ from, until }) => from < to && to <= until)]
      return stood.filter(({ raisedAt }) => to - raisedAt > staleAfterMs)
        .sort((a, b) => a.raisedAt - b.raisedAt || (a.id < b.id ? -1 : 1))
        .map(({ id, rule, key, raisedAt }) => ({ id, rule, key, raisedAt }))
    },
  }
}

/** What the first step that is known of an alarm says of the time before it. */
function stoodBefore(fact: AlarmFact): Spell | null {
  const { id, rule, key, raisedAt } = fact
  return raisedAt !== null && isActive(fact.from) && overlaysBefore(fact).length === 0 ? { id, rule, key, raisedAt, from: -Infinity } : null
}

function overlaysBefore({ event, overlays }: AlarmFact): readonly Overlay[] {
  switch (event) {
    case 'shelved':
    case 'suppressed':
    case 'out-of-service':
      return overlays.filter((one) => one !== event)
    case 'unshelved':
      return ['shelved']
    case 'unsuppressed':
      return ['suppressed']
    case 'returned-to-service':
      return ['out-of-service']
    default:
      return overlays
  }
}
