import { useRef, useState } from 'preact/hooks'
import { pulse, setAside, standing } from '../data/state.ts'
import { Empty } from '../parts/empty.tsx'
import { useKeys } from '../parts/keyboard.tsx'
import { Age } from '../parts/time.tsx'
import { isWide } from '../parts/media.ts'
import { navigate, route, setQuery } from '../router.ts'
import { useRows } from './alarm-row.tsx'
import { firstOf, groupsOf, isFiltered, viewOf } from './filter.ts'
import type { ListView } from './filter.ts'
import { alarmHref, FilterBar } from './filter-bar.tsx'
import { useSetAsideBy } from './set-aside.ts'
import { useAlarmKeys } from './use-alarm-keys.ts'

const pageSize = 100

/** The live list, most urgent first; a flood is cut, and says so. */
export function AlarmListView({ openId }: { openId: string | undefined }) {
  const view = viewOf(route.value.query)
  const [most, setMost] = useState(pageSize)
  const setAsideBy = useSetAsideBy()
  const row = useRows()
  const list = useRef<HTMLDivElement>(null)
  const search = useRef<HTMLInputElement>(null)
  const aside = view.view === 'aside'
  const groups = groupsOf(aside ? setAside.value : standing.value, view)
  const total = groups.reduce((sum, { alarms }) => sum + alarms.length, 0)
  const shown = firstOf(groups, most)
  const ids = shown.flatMap(({ alarms }) => alarms.map(({ id }) => id))
  useAlarmKeys({
    list, ids, openId,
    onOpen: (id) => navigate(alarmHref(id)),
    onMove: (id) => openId !== undefined && isWide.value && navigate(alarmHref(id), { replace: true }),
  })
  useKeys((key) => {
    if (key !== '/') return false
    search.current?.focus()
    return true
  })
  return (
    <div class="alarm-list-view">
      <FilterBar view={view} search={search} />
      <div ref={list} class="alarm-lists">
        {shown.map(({ name, alarms }) => (
          <section key={name ?? ''} {...(name === undefined ? {} : { 'aria-label': name })}>
            {name !== undefined && <h2 class="group-name">{name}</h2>}
            <ul class="alarm-list" aria-label={name === undefined ? (aside ? 'Alarms set aside' : 'Alarms') : `Alarms of ${name}`}>
              {alarms.map((alarm) => row({ alarm, href: alarmHref(alarm.id), current: alarm.id === openId, aside: aside ? (setAsideBy.get(alarm.id) ?? true) : undefined }))}
            </ul>
          </section>
        ))}
      </div>
      {total === 0 && <Nothing view={view} />}
      {total > ids.length && (
        <p class="more"><button type="button" onClick={() => setMost(most + pageSize)}>Show more</button> <span class="muted">{ids.length} of {total}, the most urgent first</span></p>
      )}
    </div>
  )
}

function Nothing({ view }: { view: ListView }) {
  if (isFiltered(view)) {
    const clear = (): void => setQuery({ priority: undefined, unacked: undefined, q: undefined, device: undefined })
    return <Empty title="No alarm matches the filters"><button type="button" onClick={clear}>Clear the filters</button></Empty>
  }
  if (view.view === 'aside') return <Empty title="Nothing is set aside"><p>Shelved, suppressed and out-of-service alarms would be here.</p></Empty>
  const newest = pulse.value?.newest ?? null
  return (
    <Empty title="No alarm stands">
      <p>{pulse.value === null ? '' : `${pulse.value.devices} ${pulse.value.devices === 1 ? 'device' : 'devices'}, `}{newest === null ? 'no reading yet' : <>newest reading <Age since={newest} suffix=" ago" /></>}</p>
    </Empty>
  )
}
