import { useComputed } from '@preact/signals'
import type { Rule } from '../../../gateway/kernel/rule.ts'
import { limitsFor } from '../charts/limits.ts'
import { SignalChart } from '../charts/signal-chart.tsx'
import { askAll } from '../data/api.ts'
import { now } from '../data/clock.ts'
import { useLoaded } from '../data/loaded.ts'
import type { DeviceSummary } from '../data/state.ts'
import { metricsOf } from '../data/values.ts'
import { route, setQuery } from '../router.ts'

const min = 60_000
const windows = [['5min', 5 * min, '5 min'], ['1h', 60 * min, '1 h'], ['6h', 360 * min, '6 h'], ['24h', 1_440 * min, '24 h'], ['7d', 10_080 * min, '7 d']] as const
const mostCharts = 24
const mostRules = 20_000

/** A chart for each metric, with the limits of the rules that concern it. */
export function DeviceCharts({ device }: { device: DeviceSummary }) {
  const metrics = metricsOf(device.id).value
  const rules = useLoaded('rules', () => askAll<Rule>('rules', mostRules))
  const chosen = useComputed(() => route.value.query.get('window')).value
  const [name, spanMs] = windows.find(([key]) => key === chosen) ?? windows[0]
  if (metrics.length === 0) return null
  const to = Math.round(now.peek())
  return (
    <section class="charts" aria-label="Charts">
      <header class="title-row">
        <h2>Charts</h2>
        <div class="segments" role="group" aria-label="Window">
          {windows.map(([key, , text]) => <button key={key} type="button" class="toggle" aria-pressed={key === name} onClick={() => setQuery({ window: key === '5min' ? undefined : key })}>{text}</button>)}
        </div>
        {rules.state === 'failed' && <span class="muted">Limits could not be read: {rules.reason}</span>}
      </header>
      <div class="chart-grid">
        {metrics.slice(0, mostCharts).map((metric) => (
          <section key={metric} class="panel">
            <h3>{metric}</h3>
            <SignalChart device={device.id} metric={metric} from={to - spanMs} to={to} limits={limitsFor(rules.state === 'ready' ? rules.data : [], { device: device.id, metric, type: device.type, labels: device.labels })} live />
          </section>
        ))}
      </div>
      {metrics.length > mostCharts && <p class="muted">{metrics.length - mostCharts} more metrics are in the table above only.</p>}
    </section>
  )
}
