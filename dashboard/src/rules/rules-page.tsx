import '../style/rules.css'
import { useComputed } from '@preact/signals'
import { useState } from 'preact/hooks'
import { askAll } from '../data/api.ts'
import { useLoaded } from '../data/loaded.ts'
import { alarms } from '../data/state.ts'
import { AsOf } from '../parts/as-of.tsx'
import { Choice, Search } from '../parts/choice.tsx'
import { Empty } from '../parts/empty.tsx'
import { useKeys } from '../parts/keyboard.tsx'
import { isWide } from '../parts/media.ts'
import { isAtLeast } from '../parts/permission.ts'
import { PriorityMark } from '../parts/priority-mark.tsx'
import { Age } from '../parts/time.tsx'
import { whenRead } from '../parts/when-read.tsx'
import { navigate, route, setQuery } from '../router.ts'
import { RuleDetail } from './rule-detail.tsx'
import type { RuleItem, RuleRow } from './rule-item.ts'
import { arrangeRules, byWords, highestPriority, listensTo, ruleStates } from './rule-item.ts'
import { drafts, rulesRound } from './rules-data.ts'
import { RuleState } from './rule-state.tsx'

const mostRules = 20_000
const pageSize = 100

/** List and rule side by side; on a narrow screen one after the other. `/rules?new`: one that is to be. */
export function RulesPage({ id }: { id?: string | undefined }) {
  const isNew = id === undefined && route.value.query.has('new')
  const open = id !== undefined || isNew
  useKeys((key) => {
    if (key !== 'Escape' || !open) return false
    const { activeElement } = document
    if (activeElement instanceof HTMLElement && activeElement.matches('input, select, textarea')) activeElement.blur()
    else navigate(rulesHref())
    return true
  })
  const detail = open && <RuleDetail key={id ?? ''} id={id} backHref={rulesHref()} />
  if (open && !isWide.value) return detail
  return <div class={open ? 'rules-and-rule' : 'rules-alone'}><RulesList openId={id} />{detail}</div>
}

/** The filters go along to a rule and back. */
function rulesHref(id?: string): string {
  const query = new URLSearchParams([...route.value.query].filter(([name]) => name === 'q' || name === 'state')).toString()
  return `/rules${id === undefined ? '' : `/${encodeURIComponent(id)}`}${query === '' ? '' : `?${query}`}`
}

function RulesList({ openId }: { openId: string | undefined }) {
  const loaded = useLoaded('rules', () => askAll<RuleItem>('rules', mostRules), rulesRound.value)
  const [most, setMost] = useState(pageSize)
  const standing = useComputed(() => {
    const counted = new Map<string, number>()
    for (const { rule, state } of alarms.value.values()) if (state !== 'normal') counted.set(rule, (counted.get(rule) ?? 0) + 1)
    return counted
  }).value
  const { query } = route.value
  const all = loaded.state === 'ready' ? loaded.data : []
  const rows = arrangeRules(all, standing, { text: query.get('q') ?? '', state: query.get('state') ?? undefined })
  const counted = ruleStates.map((state) => [state, all.filter((rule) => rule.state === state).length] as const).filter(([, number]) => number > 0)
  return (
    <section class="rules" aria-label="List of rules">
      <header class="title-row">
        <h1>Rules</h1> <AsOf />
        {all.length > 0 && <p class="muted number" role="status">{rows.length === all.length ? '' : `${rows.length} of `}{counted.map(([state, number]) => `${number} ${state}`).join(' · ')}</p>}
        {isAtLeast('operator') && <span class="end"><a class="button" href="/rules?new">New rule</a></span>}
      </header>
      <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <Search label="Search rules" placeholder="Search id, kind, device, message" />
        <Choice name="state" label="State" all="any state" options={ruleStates.map((state) => [state])} />
      </form>
      {whenRead(loaded, 'The rules', () => all.length === 0 ? <Empty title="No rules yet"><p>Nothing raises an alarm but the gateway's own watch over devices and itself.</p></Empty>
          : rows.length === 0 ? <Empty title="No rule matches"><button type="button" onClick={() => setQuery({ q: undefined, state: undefined })}>Show all {all.length}</button></Empty>
            : (
              <ul class="rule-list" aria-label="Rules">
                {rows.slice(0, most).map((row) => <Row key={row.rule.id} {...row} current={row.rule.id === openId} />)}
              </ul>
            ))}
      {rows.length > most && <p class="more"><button type="button" onClick={() => setMost(most + pageSize)}>Show more</button> <span class="muted">{most} of {rows.length}</span></p>}
    </section>
  )
}

function Row({ rule, standing, current }: RuleRow & { current: boolean }) {
  const { id, state, fault, changedAt, changedBy, revision } = rule
  const priority = highestPriority(rule.priority)
  return (
    <li class="rule-row" data-rule={id}>
      <span class="rule-name"><a href={rulesHref(id)} {...(current ? { 'aria-current': 'true' as const } : {})}>{id}</a>{drafts.value.has(id) && <span class="chip">not saved</span>}</span>
      <span class="rule-state"><RuleState state={state} /></span>
      <span class="rule-what muted">{rule.when.kind} · {listensTo(rule.on)}</span>
      <span class="rule-priority"><PriorityMark priority={priority} form="outlined" /> {typeof rule.priority === 'string' ? priority : `up to ${priority}`}</span>
      <span class="rule-standing">{standing > 0 ? <b>{standing} {standing === 1 ? 'alarm' : 'alarms'}</b> : <span class="muted">no alarm</span>}</span>
      <span class="rule-changed muted">{changedAt === null ? '' : <Age since={Date.parse(changedAt)} suffix=" ago" />}{byWords(changedBy)}, revision {revision}</span>
      {fault !== null && <span class="rule-fault bad">{fault}</span>}
    </li>
  )
}
