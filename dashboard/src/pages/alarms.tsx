import { AlarmDetail } from '../alarms/alarm-detail.tsx'
import { AlarmListView } from '../alarms/alarm-list-view.tsx'
import { listHref } from '../alarms/filter-bar.tsx'
import { useKeys } from '../parts/keyboard.tsx'
import { isWide } from '../parts/media.ts'
import { AsOf } from '../parts/as-of.tsx'
import { navigate } from '../router.ts'

/** List and detail side by side; on a narrow screen one after the other. */
export function AlarmsPage({ id }: { id?: string | undefined }) {
  useKeys((key) => {
    if (key !== 'Escape') return false
    if (document.activeElement instanceof HTMLInputElement) document.activeElement.blur()
    else if (id !== undefined) navigate(listHref())
    return true
  })
  if (id !== undefined && !isWide.value) return <AlarmDetail key={id} id={id} />
  return (
    <>
      <div class="page-head"><h1>Alarms</h1><AsOf /></div>
      <div class={`list-and-detail${id === undefined ? '' : ' has-detail'}`}>
        <AlarmListView openId={id} />
        {id !== undefined && <AlarmDetail key={id} id={id} />}
      </div>
    </>
  )
}
