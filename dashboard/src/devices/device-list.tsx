import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { metricsOf } from '../data/values.ts'
import { watch } from '../data/watching.ts'
import { useKeys } from '../parts/keyboard.tsx'
import { isSeen } from '../parts/media.ts'
import { PriorityMark } from '../parts/priority-mark.tsx'
import { navigate } from '../router.ts'
import { visibleRange } from './arrange.ts'
import type { DeviceRow } from './arrange.ts'
import { Labels, Presence } from './presence.tsx'
import { ValueCell } from './value-cell.tsx'

const narrow = matchMedia('(max-width: 700px)')
const watchAfterMs = 120
/** What does not fit into its row is cut off: no more are drawn than a wide screen has room for. */
const mostCells = 10

function rowHeightNow(): number {
  return Math.round((narrow.matches ? 5.25 : 3.25) * parseFloat(getComputedStyle(document.documentElement).fontSize))
}

/** Only the rows in view are there, and only their devices' values are asked for. */
export function DeviceList({ rows }: { rows: readonly DeviceRow[] }) {
  const list = useRef<HTMLUListElement>(null)
  const range = useSignal<readonly [number, number]>([0, 0])
  const rowHeight = useSignal(rowHeightNow())
  const chosen = useSignal<string | undefined>(undefined)

  useEffect(() => {
    let waiting = 0
    const look = (): void => {
      waiting = 0
      if (list.current === null) return
      rowHeight.value = rowHeightNow()
      const next = visibleRange({ top: list.current.getBoundingClientRect().top, viewHeight: innerHeight, rowHeight: rowHeight.value, count: rows.length })
      if (next[0] !== range.value[0] || next[1] !== range.value[1]) range.value = next
    }
    const lookSoon = (): void => void (waiting ||= requestAnimationFrame(look))
    look()
    addEventListener('scroll', lookSoon, { passive: true })
    addEventListener('resize', lookSoon)
    return () => {
      cancelAnimationFrame(waiting)
      removeEventListener('scroll', lookSoon)
      removeEventListener('resize', lookSoon)
    }
  }, [rows.length])

  const [first, end] = range.value
  const shown = rows.slice(first, end)
  useWatched(shown.map(({ device }) => device.id))

  const choose = (index: number): void => {
    const at = Math.max(0, Math.min(rows.length - 1, index))
    chosen.value = rows[at]?.device.id
    const top = list.current!.getBoundingClientRect().top + at * rowHeight.value
    if (top < 80) scrollBy(0, top - 80)
    else if (top + rowHeight.value > innerHeight) scrollBy(0, top + rowHeight.value - innerHeight + 8)
  }
  useKeys((key) => {
    const at = rows.findIndex(({ device }) => device.id === chosen.value)
    if (key === 'ArrowDown') choose(at + 1)
    else if (key === 'ArrowUp') choose(at - 1)
    else if (key === 'Enter' && at >= 0) navigate(addressOf(rows[at]!.device.id))
    else return false
    return true
  })

  return (
    <ul class="device-list" ref={list} aria-label="Devices" style={{ height: `${rows.length * rowHeight.value}px` }}>
      {shown.map((row, index) => (
        <li
          key={row.device.id} class="device-row" data-device={row.device.id} data-presence={row.device.status} data-chosen={chosen.value === row.device.id ? '' : undefined}
          aria-setsize={rows.length} aria-posinset={first + index + 1} style={{ height: `${rowHeight.value}px`, transform: `translateY(${(first + index) * rowHeight.value}px)` }}
        >
          <Row {...row} />
        </li>
      ))}
    </ul>
  )
}

/** While one scrolls, the gateway is told now and then. */
function useWatched(ids: readonly string[]): void {
  const end = useRef<() => void>(() => {})
  // Nobody looks: the values of then are of no use, those of now come when somebody does.
  const wanted = isSeen.value ? ids : []
  useEffect(() => {
    const timer = setTimeout(() => {
      const endBefore = end.current
      end.current = watch(wanted)
      endBefore()
    }, watchAfterMs)
    return () => clearTimeout(timer)
  }, [wanted.join('\n')])
  useEffect(() => () => end.current(), [])
}

export function addressOf(id: string): string {
  return `/devices/${encodeURIComponent(id)}`
}

function Row({ device, trouble }: DeviceRow) {
  return (
    <>
      <span class="device-trouble number">{trouble !== undefined && <><PriorityMark priority={trouble.worst} label={`${trouble.worst} priority`} /> {trouble.count}<span class="visually-hidden"> alarms</span></>}</span>
      <span class="device-name"><a href={addressOf(device.id)}>{device.id}</a> <span class="muted">{device.type ?? ''}</span></span>
      <Presence status={device.status} />
      <span class="device-labels"><Labels labels={device.labels} /></span>
      <span class="device-values">{metricsOf(device.id).value.slice(0, mostCells).map((metric) => <ValueCell key={metric} device={device.id} metric={metric} />)}</span>
    </>
  )
}
