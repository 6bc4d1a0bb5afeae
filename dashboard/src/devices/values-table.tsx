import { lastOf, metricsOf } from '../data/values.ts'
import { Panel } from '../parts/panel.tsx'
import { Age } from '../parts/time.tsx'
import { Value, ValueAge } from './value-cell.tsx'

/** When the device was heard last: of all it says. */
export function newestOf(device: string): number {
  return Math.max(0, ...metricsOf(device).value.map((metric) => lastOf(device, metric)?.value.ts ?? 0))
}

export function LastHeard({ device, since }: { device: string; since: number }) {
  // The registry tells of changes only; the values are newer.
  return <Age since={Math.max(since, newestOf(device))} suffix=" ago" />
}

export function ValuesTable({ id }: { id: string }) {
  const metrics = metricsOf(id).value
  return (
    <Panel title="Last values">
      {metrics.length === 0 ? <p class="muted">It has said nothing of late.</p> : (
        <table class="values">
          <thead><tr><th scope="col">Metric</th><th scope="col">Value</th><th scope="col">Age</th><th scope="col">Quality</th></tr></thead>
          <tbody>{metrics.map((metric) => <Row key={metric} device={id} metric={metric} />)}</tbody>
        </table>
      )}
    </Panel>
  )
}

function Row({ device, metric }: { device: string; metric: string }) {
  const last = lastOf(device, metric)?.value
  if (last === undefined) return null
  return (
    <tr data-metric={metric}>
      <th scope="row">{metric}</th>
      <td><Value last={last} /></td>
      <td><ValueAge last={last} /></td>
      <td class={last.quality === 'good' ? 'muted' : 'bad'}>{last.quality}</td>
    </tr>
  )
}
