import type { AlarmEventName, CoreState } from '../kernel/alarm.ts'
import type { StoreReader } from '../kernel/contracts.ts'
import { nudgeMs } from '../kernel/event.ts'
import { createEventFilter } from './event-filter.ts'
import type { ShownEvent } from './event-pages.ts'

/** What the data of an alarm's event say, as far as it is needed here. */
export interface AlarmStep {
  readonly event: AlarmEventName
  readonly from: CoreState
  readonly state: CoreState
  readonly active: boolean
  readonly occurrence: number
  readonly raisedAt: string | null
  readonly device: string | null
  readonly rule: string
  readonly ruleVersion?: string | null
  readonly by: string | null
  readonly note: string | null
}

/** What the journal says of one occurrence of an alarm; everything oldest first. */
export interface OccurrenceJournal {
  readonly transitions: readonly ShownEvent[]
  readonly deliveries: readonly ShownEvent[]
  readonly commands: readonly ShownEvent[]
  /** How it began is not told: the journal is too long to be looked through, or no longer goes back so far; or there was too much in it. */
  readonly truncated: boolean
}

const eventsAtOnce = 250
const maxLookedAt = 200_000
const maxOfEach = 5_000

export const stepOf = ({ data }: ShownEvent): AlarmStep => data as AlarmStep

/** Reads the journal from its end to where the occurrence began; `raisedAt`: when that was, if it is known (ms since 1970). */
export async function readOccurrence(store: Pick<StoreReader, 'readBack'>, of: { readonly alarm: string; readonly occurrence: number; readonly raisedAt: number | undefined }): Promise<OccurrenceJournal> {
  const filter = createEventFilter({ types: 'limen.alarm.*,limen.delivery.*,limen.command.*', alarm: of.alarm })
  const transitions: ShownEvent[] = []
  const effects: ShownEvent[] = []
  let raisedAt = of.raisedAt
  /** When the next occurrence began: what was sent from then on tells of that one. */
  let nextAt = Infinity
  let begun = false
  let crowded = false
  let lookedAt = 0

  function take(event: ShownEvent): void {
    if (!event.type.startsWith('limen.alarm.')) {
      if (effects.length < maxOfEach) effects.push(event)
      else crowded = true
      return
    }
    const step = stepOf(event)
    if (step.occurrence < of.occurrence) begun = true
    else if (step.occurrence > of.occurrence) nextAt = Math.min(nextAt, timeOf(step.raisedAt ?? event.time))
    else {
      raisedAt ??= timeOf(step.raisedAt ?? event.time)
      if (transitions.length < maxOfEach || begins(step)) transitions.push(event)
      else crowded = true
    }
  }

  for (let before: number = Infinity; before > 0 && !begun && lookedAt < maxLookedAt; ) {
    const page = await store.readBack({ before, limit: eventsAtOnce, ...(raisedAt === undefined ? {} : { committedSince: raisedAt - nudgeMs }) })
    for (const entry of page.entries) if (!begun && entry.kind === 'event' && filter.matches(entry.event)) take({ ...entry.event, limenposition: entry.position })
    lookedAt += Math.max(1, page.entries.length)
    before = page.next
    if (before === 0) begun = true
  }
  const own = effects.filter((event) => {
    const at = causedAt(event)
    return at >= (raisedAt ?? Infinity) && at < nextAt
  }).reverse()
  return {
    transitions: transitions.reverse(),
    deliveries: own.filter(({ type }) => type.startsWith('limen.delivery.')),
    commands: own.filter(({ type }) => type.startsWith('limen.command.')),
    truncated: crowded || !begun || (of.occurrence > 0 && !transitions.some((event) => begins(stepOf(event)))),
  }
}

/** Is it the step with which an occurrence begins? */
function begins({ event, from, state }: AlarmStep): boolean {
  return event === 'raised' || event === 'reraised' || (event === 'tracked' && state === 'unacked' && from !== 'unacked' && from !== 'acked')
}

/** When that happened which a delivery tells of, or a command was issued for. */
function causedAt({ time, data }: ShownEvent): number {
  const { eventTime, issuedAt } = data as { eventTime?: string; issuedAt?: string }
  return timeOf(eventTime ?? issuedAt ?? time)
}

function timeOf(iso: string): number {
  return Date.parse(iso)
}
