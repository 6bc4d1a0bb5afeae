import { now } from '../data/clock.ts'
import type { Last } from '../data/values.ts'
import { lastOf } from '../data/values.ts'
import { absolute, duration, valueText } from '../parts/format.ts'

/** Older than this a value is dimmed. Rules have their own measure, by the interval of the series; this is for the eye. */
const staleMs = 60_000

/** One last value. It follows its own signal: nothing else is drawn anew with it. */
export function ValueCell({ device, metric }: { device: string; metric: string }) {
  const last = lastOf(device, metric)?.value
  if (last === undefined) return null
  return (
    <span class="cell" data-metric={metric} title={`${metric}, ${absolute(last.ts)}`}>
      <span class="cell-name">{metric}</span>
      <Value last={last} /> <ValueAge last={last} />
    </span>
  )
}

export function Value({ last }: { last: Last }) {
  const bad = last.quality !== 'good'
  return <span class="value number">{valueText(last.value, last.unit)}{bad && <span class="bad"> <span aria-hidden="true">◆</span> bad</span>}</span>
}

/** Ticks by itself. Its class dims the value before it. */
export function ValueAge({ last }: { last: Last }) {
  const ageMs = now.value - last.ts
  return <time class={`age number${ageMs > staleMs ? ' stale' : ''}`}>{duration(ageMs)}</time>
}
