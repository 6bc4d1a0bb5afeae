import { useRef } from 'preact/hooks'
import type { Rule } from '../../../gateway/kernel/rule.ts'
import type { Alarm } from '../data/alarm-list.ts'
import { SignalChart } from '../charts/signal-chart.tsx'
import { ask } from '../data/api.ts'
import { gatewayTime } from '../data/clock.ts'
import { useLoaded } from '../data/loaded.ts'
import type { JournalEntry } from '../data/state.ts'
import type { Span } from './chart-span.ts'
import { marksOf, spanOf } from './chart-span.ts'
import { chartLimits } from './limits.ts'

/** The signal around the event, with the limits of the rule and the steps of the alarm. */
export function AlarmChart({ alarm, device, metric, history }: { alarm: Alarm; device: string; metric: string; history: readonly JournalEntry[] }) {
  const rule = useLoaded(`rule ${alarm.rule}`, (signal) => ask<Rule>(`rules/${encodeURIComponent(alarm.rule)}`, { signal }))
  const span = useSpan(alarm)
  return (
    <figure class="alarm-chart">
      <figcaption>{metric}{span.cut ? ', the last 6 h' : ''}</figcaption>
      <SignalChart device={device} metric={metric} from={span.from} to={span.to} live={span.live} height={220} limits={chartLimits(alarm, rule.state === 'ready' ? rule.data : undefined)} marks={marksOf(history.map(({ event }) => event))} />
    </figure>
  )
}

/** Kept while nothing about it changes: a chart that moves moves by itself. */
function useSpan(alarm: Alarm): Span {
  const kept = useRef<{ key: string; span: Span } | undefined>(undefined)
  const key = `${alarm.id} ${alarm.raisedAt} ${alarm.active || alarm.changedAt}`
  if (kept.current?.key !== key) kept.current = { key, span: spanOf(alarm, gatewayTime()) }
  return kept.current.span
}
