import type { Alarm, Priority } from '../data/alarm-list.ts'
import { isUnacked } from '../data/alarm-list.ts'

export type MarkForm = 'filled' | 'outlined' | 'hatched'

/** Filled: nobody has acknowledged it; outlined: acknowledged; hatched: gone back by itself, not acknowledged. */
export function formOf(alarm: Alarm): MarkForm {
  if (alarm.state === 'rtn-unacked') return 'hatched'
  return isUnacked(alarm) ? 'filled' : 'outlined'
}

const paths: Readonly<Record<Priority | 'technical', string>> = {
  high: 'M3 3h14v14H3z',
  medium: 'M10 2.5 18.5 17h-17z',
  low: 'M10 2.5a7.5 7.5 0 1 0 0 15a7.5 7.5 0 1 0 0-15z',
  technical: 'M10 1.5 18.5 10 10 18.5 1.5 10z',
}

/** Shape and colour of a priority; the word stands beside it, or in `label`. */
export function PriorityMark({ priority, form = 'filled', label }: { priority: Priority | 'technical'; form?: MarkForm; label?: string }) {
  return (
    <svg class={`mark mark-${priority} mark-${form}`} viewBox="0 0 20 20" {...(label === undefined ? { 'aria-hidden': true } : { role: 'img', 'aria-label': label })}>
      <path class="mark-shape" d={paths[priority]} />
      {form === 'hatched' && <path class="mark-hatch" d="M6 16 16 6M4 12l8-8M10 17l7-7" />}
    </svg>
  )
}
