import { computed } from '@preact/signals'
import { devices, standing } from '../data/state.ts'
import { AsOf } from '../parts/as-of.tsx'
import { Choice, Search } from '../parts/choice.tsx'
import { Empty } from '../parts/empty.tsx'
import { isWall, route, setQuery } from '../router.ts'
import { arrange, troublesOf } from './arrange.ts'
import { DeviceList } from './device-list.tsx'

const troubles = computed(() => troublesOf(standing.value))
const types = computed(() => [...new Set([...devices.value.values()].map(({ type }) => type ?? '-'))].sort())
const offline = computed(() => [...devices.value.values()].filter(({ status }) => status === 'offline').length)

/** Filters live in the address. */
const rows = computed(() => {
  const { query } = route.value
  return arrange(devices.value.values(), troubles.value, {
    text: query.get('q') ?? '',
    type: query.get('type') ?? undefined,
    presence: query.get('presence') ?? undefined,
    trouble: query.has('trouble'),
    sort: query.get('sort') === 'id' ? 'id' : 'trouble',
  })
})

/** The registry: who is there, who is in trouble, what was heard last. */
export function DevicesOverview() {
  const all = devices.value.size
  const shown = rows.value.length
  return (
    <>
      <header class="title-row">
        <h1>Devices</h1> <AsOf />
        <p class="muted number" role="status">{shown === all ? all : `${shown} of ${all}`} · {troubles.value.size} with alarms · {offline.value} offline</p>
      </header>
      {!isWall.value && all > 0 && <Filters />}
      {all === 0 ? <Empty title="No devices yet"><p>A device is there as soon as it publishes, for example a number to the MQTT topic <code>devices/bed-1/spo2</code>.</p></Empty>
        : shown === 0 ? <Empty title="No device matches"><button type="button" onClick={() => setQuery({ q: undefined, type: undefined, presence: undefined, trouble: undefined })}>Show all {all}</button></Empty>
          : <section class="panel device-panel"><DeviceList rows={rows.value} /></section>}
    </>
  )
}

function Filters() {
  const { query } = route.value
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <Search label="Search devices" placeholder="Search id, type, label" />
      <Choice name="type" label="Type" all="all types" options={types.value.map((type) => [type, type === '-' ? 'without type' : type])} />
      <Choice name="presence" label="Presence" all="any presence" options={[['online'], ['offline'], ['unknown']]} />
      <Choice name="sort" label="Order" all="trouble first" options={[['id', 'by id']]} />
      <label class="check"><input type="checkbox" checked={query.has('trouble')} onChange={(event) => setQuery({ trouble: event.currentTarget.checked ? 'yes' : undefined })} /> with alarms</label>
    </form>
  )
}
