import { ApiProblem, ask } from '../data/api.ts'
import { useLoaded } from '../data/loaded.ts'
import { standing } from '../data/state.ts'
import { AsOf } from '../parts/as-of.tsx'
import { ErrorState } from '../parts/empty.tsx'
import { isWide } from '../parts/media.ts'
import { isAtLeast } from '../parts/permission.ts'
import { Age } from '../parts/time.tsx'
import { whenRead } from '../parts/when-read.tsx'
import { RuleEditor } from './rule-editor.tsx'
import type { RuleItem } from './rule-item.ts'
import { byWords, stateMeaning } from './rule-item.ts'
import { RuleState } from './rule-state.tsx'
import { pathOf, rulesRound } from './rules-data.ts'
import { Versions } from './versions.tsx'

/** Null: it does not run (any more). */
async function readRule(id: string, signal: AbortSignal): Promise<RuleItem | null> {
  try {
    return await ask<RuleItem>(pathOf(id), { signal })
  } catch (thrown) {
    if (thrown instanceof ApiProblem && thrown.status === 404) return null
    throw thrown
  }
}

/** One rule: what it says, what it would have done, how it came about. Without an id: one that is to be. */
export function RuleDetail({ id, backHref }: { id: string | undefined; backHref: string }) {
  const Heading = isWide.value ? 'h2' : 'h1'
  return (
    <article class="rule-detail">
      <header class="title-row">
        <a class="back" href={backHref}>{isWide.value ? 'Close' : '‹ Rules'}</a>
        <Heading>{id ?? 'New rule'}</Heading>
        <AsOf />
      </header>
      {id === undefined ? (isAtLeast('operator') ? <RuleEditor rule={undefined} /> : <ErrorState title="Rules are written by administrators" />) : <Known id={id} />}
    </article>
  )
}

function Known({ id }: { id: string }) {
  const loaded = useLoaded(`rule ${id}`, (signal) => readRule(id, signal), rulesRound.value)
  return <>{whenRead(loaded, 'The rule', (rule) => <Shown id={id} rule={rule} />)}</>
}

function Shown({ id, rule }: { id: string; rule: RuleItem | null }) {
  if (rule === null) {
    return (
      <>
        <p class="panel">There is no rule {id} now. If there was one, its revisions are below.</p>
        <Versions id={id} rule={null} />
      </>
    )
  }
  const own = standing.value.filter((alarm) => alarm.rule === id)
  return (
    <>
      <p class="rule-facts"><RuleState state={rule.state} /><span class="muted">: {stateMeaning[rule.state]}. Revision {rule.revision}{byWords(rule.changedBy)}{rule.changedAt !== null && <>, <Age since={Date.parse(rule.changedAt)} suffix=" ago" /></>}</span></p>
      {rule.fault !== null && <div class="panel"><p class="bad" role="status"><span aria-hidden="true">◆ </span>{rule.fault}</p></div>}
      <p class="rule-links">{own.length > 0 ? <a href={`/alarms?q=${encodeURIComponent(id)}`}><b>{own.length}</b> {own.length === 1 ? 'alarm stands' : 'alarms stand'}</a> : <span class="muted">No alarm stands</span>} · <a href={`/history?rule=${encodeURIComponent(id)}`}>its alarms so far</a></p>
      <RuleEditor rule={rule} />
      <Versions id={id} rule={rule} />
    </>
  )
}
