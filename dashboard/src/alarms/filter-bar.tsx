import type { ComponentChildren, RefObject } from 'preact'
import { useMemo } from 'preact/hooks'
import type { Alarm, Priority } from '../data/alarm-list.ts'
import { countByPriority, isUnacked } from '../data/alarm-list.ts'
import { setAside, standing } from '../data/state.ts'
import { PriorityMark } from '../parts/priority-mark.tsx'
import { route, setQuery } from '../router.ts'
import type { ListView } from './filter.ts'

const priorities: readonly Priority[] = ['high', 'medium', 'low']

/** Views and filters; all of them live in the address. */
export function FilterBar({ view, search }: { view: ListView; search: RefObject<HTMLInputElement | null> }) {
  const all = view.view === 'aside' ? setAside.value : standing.value
  const counts = countByPriority(all)
  return (
    <div class="filters">
      <div class="segments" role="group" aria-label="Which alarms">
        <Toggle on={view.view === 'standing'} onClick={() => setQuery({ view: undefined })}>Standing <b>{standing.value.length}</b></Toggle>
        <Toggle on={view.view === 'aside'} onClick={() => setQuery({ view: 'aside' })}>Set aside <b>{setAside.value.length}</b></Toggle>
      </div>
      <div class="segments" role="group" aria-label="Priority">
        {priorities.map((priority) => (
          <Toggle key={priority} on={view.priority === priority} onClick={() => setQuery({ priority: view.priority === priority ? undefined : priority })}>
            <PriorityMark priority={priority} /> {priority} <b>{counts[priority]}</b>
          </Toggle>
        ))}
      </div>
      <Toggle on={view.unacked === true} onClick={() => setQuery({ unacked: view.unacked === true ? undefined : '1' })}>Not acknowledged <b>{all.filter(isUnacked).length}</b></Toggle>
      <Toggle on={view.group} onClick={() => setQuery({ group: view.group ? undefined : 'device' })}>By device</Toggle>
      <DeviceChoice all={all} chosen={view.device} />
      <input ref={search} class="search" type="search" placeholder="Search  /" aria-label="Search alarms" value={view.text ?? ''} onInput={(event) => setQuery({ q: event.currentTarget.value })} />
    </div>
  )
}

function Toggle({ on, onClick, children }: { on: boolean; onClick: () => void; children: ComponentChildren }) {
  return <button type="button" class="toggle" aria-pressed={on} onClick={onClick}>{children}</button>
}

function DeviceChoice({ all, chosen }: { all: readonly Alarm[]; chosen: string | undefined }) {
  const names = new Set(all.flatMap(({ device }) => (device === null ? [] : [device])))
  if (chosen !== undefined) names.add(chosen)
  const sorted = [...names].sort()
  // In a flood the list of all devices is long, and seldom another.
  const options = useMemo(() => sorted.map((name) => <option key={name} value={name}>{name}</option>), [sorted.join('\n')])
  if (names.size < 2 && chosen === undefined) return null
  return (
    <select aria-label="Device" value={chosen ?? ''} onChange={(event) => setQuery({ device: event.currentTarget.value })}>
      <option value="">All devices</option>
      {options}
    </select>
  )
}

/** The filters go along to the detail and back. */
export function alarmHref(id: string): string {
  const query = route.value.path.startsWith('/alarms') ? route.value.query.toString() : ''
  return `/alarms/${encodeURIComponent(id)}${query === '' ? '' : `?${query}`}`
}

export function listHref(): string {
  const query = route.value.query.toString()
  return `/alarms${query === '' ? '' : `?${query}`}`
}
