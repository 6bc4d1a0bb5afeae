import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { AlarmRow } from '../alarms/alarm-row.tsx'
import { standing } from '../data/state.ts'
import { CountTiles } from './count-tiles.tsx'
import { Sentence } from './sentence.tsx'

/** For a screen on a wall: counts, the most urgent alarms, and how many there is no room for. */
export function WallView() {
  const box = useRef<HTMLDivElement>(null)
  const all = standing.value
  const fits = useRoom(box, all.length)
  const shown = all.slice(0, fits)
  const more = all.length - shown.length
  return (
    <div class="wall-view">
      <Sentence />
      <CountTiles />
      <div ref={box} class="wall-box">
        <ul class={`alarm-list wall-list${shown.length > fits / 2 ? ' wall-two' : ''}`} aria-label="Most urgent alarms">
          {shown.map((alarm) => <AlarmRow key={alarm.id} alarm={alarm} href="" still />)}
        </ul>
        {all.length === 0 && <p class="wall-calm muted">No alarm stands</p>}
      </div>
      <p class="wall-more">{more > 0 && <strong>and {more} more</strong>}</p>
    </div>
  )
}

const rowRem = 4.6

/** How many rows there is room for in two columns, by the height that is left. */
function useRoom(box: { current: HTMLElement | null }, count: number): number {
  const [fits, setFits] = useState(12)
  useLayoutEffect(() => {
    const measure = (): void => {
      if (box.current === null) return
      const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
      setFits(2 * Math.max(1, Math.floor(box.current.clientHeight / (rowRem * rem))))
    }
    measure()
    const observer = new ResizeObserver(measure)
    if (box.current !== null) observer.observe(box.current)
    return () => observer.disconnect()
  }, [count > 0])
  return fits
}
