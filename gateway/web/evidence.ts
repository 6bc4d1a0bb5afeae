import type { Alarm } from '../kernel/alarm.ts'
import { isActive } from '../kernel/alarm.ts'
import type { WaitingDelivery } from '../kernel/contracts.ts'
import { LimenError } from '../kernel/errors.ts'
import type { RuleDesk } from '../kernel/rule-desk.ts'
import type { WebContext } from './context.ts'
import type { ShownEvent } from './event-pages.ts'
import type { AlarmStep } from './evidence-journal.ts'
import { readOccurrence, stepOf } from './evidence-journal.ts'
import type { EvidenceSeries } from './evidence-readings.ts'
import { readEvidence } from './evidence-readings.ts'
import { notFound } from './problem.ts'

/** Everything there is about one occurrence of an alarm, as one document. Times are ISO 8601. */
export interface Evidence {
  /** As it stands; of an earlier occurrence, as it stood at its end. */
  readonly alarm: Alarm
  readonly occurrence: number
  readonly raisedAt: string | null
  /** When its condition ended; null: it has not. */
  readonly endedAt: string | null
  /** The rule as it was when it was raised; `text` is null where that version is not kept. `assumed`: the journal does not say which one it was. */
  readonly rule: { readonly id: string; readonly version: string | null; readonly revision: number | null; readonly text: string | null; readonly assumed?: true }
  readonly readings: readonly EvidenceSeries[]
  readonly transitions: readonly ShownEvent[]
  readonly deliveries: readonly ShownEvent[]
  /** What is still to be delivered. */
  readonly waiting: readonly WaitingDelivery[]
  readonly commands: readonly ShownEvent[]
  readonly acknowledgements: readonly { readonly at: string; readonly by: string | null; readonly note: string | null; readonly occurrence: number }[]
  readonly comments: readonly { readonly at: string; readonly by: string | null; readonly note: string | null }[]
  readonly truncated: { readonly journal: boolean; readonly readings: boolean }
}

export interface EvidenceQuery {
  readonly id: string
  /** Default: the latest. */
  readonly occurrence: number | undefined
  readonly beforeMs: number
  readonly afterMs: number
}

const maxAtOnce = 2

/** Throws HttpProblem NOT_FOUND, LimenError OVERLOADED where as many are being put together as may be. */
export function createEvidence(deps: Pick<WebContext, 'store' | 'alarms' | 'delivery' | 'clock'> & { readonly rules: Pick<RuleDesk, 'get' | 'ofVersion'> }): (query: EvidenceQuery) => Promise<Evidence> {
  const { store, clock } = deps
  let running = 0

  async function ruleOf(id: string, raised: ShownEvent | undefined): Promise<Evidence['rule']> {
    const version = raised === undefined ? undefined : stepOf(raised).ruleVersion
    const now = deps.rules.get(id)
    if (version === undefined) return { id, version: now?.version ?? null, revision: null, text: now?.text ?? null, assumed: true }
    const kept = version === null ? undefined : await deps.rules.ofVersion(id, version, raised?.time)
    return { id, version, revision: kept?.revision ?? null, text: kept?.text ?? (now !== undefined && now.version === version ? now.text : null) }
  }

  async function gather({ id, occurrence: asked, beforeMs, afterMs }: EvidenceQuery): Promise<Evidence> {
    const now = deps.alarms.get(id)
    if (now === undefined) throw notFound(`there is no alarm ${id}`)
    const occurrence = asked ?? now.occurrence
    if (occurrence > now.occurrence) throw notFound(`alarm ${id} has no occurrence ${occurrence}; the latest is ${now.occurrence}`)
    const latest = occurrence === now.occurrence
    const journal = await readOccurrence(store, { alarm: id, occurrence, raisedAt: latest && now.raisedAt !== null ? Date.parse(now.raisedAt) : undefined })
    const { transitions } = journal
    const [first, last] = [transitions[0], transitions.at(-1)]
    if (!latest && (first === undefined || last === undefined)) throw notFound(`the journal holds nothing of occurrence ${occurrence} of alarm ${id} any more`)
    const alarm = latest ? now : alarmIn(now, last!)
    const { raisedAt } = alarm
    const ended = alarm.active ? undefined : transitions.findLast((event) => endsCondition(stepOf(event)))
    const wallMs = clock.wall()
    const endMs = raisedAt === null || alarm.active ? wallMs : Date.parse(ended?.time ?? alarm.changedAt)
    const { readings, truncated } = raisedAt === null || alarm.device === null
      ? { readings: [], truncated: false }
      : await readEvidence(store, { device: alarm.device, metric: alarm.metric, from: Date.parse(raisedAt) - beforeMs, to: Math.min(wallMs + 1, endMs + afterMs) })
    const said = (event: ShownEvent) => ({ at: event.time, by: stepOf(event).by, note: stepOf(event).note })
    return {
      alarm,
      occurrence,
      raisedAt,
      endedAt: ended?.time ?? null,
      rule: await ruleOf(alarm.rule, first),
      readings,
      transitions,
      deliveries: journal.deliveries,
      waiting: latest ? deps.delivery.waiting(id).filter(({ createdAt }) => raisedAt === null || createdAt >= raisedAt) : [],
      commands: journal.commands,
      acknowledgements: transitions.filter((event) => acknowledges(stepOf(event))).map((event) => ({ ...said(event), occurrence })),
      comments: transitions.filter((event) => stepOf(event).event === 'commented').map(said),
      truncated: { journal: journal.truncated, readings: truncated },
    }
  }

  return async (query) => {
    if (running >= maxAtOnce) throw new LimenError('OVERLOADED', 'other evidence is being put together', { remedy: 'try again in a moment' })
    running++
    try {
      return await gather(query)
    } finally {
      running--
    }
  }
}

function alarmIn(now: Alarm, { data }: ShownEvent): Alarm {
  const then = data as Readonly<Record<string, unknown>>
  return Object.fromEntries(Object.keys(now).map((name) => [name, then[name]])) as unknown as Alarm
}

function endsCondition({ from, state }: AlarmStep): boolean {
  return isActive(from) && !isActive(state)
}

/** Under an overlay an acknowledgement is only tracked. */
function acknowledges({ event, from, state, by }: AlarmStep): boolean {
  return event === 'acked' || (event === 'tracked' && by !== null && from.endsWith('unacked') && !state.endsWith('unacked'))
}

