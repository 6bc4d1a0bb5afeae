import { useRef } from 'preact/hooks'
import { AlarmRow } from '../alarms/alarm-row.tsx'
import { alarmHref } from '../alarms/filter-bar.tsx'
import { useAlarmKeys } from '../alarms/use-alarm-keys.ts'
import { standing } from '../data/state.ts'
import { CountTiles } from '../overview/count-tiles.tsx'
import { HealthPanel } from '../overview/health.tsx'
import { RecentPanel } from '../overview/recent.tsx'
import { Sentence } from '../overview/sentence.tsx'
import { TroublePanel } from '../overview/trouble.tsx'
import { WallView } from '../overview/wall.tsx'
import { isWall, navigate } from '../router.ts'

const most = 12

/** Is anything wrong? What must I do about it? What happened? */
export function Overview() {
  if (isWall.value) return <WallView />
  return (
    <>
      <Sentence />
      <CountTiles />
      <div class="overview-grid">
        <ActivePanel />
        <div class="overview-side">
          <TroublePanel />
          <HealthPanel />
        </div>
        <RecentPanel />
      </div>
    </>
  )
}

function ActivePanel() {
  const list = useRef<HTMLUListElement>(null)
  const shown = standing.value.slice(0, most)
  useAlarmKeys({ list, ids: shown.map(({ id }) => id), onOpen: (id) => navigate(alarmHref(id)) })
  const more = standing.value.length - shown.length
  return (
    <section class="active-panel" aria-labelledby="active-title">
      <div class="panel-head"><h2 id="active-title">Alarms</h2>{shown.length > 0 && <a href="/alarms">{more > 0 ? `All ${standing.value.length}` : 'Open the list'}</a>}</div>
      <ul ref={list} class="alarm-list" aria-label="Most urgent alarms">
        {shown.map((alarm) => <AlarmRow key={alarm.id} alarm={alarm} href={alarmHref(alarm.id)} />)}
      </ul>
      {shown.length === 0 && <p class="panel muted">No alarm stands.</p>}
      {more > 0 && <p><a href="/alarms">and {more} more</a></p>}
    </section>
  )
}
